"""Which column of a table of events is which: by name, else by what it holds."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_cellsets.core.errors import AmbiguousEventsError, NotRecognisedError
from napari_cellsets.formats.events.clocks import unit_in_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_ALIASES = {
    "t": ("t", "ts", "timestamp", "timestamps", "time", "times"),
    "x": ("x", "xs", "x_coordinate", "col", "column"),
    "y": ("y", "ys", "y_coordinate", "row"),
    "p": ("p", "ps", "pol", "polarity", "polarities", "on"),
}
_POLARITIES = ({0, 1}, {-1, 1}, {-1, 0, 1})
_ROWS = 720
_CLEARLY = 1.05
_SELDOM = 0.01
NO_POLARITY = "There is no polarity: all events are shown as ON."
ORDERS = tuple("".join(order) for order in permutations("txyp"))
"""All orders of four columns: words that `open_events` takes as a reading."""


class Named(NamedTuple):
    """Names of the columns of events, and the unit that the name of the times tells.

    The name of the polarity is empty where there is none.
    """

    t: str
    x: str
    y: str
    p: str
    unit: str


def named_columns(names: Sequence[str]) -> Named | None:
    """Find the columns of events by their names; None where there are none.

    Parameters
    ----------
    names
        As the file has them, in any order and case.
    """
    found: dict[str, str] = {}
    unit = ""
    for name in names:
        plain = name.strip().lower()
        timed = unit_in_name(plain)
        if timed.unit and timed.plain in _ALIASES["t"]:
            plain = timed.plain
        for column, aliases in _ALIASES.items():
            if plain in aliases and column not in found:
                found[column] = name
                unit = timed.unit if column == "t" else unit
    if not {"t", "x", "y"} <= found.keys():
        return None
    return Named(found["t"], found["x"], found["y"], found.get("p", ""), unit)


class Order(NamedTuple):
    """Places of t, x, y and p among four columns, and what was assumed."""

    t: int
    x: int
    y: int
    p: int
    assumed: tuple[str, ...] = ()

    @classmethod
    def read(cls, word: str) -> Order:
        """Read ``txyp``, one of `ORDERS`."""
        t, x, y, p = (word.index(letter) for letter in "txyp")
        return cls(t, x, y, p)

    @property
    def word(self) -> str:
        """The order as a word: ``txyp``."""
        places = {self.t: "t", self.x: "x", self.y: "y", self.p: "p"}
        return _word(places)


def order_of(sample: NDArray[Any], place: str, reading: str | None = None) -> Order:
    """Tell the columns of a table without names by what they hold.

    Times never (or hardly ever) decrease and have the most different values,
    polarity alone is 0 and 1 (or -1, 0 and 1), and of the two that are left x comes
    first unless they are clearly taller than wide.

    Parameters
    ----------
    sample
        Shape (n, 4): rows in the order of the file.
    place
        How to call the file in messages.
    reading
        One of `ORDERS` where the person said it.

    Raises
    ------
    AmbiguousEventsError
        If more than one order fits.
    NotRecognisedError
        If none does.
    """
    if reading is not None and reading in ORDERS:
        return Order.read(reading)
    if not len(sample):
        return Order(0, 1, 2, 3)
    times, backward = _times(sample)
    polarities = [p for p in range(4) if _is_polarity(sample[:, p])]
    fits = [(t, p) for p in polarities for t in times if t != p]
    if not fits:
        raise NotRecognisedError(
            "four columns of events were expected: none of these is a time that never"
            " decreases beside one of polarities",
            path=place,
            advice=f"If they are events, say their order, as in {ORDERS[0]}.",
        )
    orders = [_with_places(sample, t, p) for t, p in fits]
    words = [word for order in orders for word in order[0]]
    if len(words) > 1:
        raise AmbiguousEventsError(
            f"its columns can be read in {len(words)} ways ({', '.join(words)})",
            readings=words,
            path=place,
            advice="Say which column is the time, x, y and the polarity.",
        )
    assumed = orders[0][1]
    if backward:
        assumed += (
            "The column taken for the time steps back in"
            f" {backward:,} of {len(sample):,} rows.",
        )
    return Order.read(words[0])._replace(assumed=assumed)


def _times(sample: NDArray[Any]) -> tuple[list[int], int]:
    """Columns that can be the time, and how often that steps back.

    They never decrease, or hardly ever where all do, and have the most different
    values.
    """
    backward = [int((sample[1:, c] < sample[:-1, c]).sum()) for c in range(4)]
    least = min(backward)
    if least > _SELDOM * len(sample):
        return [], 0
    ordered = [c for c in range(4) if backward[c] == least]
    distinct = {c: len(np.unique(sample[:, c])) for c in ordered}
    return [c for c in ordered if distinct[c] == max(distinct.values())], least


def _is_polarity(numbers: NDArray[Any]) -> bool:
    if numbers.dtype.kind == "b":
        return True
    values = np.unique(numbers)
    return len(values) <= 3 and any(set(values.tolist()) <= p for p in _POLARITIES)


def _with_places(
    sample: NDArray[Any], t: int, p: int
) -> tuple[list[str], tuple[str, ...]]:
    """Orders in which x and y can come, and what is assumed where it is one."""
    first, second = (c for c in range(4) if c not in (t, p))
    letters = {t: "t", p: "p"}
    plain = _word({**letters, first: "x", second: "y"})
    wide, high = float(sample[:, first].max()), float(sample[:, second].max())
    if high > _CLEARLY * wide and len(sample) > 1:
        return [plain, _word({**letters, first: "y", second: "x"})], ()
    if wide >= _ROWS:
        return [plain], ()
    said = "The columns have no names: the first of the two places was taken for x."
    return [plain], (said,)


def _word(letters: Mapping[int, str]) -> str:
    return "".join(letters[column] for column in range(4))
