"""COCO: polygons, run lengths, boxes, keypoints; panoptic files with their PNGs.

`read` and `write` are the usual JSON, `panoptic_read` and `panoptic_write` the
panoptic one; both share `categories`. Others come in through `base.FORMS`; only a
word for a set of its own may call `read.open_coco` or `panoptic_read.open_panoptic`.
"""
