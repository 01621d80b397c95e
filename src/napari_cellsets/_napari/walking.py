"""Which sample comes next."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def neighbour(order: Sequence[int], index: int, by: int) -> int | None:
    """Return the sample `by` steps on from `index`.

    Parameters
    ----------
    order
        Indices that may be shown, rising.
    index
        The sample on screen; need not be in `order` (a filter hides it).
    by
        Steps forward; negative for back. Not 0.

    Returns
    -------
    int or None
        None beyond either end.
    """
    at = bisect_right(order, index) - 1 if by > 0 else bisect_left(order, index)
    at += by
    return order[at] if 0 <= at < len(order) else None
