"""N-MNIST and N-Caltech101: events of 40 bits, big-endian, as of the ATIS camera.

Column and row of a byte each, then a bit of polarity and 23 of time. Row 240 is no
event: the clock went on by 8,192 us. Source: garrickorchard.com/datasets/n-mnist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.errors import NotRecognisedError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.base import EventHeader
from napari_cellsets.formats.events.records import (
    Interpreted,
    RecordFormat,
    RecordSource,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.formats.events.base import EventSource, State
    from napari_cellsets.formats.files import FileTree

_SIZE = 5
_OVERFLOW_ROW, _OVERFLOW_US = 240, 8192
_DIGIT = Geometry(34, 34)
_ATIS_ROWS = 240
_FEW = 4


def sniff_nmnist(name: str, head: bytes, size: int) -> bool:
    """Whether a file without header is such events: their times go on, never back."""
    whole = head[: len(head) // _SIZE * _SIZE]
    if size % _SIZE or len(whole) < _FEW * _SIZE:
        return False
    records = np.frombuffer(whole, _RECORDS.dtype)
    found = _interpret(records, np.zeros(1, np.int64)).events
    within = bool((records["b"][:, 1] <= _OVERFLOW_ROW).all())
    # zeros go on for ever at one place and time
    goes_on = len(found) > 0 and found.t[-1] > found.t[0]
    return within and bool(goes_on and (np.diff(found.t) >= 0).all())


def open_nmnist(
    tree: FileTree, name: str, *, reading: str | None = None
) -> EventSource:
    """Open a file of 40-bit events.

    Raises
    ------
    NotRecognisedError
        If its bytes cannot be such events.
    UnreadableFileError
        If it cannot be read.
    """
    source, place = tree.source(name), tree.place(name)
    head = source.read_at(0, 1 << 16)
    if not sniff_nmnist(name, head, source.size):
        raise NotRecognisedError(
            "events of 40 bits in the order of time were expected", path=place
        )
    sides = np.frombuffer(head[: len(head) // _SIZE * _SIZE], _RECORDS.dtype)["b"]
    events = sides[sides[:, 1] < _ATIS_ROWS, :2]
    whole = len(head) == source.size
    digit = whole and events[:, 0].max() < 34 and events[:, 1].max() < 34
    header = EventHeader("N-MNIST", _DIGIT if digit else None)
    return RecordSource(source, place, 0, _RECORDS, header)


def _interpret(records: NDArray[Any], state: State) -> Interpreted:
    """Decode records; the state is what the clock went on by so far."""
    raw = records["b"].astype(np.int64)
    overflow = raw[:, 1] == _OVERFLOW_ROW
    gone = state[0] + np.cumsum(overflow) * _OVERFLOW_US
    t = ((raw[:, 2] & 127) << 16 | raw[:, 3] << 8 | raw[:, 4]) + gone
    if len(gone):
        state[0] = gone[-1]
    kept = ~overflow
    raw, t = raw[kept], t[kept]
    return Interpreted(Events.of(t, raw[:, 0], raw[:, 1], raw[:, 2] >> 7))


_RECORDS = RecordFormat(np.dtype([("b", "u1", (_SIZE,))]), _interpret, (0,))
