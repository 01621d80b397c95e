"""Files of event cameras: decoded in pieces into columns, and written again.

`base` has the words all codecs speak; each format is a file (or two: its loops
beside it). `opening` finds out what a file is. The catalogue says which files of a
set are recordings, `playback` plays them; nothing here knows of either.
"""
