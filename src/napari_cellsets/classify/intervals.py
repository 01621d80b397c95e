"""How sure a share is that was counted."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

Z_95 = 1.959963984540054


class Interval(NamedTuple):
    """Lower and upper end, 0..1."""

    low: float
    high: float


def wilson(hits: int, number: int, z: float = Z_95) -> Interval:
    """Return the interval in which a true share is likely to lie.

    The score interval of Wilson (1927), "Probable inference, the law of succession,
    and statistical inference", Journal of the American Statistical Association
    22, 209-212. Unlike the textbook's normal interval it stays within 0..1 and is
    of use for few cells and for shares near 1.

    Parameters
    ----------
    hits, number
        So many of so many; 0 of 0 says nothing: 0 to 1.
    z
        Standard deviations on either side; 1.96 holds 95 %.

    Examples
    --------
    >>> from napari_cellsets.classify import wilson
    >>> [round(end, 3) for end in wilson(9, 10)]
    [0.596, 0.982]
    """
    if number == 0:
        return Interval(0.0, 1.0)
    share, square = hits / number, z * z
    middle = share + square / (2 * number)
    half = z * sqrt(share * (1 - share) / number + square / (4 * number * number))
    scale = 1 + square / number
    low = 0.0 if hits == 0 else max(0.0, (middle - half) / scale)
    high = 1.0 if hits == number else min(1.0, (middle + half) / scale)
    return Interval(low, high)
