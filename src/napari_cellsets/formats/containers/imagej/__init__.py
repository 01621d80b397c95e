"""ImageJ: ROIs, one by one or in a zip.

`read` and `write` are the ROIs, `paths` the composite ones. Nobody outside calls
these: they come in through `base.FORMS`.
"""
