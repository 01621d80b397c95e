"""Which objects a line of text asks for: ``area < 50, mitotic``."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets._qt.object_columns import WORDS, heading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

_TERM = re.compile(
    r"^(?P<name>.*?)\s*(?P<sign><=|>=|<|>|=)\s*(?P<number>[-+.\d]+)\s*%?$"
)
_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "=": operator.eq,
}


def chosen_by(
    text: str,
    columns: Mapping[str, NDArray[Any]],
    shown: Sequence[str],
    about: Callable[[int], str] | None = None,
) -> NDArray[np.bool_]:
    """Return which rows a filter lets through.

    Parameters
    ----------
    text
        Terms with commas between them, all of which must hold: a column's heading
        or how it begins, ``<``, ``>``, ``<=``, ``>=`` or ``=``, and a number; or a
        number, which is that of the object; or a word that its class, flag, comment
        or what `about` says of it contains.
    columns
        Equally long, by name; one of them ``label``.
    shown
        Names of the columns on screen, in order.
    about
        Says more of a label.

    Returns
    -------
    numpy.ndarray
        Of bool, one a row.
    """
    through = np.ones(columns["label"].size, bool)
    for term in text.split(","):
        if term.strip():
            through &= _chosen(term.strip(), columns, shown, about)
    return through


def _chosen(
    term: str,
    columns: Mapping[str, NDArray[Any]],
    shown: Sequence[str],
    about: Callable[[int], str] | None,
) -> NDArray[np.bool_]:
    found = _TERM.match(term)
    number = None if found is None else _number(found["number"])
    if found is not None and number is not None:
        name = _column(found["name"], shown)
        if name is None:
            return np.zeros(columns["label"].size, bool)
        share = 100.0 if name == "confidence" else 1.0
        return np.asarray(_SIGNS[found["sign"]](columns[name] * share, number))
    if term.isdecimal():
        return np.asarray(columns["label"] == int(term))
    through = np.zeros(columns["label"].size, bool)
    for name in WORDS:
        if name in columns:
            lower = np.char.lower(columns[name].astype(np.str_))
            through |= np.char.find(lower, term.lower()) >= 0
    if about is not None:
        word, labels = term.lower(), columns["label"].tolist()
        through |= np.array([word in about(n).lower() for n in labels], bool)
    return through


def _column(word: str, shown: Sequence[str]) -> str | None:
    """Return the column of numbers whose heading begins so."""
    for name in shown:
        if name not in WORDS and heading(name).lower().startswith(word.lower()):
            return name
    return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
