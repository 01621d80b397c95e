"""HDF5 files of events: opened for one look at a time, datasets read in blocks.

Nothing of the person's is kept open. Blocks follow the chunks of the file, and the
last ones are kept, so that reading on does not unpack a chunk twice.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats import limits
from napari_cellsets.formats.events.rows import Raw
from napari_cellsets.formats.hdf import opened_hdf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from napari_cellsets.formats.files import FileTree

    ReadBlock = Callable[[Any, int, int], Raw]

_BLOCK = 1 << 16
_KEPT_ROWS = 1 << 18
_ROWS_PER_BYTE = 1000
"""No packing of events shrinks them more."""
_CHUNK_BYTES = 256 * limits.MIB
_FILTERS = {
    **{32000: "LZF", 32001: "Blosc", 32004: "LZ4", 32008: "bitshuffle"},
    **{32013: "ZFP", 32015: "Zstandard", 32026: "Blosc2", 307: "bzip2"},
}


class HdfFile:
    """A file that is opened anew for each look at it."""

    def __init__(self, tree: FileTree, name: str) -> None:
        self.place, self.size = tree.place(name), tree.size(name)
        self._local, self._source = tree.local_path(name), tree.source(name)

    def opened(self) -> AbstractContextManager[Any]:
        """Open it as an `h5py.File`; see `opened_hdf`."""
        return opened_hdf(self._source, self.place, self._local, "HDF5")


class HdfRows:
    """Rows of datasets of one file.

    Parameters
    ----------
    file
        The file.
    count
        How many rows there are.
    chunk
        Rows of its largest chunk; 1 where they are not chunked.
    read_block
        ``read_block(file, first, count)`` with the file opened.

    Raises
    ------
    UnreadableFileError
        If there are more rows than a file of its size can hold.
    """

    def __init__(
        self, file: HdfFile, count: int, chunk: int, read_block: ReadBlock
    ) -> None:
        if count > _ROWS_PER_BYTE * file.size:
            raise UnreadableFileError(
                f"it claims {count:,} events in {file.size:,} bytes", path=file.place
            )
        self.count = count
        self._file, self._read_block = file, read_block
        self._step = -(-_BLOCK // chunk) * chunk
        self._most_kept = max(1, _KEPT_ROWS // self._step)
        self._kept: OrderedDict[int, Raw] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, first: int, count: int) -> Raw:
        """Return so many rows; see `rows.Rows`."""
        step = self._step
        numbers = range(first // step, (first + max(count, 1) - 1) // step + 1)
        parts = []
        for number, block in zip(numbers, self._blocks(numbers), strict=True):
            start = number * step
            begin, end = max(first, start), min(first + count, start + step)
            within = slice(begin - start, end - start)
            parts.append([column[within] for column in block])
        if len(parts) == 1:
            return Raw(*parts[0])
        return Raw(*(np.concatenate(same) for same in zip(*parts, strict=True)))

    def _blocks(self, numbers: range) -> list[Raw]:
        """Return blocks: those that are kept, the others from the file."""
        with self._lock:
            found = {n: self._kept[n] for n in numbers if n in self._kept}
        if len(found) < len(numbers):
            with self._file.opened() as file:
                for number in numbers:
                    if number not in found:
                        first = number * self._step
                        count = max(0, min(self._step, self.count - first))
                        found[number] = self._read_block(file, first, count)
        with self._lock:
            for number in numbers:
                self._kept[number] = found[number]
                self._kept.move_to_end(number)
            while len(self._kept) > self._most_kept:
                self._kept.popitem(last=False)
        return [found[number] for number in numbers]


def check_dataset(found: Any, place: str, *, own: Sequence[int] = ()) -> None:
    """Refuse data in other files, chunks beyond reason, filters that are missing.

    Parameters
    ----------
    found
        A dataset.
    place
        How to call the file in messages.
    own
        Filters that we decode ourselves.

    Raises
    ------
    UnreadableFileError
        Says what is missing and what to do.
    """
    import h5py

    how = found.id.get_create_plist()
    if how.get_layout() == h5py.h5d.VIRTUAL or how.get_external_count() > 0:
        raise UnreadableFileError(f"{found.name} lies in another file", path=place)
    chunk = math.prod(found.chunks or (0,)) * found.dtype.itemsize
    if chunk > _CHUNK_BYTES:
        raise UnreadableFileError(
            f"a chunk of {found.name} claims {chunk:,} bytes", path=place
        )
    codes = [how.get_filter(place)[0] for place in range(how.get_nfilters())]
    if any(code not in own and not _can_unpack(code) for code in codes):
        names = " and ".join(_FILTERS.get(code, f"filter {code}") for code in codes)
        raise UnreadableFileError(
            f"{found.name} is packed with {names}, which cannot be unpacked here",
            path=place,
            advice="Install napari-cellsets[events], or save it packed with gzip.",
        )


def _can_unpack(code: int) -> bool:
    import h5py

    if h5py.h5z.filter_avail(code):
        return True
    try:
        import hdf5plugin
    except ImportError:
        return False
    return hdf5plugin is not None and bool(h5py.h5z.filter_avail(code))
