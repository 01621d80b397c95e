"""Annotation containers: COCO, VOC, YOLO and others, each read and written.

A folder a family of formats, in it `form` (how a file is recognised, what the format
holds), `read` and `write`. `base.FORMS` names them all, and everybody outside comes in
through it; families know nothing of each other. A reader opens a file once and decodes
the objects of one picture on demand. What a format cannot hold is refused with the
reason, see `fit`.

What they share stands at the top: `base` (what every format offers), `reading`,
`gather` and `nesting` (from a file to annotations), `fit`, `convert`, `outlines` and
`traits` (one kind of annotation into another, or why not), `things`, `writing` and
`palette` (from annotations to a file), `ellipses`, `one_file`.
"""
