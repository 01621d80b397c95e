"""Pascal VOC: boxes in XML, objects and classes in palette PNGs.

`read` and `write` are the folders of a set, `planes` its two masks, `names` its
classes, `splits` its lists of pictures. Nobody outside calls these: they come in
through `base.FORMS`.
"""
