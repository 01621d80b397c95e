"""ECF, in which Metavision packs events of HDF5 files: one chunk at a time.

A chunk is a number of 32 bits (the count of events, times four, and two flags), the
time of its first event in 64 bits, runs of times, then places and polarities in one
of three ways. All is little-endian:

- times: a byte is a step forward (high four bits) and how many events share it (low
  four; 15: a count of 16 bits follows). Bytes with 15 in the high bits before it are
  longer steps, four bits each, the lowest first.
- both flags clear: runs of rows (11 bits, and a count of 5; 31: 16 bits follow), then
  columns (11 bits, and 5 that tell which of the next columns follow, nearest first),
  then runs of polarities (1 bit, and a count of 7; 127: 16 bits follow).
- lower flag: runs of rows, then column and polarity in 12 bits, four in six bytes.
- upper flag: row, column and polarity in 24 bits (one is unused), four in 12 bytes.

Source: prophesee-ai/hdf5_ecf (self-assigned filter 0x8ECF), read as a description.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.core.events import Events
from napari_cellsets.core.late_loops import LateLoops

if TYPE_CHECKING:
    from types import ModuleType

FILTER = 0x8ECF
MOST = 65535
_SPARE = 8
"""Groups of four and vectors of six may end behind the last event."""
_HEADER = 12


def decode_chunk(content: bytes, place: str) -> Events:
    """Decode one chunk.

    Parameters
    ----------
    content
        As it is stored.
    place
        How to call the file in messages.

    Raises
    ------
    UnreadableFileError
        If it is damaged.
    """
    raw = np.frombuffer(content, np.uint8)
    count = int.from_bytes(content[:4], "little") >> 2
    if len(raw) < _HEADER or count > MOST:
        raise _damaged(place)
    if count == 0:
        return Events.empty()
    out = Events.empty(count + _SPARE)
    whole = _LOOPS.now().decode(raw, count, out.t, out.x, out.y, out.p)
    if not whole:
        raise _damaged(place)
    return out.take(slice(count))


def _damaged(place: str) -> UnreadableFileError:
    return UnreadableFileError(
        "a chunk of its events is damaged",
        path=place,
        advice="Copy or download it again.",
    )


def _warm(loops: ModuleType) -> None:
    out = Events.empty(1 + _SPARE)
    raw = np.frombuffer(bytes([6]) + bytes(23), np.uint8)
    loops.decode(raw, 1, out.t, out.x, out.y, out.p)


_HERE = "napari_cellsets.formats.events"
_LOOPS = LateLoops(f"{_HERE}.ecf_loops", f"{_HERE}.ecf_plain", _warm)
