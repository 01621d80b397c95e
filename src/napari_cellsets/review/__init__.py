"""Reviewing a set by hand: what to look at next, what was said, how far it is.

Work on a set whose folder was renamed is found again here, too.

The queue of one person lives here, without a window: the docks show it and press its
buttons, and so may a script. It reads and writes verdicts through a `Project`.
"""

from __future__ import annotations

from napari_cellsets.review.moved import EarlierWork, earlier_work
from napari_cellsets.review.queue import Progress, ReviewQueue

__all__ = ["EarlierWork", "Progress", "ReviewQueue", "earlier_work"]
