"""From numbers of objects to their places in a list, quickly where they are dense."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DENSE = 2**23
"""Numbers up to this are looked up in a list of all that there could be."""


def numbered(
    values: NDArray[np.integer],
) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Return the different numbers, ascending, and the place of each value in them.

    Parameters
    ----------
    values
        Not below 0, shape (n,).
    """
    if not values.size or values.max() >= _DENSE:
        numbers, index = np.unique(values, return_inverse=True)
        return numbers.astype(np.int64), index
    there = np.zeros(int(values.max()) + 1, np.bool_)
    there[values] = True
    found = np.flatnonzero(there)
    return found, Numbers(found).index(values)


class Numbers:
    """Places of numbers in a list of them.

    Parameters
    ----------
    numbers
        Different, ascending, not below 0; shape (n,).
    """

    def __init__(self, numbers: NDArray[np.int64]) -> None:
        self._numbers = numbers
        self._places: NDArray[np.intp] | None = None
        if numbers.size and numbers[-1] < _DENSE:
            # the last one is for all that are beyond
            self._places = np.full(int(numbers[-1]) + 2, -1, np.intp)
            self._places[numbers] = np.arange(numbers.size)

    def index(self, values: NDArray[np.integer]) -> NDArray[np.intp]:
        """Return the place of each value, not below 0; -1 where it is not there."""
        if self._places is not None:
            last = self._places.size - 1
            return np.asarray(self._places[np.minimum(values, last)])
        if not self._numbers.size:
            return np.full(values.size, -1, np.intp)
        place = np.searchsorted(self._numbers, values)
        place = np.minimum(place, self._numbers.size - 1)
        return np.where(self._numbers[place] == values, place, -1)
