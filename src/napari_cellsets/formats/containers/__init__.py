"""Annotation containers: COCO, VOC, YOLO and others, each read and written.

One module a format, one `Form` a module; `base.FORMS` names them all. A reader opens
a file once and decodes the objects of one picture on demand. What a format cannot
hold is refused with the reason, see `fit`.
"""
