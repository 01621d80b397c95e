"""What both kinds of MATLAB files have in common: names of arrays, and their sizes."""

from __future__ import annotations

from typing import NamedTuple

_FEWEST_DIGITS = 3


class Element(NamedTuple):
    """One array of a file, before it is read.

    Parameters
    ----------
    shape
        As MATLAB says it: rows, columns, further ones.
    text
        Whether it holds letters.
    """

    shape: tuple[int, ...]
    text: bool = False


def one_line(name: str) -> str:
    """Name of a variable or field without line breaks, which only damage puts there."""
    return name.replace("\n", "_")


def numbered(place: int, count: int) -> str:
    """Name of one element of a cell array, counted from 1: ``007``.

    Parameters
    ----------
    place
        Index from 0 in the order of columns.
    count
        How many there are; names of one array have equally many digits.
    """
    return str(place + 1).zfill(max(_FEWEST_DIGITS, len(str(count))))
