"""Stretches of a file as numbers, in a buffer that each thread uses again and again.

Fresh memory costs more than reading into it: pages that were never touched come at
0.4 GB/s on machines where warm ones are copied at 20 GB/s.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.sources import read_into

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.formats.sources import Source

PROBED_BYTES = 1 << 16
"""How much is looked at to find out whether units are what a header says."""
STRETCH_BYTES = 1 << 19
"""Most that is read at once: opening a file for it then costs less than 1 %."""


class Words:
    """The units of one file after its header.

    Parameters
    ----------
    source
        The bytes of the file.
    start
        Offset of the first unit in bytes.
    dtype
        Of a unit, little endian.
    place
        How to call the file in messages.

    Attributes
    ----------
    units
        How many whole units there are.
    unit_bytes
        Size of a unit.
    left_over
        Bytes after the last whole unit.
    """

    def __init__(
        self, source: Source, start: int, dtype: str | np.dtype[Any], place: str
    ) -> None:
        self._source, self._start, self._place = source, start, place
        self._dtype = np.dtype(dtype)
        size = max(0, source.size - start)
        self.unit_bytes = self._dtype.itemsize
        self.units, self.left_over = divmod(size, self.unit_bytes)
        self._at_once = STRETCH_BYTES // self.unit_bytes

    def stretch(self, first: int, stop: int) -> NDArray[Any]:
        """Return the units from `first` on, as many as come at once.

        Parameters
        ----------
        first, stop
            ``0 <= first < stop <= units``.

        Returns
        -------
        ndarray
            At least one unit, none from `stop` on. A view of this thread's buffer:
            the next call overwrites it, also of another file.

        Raises
        ------
        UnreadableFileError
            If the file cannot be read or became shorter.
        """
        if not 0 <= first < stop <= self.units:
            raise UnreadableFileError(
                f"units {first:,} to {stop:,} of {self.units:,} were asked for",
                path=self._place,
            )
        if _held.of is not self or not _held.first <= first < _held.stop:
            self._read(first, stop)
        last = min(stop, _held.stop)
        units: NDArray[Any] = _held.buffer.view(self._dtype)
        return units[first - _held.first : last - _held.first]

    def probe(self) -> NDArray[Any]:
        """Return the first units, up to `PROBED_BYTES`; see `stretch`."""
        return self.stretch(0, min(self.units, PROBED_BYTES // self.unit_bytes))

    def _read(self, first: int, stop: int) -> None:
        # what follows on the stretch before is read ahead; a jump reads what it needs
        follows = _held.of is self and first == _held.stop
        last = min(self.units if follows else stop, first + self._at_once)
        size, offset = self.unit_bytes, self._start + first * self.unit_bytes
        _held.of = None
        target = _held.buffer.data[: (last - first) * size]
        read = read_into(self._source, offset, target)
        needed = (min(stop, last) - first) * size
        if read < needed:
            raise UnreadableFileError(
                f"it became shorter while it was read: {needed:,} bytes were expected"
                f" at {offset:,}, {read:,} are there",
                path=self._place,
                advice="Copy it anew and open it again.",
            )
        _held.of, _held.first, _held.stop = self, first, first + read // size


class _Held(threading.local):
    """What a thread's buffer holds."""

    def __init__(self) -> None:
        self.buffer = np.empty(STRETCH_BYTES, np.uint8)
        self.of: Words | None = None
        self.first = self.stop = 0


_held = _Held()
