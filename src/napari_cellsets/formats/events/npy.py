"""Events in NumPy files: structured arrays by their names, tables of four columns.

The array is read in blocks from wherever the file lies, also from within an archive;
it is neither loaded nor mapped. Pickled objects are refused.
"""

from __future__ import annotations

import ast
import math
import re
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_cellsets.core.errors import (
    AmbiguousEventsError,
    NotRecognisedError,
    UnreadableFileError,
)
from napari_cellsets.formats.events.columns import (
    NO_POLARITY,
    Order,
    named_columns,
    order_of,
)
from napari_cellsets.formats.events.ordering import ordered_rows
from napari_cellsets.formats.events.rows import Raw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellsets.formats.events.base import EventSource
    from napari_cellsets.formats.files import FileTree
    from napari_cellsets.formats.sources import Source

    Numbers = NDArray[Any]

MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 1 << 16
_OLD_LONG = re.compile(r"(\d)L\b")
_FAULTS = (ValueError, TypeError, SyntaxError, KeyError, RecursionError, MemoryError)
_PLAIN_TYPE = re.compile(r"[<>|=]?([biufcmMSUVaO?])(\d*)(\[\w+\])?")
_FORMAT = "NumPy"
_SAMPLE = 1 << 14
_COLUMNS = 4
TRANSPOSED = " across"
"""What a reading ends with whose columns are rows of a 4 x 4 table."""


