"""Playing recordings: clock and window, frames, filters, rates, clouds, clips.

No napari, no Qt: the window and the command line call what lives here. Codecs
live in `formats.events`; a `Recording` joins one of them with its index.
"""
