"""labelme: a JSON a picture, and the XML of the older LabelMe web tool.

`read` and `write` are the JSON, `web` reads the XML. Others come in through
`base.FORMS`; whoever makes a canvas may ask `read.read_inner_picture` for the picture
inside a JSON.
"""
