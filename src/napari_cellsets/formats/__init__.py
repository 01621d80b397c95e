"""Three small vocabularies, read and write: layouts, codecs, annotations.

Layouts say how the files of a set are arranged, codecs read and write one file
format, annotation words turn files into labels and back. None knows a data set.
Called by `catalogue`, `batch` and everything above; calls only `core`.
"""
