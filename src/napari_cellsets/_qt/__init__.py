"""What people see and touch: the only room that imports Qt.

One file a widget, named as the package whose model it shows; all threads live
in ``jobs``.
"""
