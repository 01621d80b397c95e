"""COCO: polygons, run lengths, boxes, keypoints; panoptic files with their PNGs.

`read` and `write` are the usual JSON with its `rle`, `panoptic_read` and
`panoptic_write` the panoptic one; both share `categories`. Nobody outside calls these:
they come in through `base.FORMS`.
"""
