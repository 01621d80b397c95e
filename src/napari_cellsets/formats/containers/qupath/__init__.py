"""QuPath: GeoJSON of annotations, detections and cells.

Nobody outside calls `read` and `write`: they come in through `base.FORMS`.
"""
