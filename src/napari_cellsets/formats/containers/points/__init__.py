"""Points in a table.

Nobody outside calls `read` and `write`: they come in through `base.FORMS`.
"""
