"""Edits of labels: merge, split, delete, grow, smooth, ... each with its inverse.

Functions from arrays to an `Edit`, which says what pixels become and what they
were; nothing here knows a viewer or a store. A label image may be 100 million
pixels with 50,000 objects: an `ObjectIndex` knows where each lies, so that an edit
looks at its objects only.
"""
