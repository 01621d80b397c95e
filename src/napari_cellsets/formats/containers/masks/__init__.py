"""Masks as pictures: instances, one binary mask, classes with colours, stacks.

`read` and `write` are the pictures, `tables` the tables of classes and objects beside
them, `colours` what the colours of a class mask mean. Others come in through
`base.FORMS`.
"""
