"""labelme: a JSON a picture, and the XML of the older LabelMe web tool.

`read` and `write` are the JSON, `web` reads the XML. Nobody outside calls these:
they come in through `base.FORMS`.
"""
