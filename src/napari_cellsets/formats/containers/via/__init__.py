"""VIA, the VGG Image Annotator: JSON of projects and of annotations alone.

Nobody outside calls `read` and `write`: they come in through `base.FORMS`.
"""
