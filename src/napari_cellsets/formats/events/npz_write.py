"""Write events as a NumPy archive: ``t``, ``x``, ``y``, ``p`` and the sensor's size."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING

import numpy as np

from napari_cellsets.core.events import Events
from napari_cellsets.formats.atomic import atomic_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellsets.core.events import Geometry

FACTS = "facts.json"
_STEP = 1 << 22
_EPOCH = 1980, 1, 1, 0, 0, 0


def write_npz(
    path: str | Path,
    pieces: Iterable[Events],
    geometry: Geometry | None,
    *,
    start_us: int = 0,
    facts: Mapping[str, str] | None = None,
    compressed: bool = False,
) -> int:
    """Write events as an archive that `numpy.load` opens.

    Parameters
    ----------
    path
        File to write; it appears when it is whole.
    pieces
        Events, piece by piece; no more than one is held in memory.
    geometry
        Size of the sensor, kept as ``width`` and ``height``.
    start_us
        Added to all times.
    facts
        What else is known, kept as the member ``facts.json``.
    compressed
        Smaller by half, but slow to write and to seek in.

    Returns
    -------
    int
        Number of events.

    Raises
    ------
    ExportError
        If the file cannot be written.
    """
    with atomic_output(path) as aside, ExitStack() as stack:
        # members of a zip follow each other: each column waits in a file of its own
        columns = {
            name: stack.enter_context(tempfile.TemporaryFile(dir=aside.parent))
            for name in "txyp"
        }
        count = _spread(pieces, columns, start_us)
        packing = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
        archive = stack.enter_context(zipfile.ZipFile(aside, "w", packing))
        for name, waiting in columns.items():
            dtype = getattr(Events.empty(), name).dtype
            with archive.open(_member(name, packing), "w", force_zip64=True) as member:
                member.write(_header(dtype, (count,)))
                _copy(waiting, member)
        for name, side in zip(("width", "height"), geometry or (), strict=False):
            number = np.array(side, np.int64)
            content = _header(number.dtype, ()) + number.tobytes()
            archive.writestr(_member(name, packing), content)
        if facts:
            archive.writestr(zipfile.ZipInfo(FACTS, _EPOCH), json.dumps(dict(facts)))
    return count


def _spread(
    pieces: Iterable[Events], columns: Mapping[str, IO[bytes]], start_us: int
) -> int:
    count = 0
    for events in pieces:
        shifted: NDArray[np.int64] = events.t + start_us if start_us else events.t
        for name, column in zip(
            "txyp", (shifted, events.x, events.y, events.p), strict=True
        ):
            columns[name].write(np.ascontiguousarray(column).data)
        count += len(events)
    return count


def _member(name: str, packing: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
    info.compress_type = packing
    return info


def _header(dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> bytes:
    head = io.BytesIO()
    descr = np.lib.format.dtype_to_descr(dtype)
    about = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(head, about)
    return head.getvalue()


def _copy(waiting: IO[bytes], member: IO[bytes]) -> None:
    waiting.seek(0)
    while block := waiting.read(_STEP):
        member.write(block)
