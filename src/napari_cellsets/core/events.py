"""Events of a camera whose pixels each tell when they become lighter or darker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

_COLUMNS = (
    ("t", np.dtype(np.int64)),
    ("x", np.dtype(np.uint16)),
    ("y", np.dtype(np.uint16)),
    ("p", np.dtype(np.uint8)),
)


class Geometry(NamedTuple):
    """Size of the sensor, or of the part of it that was recorded, in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Events:
    """Events as columns of equal length, in the order of the recording.

    Parameters
    ----------
    t
        int64, (n,), microseconds. In a recording from its first event on; in what
        a codec decodes on the file's own clock, with overflows taken out.
    x, y
        uint16, (n,), column and row, counted from the top left.
    p
        uint8, (n,): 1 where the pixel became lighter (ON), 0 darker (OFF).
    """

    t: NDArray[np.int64]
    x: NDArray[np.uint16]
    y: NDArray[np.uint16]
    p: NDArray[np.uint8]

    def __post_init__(self) -> None:
        for name, dtype in _COLUMNS:
            column = getattr(self, name)
            if column.dtype != dtype or column.shape != self.t.shape:
                raise CellsetsError(
                    f"column {name} of events should be {dtype} of shape"
                    f" {self.t.shape}; it is {column.dtype} of shape {column.shape}"
                )

    def __len__(self) -> int:
        return len(self.t)

    def take(self, which: slice | NDArray[np.bool_] | NDArray[np.intp]) -> Events:
        """Return some of the events: views for a slice, else copies."""
        return Events(self.t[which], self.x[which], self.y[which], self.p[which])

    @classmethod
    def empty(cls, count: int = 0) -> Events:
        """Return columns of `count` events that still have to be filled."""
        return cls(*(np.empty(count, dtype) for _, dtype in _COLUMNS))

    @classmethod
    def of(cls, t: ArrayLike, x: ArrayLike, y: ArrayLike, p: ArrayLike) -> Events:
        """Return events of any sequences of numbers, as the columns' own types."""
        return cls(
            np.asarray(t).astype(np.int64, copy=False),
            np.asarray(x).astype(np.uint16, copy=False),
            np.asarray(y).astype(np.uint16, copy=False),
            np.asarray(p).astype(np.uint8, copy=False),
        )

    @classmethod
    def joined(cls, parts: Sequence[Events]) -> Events:
        """Return all events of `parts`, one after the other."""
        if not parts:
            return cls.empty()
        return cls(
            np.concatenate([part.t for part in parts]),
            np.concatenate([part.x for part in parts]),
            np.concatenate([part.y for part in parts]),
            np.concatenate([part.p for part in parts]),
        )
