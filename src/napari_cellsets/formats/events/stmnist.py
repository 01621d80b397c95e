"""ST-MNIST: digits felt by a skin of 10 x 10 sensors, a matrix in a MATLAB file.

``spiketrain`` has a row a sensor (1 where it was pressed, -1 where released) and a
last one of times in seconds; a column is a moment. Source: arXiv 2005.04319.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import NotRecognisedError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.base import EventHeader
from napari_cellsets.formats.events.memory import MemoryEvents

if TYPE_CHECKING:
    from napari_cellsets.formats.events.base import EventSource
    from napari_cellsets.formats.files import FileTree

_NAME = "spiketrain"
_SKIN = Geometry(10, 10)
_ROWS = _SKIN.width * _SKIN.height + 1
_LARGEST = 64 << 20
_HEADER, _TAG = 128, 8


def sniff_stmnist(name: str, head: bytes, size: int) -> bool:
    """Whether a MATLAB file of version 5 begins with a matrix of spikes."""
    if head[126:128] not in (b"IM", b"MI") or size > _LARGEST:
        return False
    begin = head[_HEADER + _TAG :]
    try:
        packed = zlib.decompressobj().decompress(begin, _TAG * 10)
    except zlib.error:
        packed = b""
    return _NAME.encode() in packed + begin[: _TAG * 10]


def open_stmnist(
    tree: FileTree, name: str, *, reading: str | None = None
) -> EventSource:
    """Open a matrix of spikes.

    Raises
    ------
    NotRecognisedError
        If the file holds none.
    UnreadableFileError
        If it is damaged.
    """
    from napari_cellsets.formats.mat_tree import MatTree

    place = tree.place(name)
    arrays = MatTree(tree.source(name), Path(place))
    shape = arrays.elements[_NAME].shape if _NAME in arrays.elements else ()
    if len(shape) != 2 or shape[0] != _ROWS:
        raise NotRecognisedError(
            f"a matrix {_NAME} of {_ROWS} rows was expected; there is none", path=place
        )
    matrix = arrays.array(_NAME)
    moments, sensors = np.nonzero(matrix[:-1].T)
    seconds = matrix[-1][moments].astype(np.float64)
    good = np.isfinite(seconds) & (np.abs(seconds) < 1e9)
    moments, sensors, seconds = moments[good], sensors[good], seconds[good]
    rows, columns = np.divmod(sensors, _SKIN.width)
    pressed = matrix[sensors, moments] > 0
    events = Events.of(np.rint(seconds * 1e6), columns, rows, pressed)
    return MemoryEvents(events, header=EventHeader("ST-MNIST", _SKIN))
