"""Label Studio: JSON of tasks.

`read` and `write` are the JSON, `brush` is the bit codec of its masks. Nobody outside
calls these: they come in through `base.FORMS`.
"""
