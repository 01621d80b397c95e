"""Which sample comes next."""

from __future__ import annotations

from bisect import bisect_right
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def neighbour(order: Sequence[int], index: int, by: int) -> int | None:
    """Return the sample `by` steps on from `index`.

    Parameters
    ----------
    order
        Indices that may be shown, as they are walked.
    index
        The sample on screen; need not be in `order` (a filter hides it). Then it
        has its place in an order that rises, and lies outside of any other.
    by
        Steps forward; negative for back. Not 0.

    Returns
    -------
    int or None
        None beyond either end.
    """
    at = by + _place_of(index, order, by)
    return order[at] if 0 <= at < len(order) else None


def _place_of(index: int, order: Sequence[int], by: int) -> int:
    """Return where to step from, so that a hidden sample costs no step."""
    with suppress(ValueError):
        return order.index(index)
    if all(one < other for one, other in pairwise(order)):
        after = bisect_right(order, index)
        return after - 1 if by > 0 else after
    return -1 if by > 0 else len(order)
