"""CVAT: XML 1.1 of pictures or of a film.

`read` and `write` are the XML, `tracks` the objects of a film at a frame, `masks` its
run lengths. Nobody outside calls these: they come in through `base.FORMS`.
"""
