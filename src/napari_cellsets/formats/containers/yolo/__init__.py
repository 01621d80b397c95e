"""YOLO: a text a picture, class names in a file beside.

`read` and `write` are the texts, `names` and `splits` the files beside them
(`data.yaml` and the like), `bridges` how one ring holds holes and parts. Nobody outside
calls these: they come in through `base.FORMS`.
"""