class Array(NamedTuple):
    """An array in a NumPy file: what it is, and where its numbers begin."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    start: int

    @property
    def length(self) -> int:
        """Number of its items."""
        return math.prod(self.shape)


def parse_array(head: bytes, place: str) -> Array:
    """Read the header of a NumPy file.

    Parameters
    ----------
    head
        First bytes of the file.
    place
        How to call it in messages.

    Raises
    ------
    UnreadableFileError
        If it is no NumPy file, damaged, or holds pickled objects.
    """
    try:
        text, start = _header_text(head)
        said = ast.literal_eval(_OLD_LONG.sub(r"\1", text))
        descr, shape = said["descr"], said["shape"]
        _check_types(descr)
        dtype = np.lib.format.descr_to_dtype(descr)
        fortran = bool(said["fortran_order"])
    except _FAULTS as error:
        raise UnreadableFileError(
            f"this is no NumPy file that can be read ({str(error)[:80]})",
            path=place,
            advice="Save it again with numpy.save, without pickled objects.",
        ) from error
    lengths = shape if isinstance(shape, tuple) else ()
    whole = all(isinstance(n, int) and 0 <= n < 1 << 48 for n in lengths)
    if not isinstance(shape, tuple) or not whole or not 0 < dtype.itemsize < 1 << 16:
        raise UnreadableFileError("this NumPy file declares no true size", path=place)
    return Array(dtype, shape, fortran, start)


def _header_text(head: bytes) -> tuple[str, int]:
    if head[:6] != MAGIC or len(head) < 12:
        raise ValueError("its first bytes are others")
    wide = head[6] != 1
    start = 12 if wide else 10
    length = struct.unpack_from("<I" if wide else "<H", head, 8)[0]
    if length > _LONGEST_HEADER or len(head) < start + length:
        raise ValueError("its header is too long or cut off")
    encoding = "utf-8" if head[6] >= 3 else "latin-1"
    return head[start : start + length].decode(encoding), start + length


def _check_types(descr: object) -> None:
    """Refuse types that are not numbers in rows before NumPy sees them."""
    if isinstance(descr, str):
        found = _PLAIN_TYPE.fullmatch(descr)
        if found is None:
            raise ValueError(f"the type {descr[:20]!r} is unknown")
        if found[1] == "O":
            raise ValueError("it holds pickled objects, which could run any program")
        return
    if isinstance(descr, (list, tuple)):
        for item in descr:
            if not isinstance(item, (list, tuple)) or not 2 <= len(item) <= 3:
                raise ValueError("the names of its fields are broken")
            _check_types(item[1])
        return
    raise ValueError("its type is broken")


def sniff_npy(name: str, head: bytes, size: int) -> bool:
    """Whether a file is a NumPy array that can be events, told by its header."""
    if head[:6] != MAGIC:
        return False
    try:
        array = parse_array(head, name)
    except UnreadableFileError:
        return False
    return can_be_events(array)


def can_be_events(array: Array) -> bool:
    """Whether the header of an array allows that it holds events."""
    names = array.dtype.names
    if names is not None:
        return len(array.shape) == 1 and named_columns(names) is not None
    numbers = array.dtype.kind in "iuf"
    return numbers and len(array.shape) == 2 and _COLUMNS in array.shape


def open_npy(tree: FileTree, name: str, *, reading: str | None = None) -> EventSource:
    """Open an array of events.

    Parameters
    ----------
    tree, name
        The file.
    reading
        Order of columns without names, such as ``txyp``, where the person said it.

    Raises
    ------
    UnreadableFileError
        If it is damaged, cut off or pickled.
    NotRecognisedError
        If it is an array of something else.
    AmbiguousEventsError
        If its columns can be read in more than one way.
    """
    return open_array(tree.source(name), tree.place(name), reading)


def open_array(source: Source, place: str, reading: str | None = None) -> EventSource:
    """Open an array of events from bytes; see `open_npy`."""
    array = array_in(source, place)
    names = array.dtype.names
    if names is not None and len(array.shape) == 1:
        return _structured(source, array, place)
    if array.dtype.kind in "iuf" and array.shape[-1:] and len(array.shape) == 2:
        if _COLUMNS in array.shape:
            return _table(source, array, place, reading)
    raise not_events(array, place)


def array_in(source: Source, place: str) -> Array:
    """Read the header of a file and check that the numbers are there."""
    array = parse_array(source.read_at(0, _LONGEST_HEADER + 12), place)
    there = source.size - array.start
    if there < array.length * array.dtype.itemsize:
        raise UnreadableFileError(
            f"it declares {array.length:,} items of {array.dtype.itemsize} bytes;"
            f" {max(0, there):,} bytes are there",
            path=place,
            advice="Copy or download it again.",
        )
    return array


def not_events(array: Array, place: str) -> NotRecognisedError:
    """Say what an array is that holds no events."""
    said = " x ".join(map(str, array.shape)) or "one number"
    names = array.dtype.names
    if names is not None:
        listed = ", ".join(names)[:80]
        problem = f"fields t, x, y and p were expected; there are {listed}"
    elif 2 <= len(array.shape) <= 5 and array.dtype.kind in "biuf":
        problem = (
            f"events were expected; this is an array of {said}: frames or counts,"
            f" no events"
        )
    else:
        problem = f"events were expected; this is an array of {said}"
    return NotRecognisedError(problem, path=place, advice="Open it as an image.")


class _Records:
    """Records with named fields."""

    def __init__(
        self, source: Source, array: Array, place: str, fields: Sequence[str]
    ) -> None:
        self._source, self._array, self._place = source, array, place
        self._fields = fields
        self.count = array.length

    def read(self, first: int, count: int) -> Raw:
        found = items(self._source, self._array, first, count, self._place)
        t, x, y = (found[name] for name in self._fields[:3])
        p = self._fields[3]
        return Raw(t, x, y, found[p] if p else np.ones(count, np.uint8))


class _Table:
    """Rows of four numbers, stored row by row or column by column."""

    def __init__(
        self, source: Source, array: Array, place: str, *, by_row: bool
    ) -> None:
        self._source, self._array, self._place = source, array, place
        self._by_row, self.order = by_row, Order(0, 1, 2, 3)
        self.count = array.length // _COLUMNS

    def read(self, first: int, count: int) -> Raw:
        columns = self.columns(first, count)
        t, x, y, p = (columns[place] for place in self.order[:4])
        return Raw(t, x, y, p)

    def columns(self, first: int, count: int) -> list[Numbers]:
        """Return the four columns of some rows in the order of the file."""
        part = self._source, self._array
        if self._by_row:
            found = items(*part, first * _COLUMNS, count * _COLUMNS, self._place)
            return list(found.reshape(-1, _COLUMNS).T)
        places = (column * self.count + first for column in range(_COLUMNS))
        return [items(*part, place, count, self._place) for place in places]

    def sample(self) -> Numbers:
        """Some rows of the beginning, the middle and the end, shape (n, 4)."""
        few = min(_SAMPLE, self.count)
        starts = sorted({0, (self.count - few) // 2, self.count - few})
        if self.count <= 3 * few:
            starts, few = [0], self.count
        blocks = [np.stack(self.columns(start, few), axis=1) for start in starts]
        found = np.concatenate(blocks)
        return found[~np.isnan(found).any(axis=1)] if found.dtype.kind == "f" else found


def _structured(source: Source, array: Array, place: str) -> EventSource:
    named = named_columns(array.dtype.names or ())
    if named is None:
        raise not_events(array, place)
    kinds = {array.dtype[name].kind for name in named[:4] if name}
    if not kinds <= set("biuf"):
        raise NotRecognisedError(
            "the fields of the events should be numbers; some are not", path=place
        )
    rows = _Records(source, array, place, named[:4])
    assumed = () if named.p else (NO_POLARITY,)
    return ordered_rows(rows, _FORMAT, unit=named.unit, assumed=assumed)


def _table(
    source: Source, array: Array, place: str, reading: str | None
) -> EventSource:
    by_row = (array.shape[1] == _COLUMNS) != array.fortran
    if array.shape[0] == array.shape[1]:
        return _square(source, array, place, reading)
    rows = _Table(source, array, place, by_row=by_row)
    rows.order = order_of(rows.sample(), place, reading)
    return ordered_rows(rows, _FORMAT, assumed=rows.order.assumed)


def _square(
    source: Source, array: Array, place: str, reading: str | None
) -> EventSource:
    """Open four events of four numbers, which may stand in rows or in columns."""
    fits = {}
    for ending, by_row in (("", not array.fortran), (TRANSPOSED, array.fortran)):
        rows = _Table(source, array, place, by_row=by_row)
        words: Sequence[str] = ()
        try:
            words = (order_of(rows.sample(), place).word,)
        except AmbiguousEventsError as error:
            words = error.readings
        except NotRecognisedError:
            pass
        fits.update({word + ending: (rows, word) for word in words})
    if reading in fits:
        fits = {reading: fits[reading]}
    if not fits:
        raise not_events(array, place)
    if len(fits) > 1:
        raise AmbiguousEventsError(
            "four times four numbers can be read in several ways",
            readings=list(fits),
            path=place,
            advice="Say which column is what, and whether events stand in rows.",
        )
    ((rows, word),) = fits.values()
    rows.order = Order.read(word)
    return ordered_rows(rows, _FORMAT)


def items(source: Source, array: Array, first: int, count: int, place: str) -> Numbers:
    """Read items of an array in the order of the file.

    Raises
    ------
    UnreadableFileError
        If they are not there any more.
    """
    size = array.dtype.itemsize
    content = source.read_at(array.start + first * size, count * size)
    if len(content) < count * size:
        raise UnreadableFileError(
            "the end of the array is missing",
            path=place,
            advice="The file became shorter while it was open: open it again.",
        )
    return np.frombuffer(content, array.dtype)
