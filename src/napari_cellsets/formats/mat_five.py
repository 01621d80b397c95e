"""MATLAB files of version 5: an index of their arrays, each read when asked for.

The file is a row of variables, mostly packed. Of a cell array the elements are
found by walking over their headers; no number is decoded before it is wanted.
"""

from __future__ import annotations

import math
import struct
import tempfile
import threading
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats import limits
from napari_cellsets.formats.mat_names import Element, numbered, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from napari_cellsets.formats.sources import Source

_HEADER = 128
_MATRIX, _PACKED = 14, 15
_CELL, _STRUCT, _OBJECT, _CHAR, _SPARSE = 1, 2, 3, 4, 5
_LOGICAL = 0x0200
_STORED = {
    **{1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8"},
    **{12: "i8", 13: "u8", 16: "u1", 17: "u2", 18: "u4"},
}
_CLASSES = {
    **{6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4"},
    **{14: "i8", 15: "u8"},
}
_STEP = 1 << 20
_HELD = 2
"""Unpacked variables that are kept for the next array of them."""


@dataclass(frozen=True, slots=True)
class _Variable:
    """Where a variable lies in the file."""

    start: int
    length: int
    packed: bool


@dataclass(frozen=True, slots=True)
class _Tag:
    """One element: its type, where its bytes begin, how many, and what follows."""

    kind: int
    start: int
    length: int
    after: int


@dataclass(frozen=True, slots=True)
class _Array:
    """A header of an array."""

    name: str
    kind: int
    flags: int
    shape: tuple[int, ...]
    body: int
    end: int

    @property
    def count(self) -> int:
        return math.prod(self.shape)


class MatFive:
    """Arrays of a file of version 5.

    Parameters
    ----------
    source
        The file.
    place
        How to call it in messages.

    Attributes
    ----------
    elements
        The arrays by their names; see `mat_tree`.
    problems
        Variables that cannot be read, with the reason.
    """

    def __init__(self, source: Source, place: str) -> None:
        self._source, self._place = source, place
        self._held: OrderedDict[int, _Held] = OrderedDict()
        self._lock = threading.Lock()
        header = source.read_at(0, _HEADER)
        if len(header) < _HEADER or header[126:128] not in (b"IM", b"MI"):
            raise self._damaged("its header is missing")
        self._order = "<" if header[126:128] == b"IM" else ">"
        self.elements: dict[str, Element] = {}
        self.problems: list[tuple[str, str]] = []
        self._at: dict[str, tuple[_Variable, int]] = {}
        self._index()

    def array(self, name: str) -> np.ndarray:
        """Return one array; logical ones as bool, text as an array of letters."""
        variable, at = self._at[name]
        part = self._opened(variable)
        found = self._array(part, at)
        return self._decoded(part, found)

    def _index(self) -> None:
        at = _HEADER
        while at + 8 <= self._source.size:
            tag = self._tag(self._source, at)
            if tag.length <= 0 or tag.after > self._source.size + 8:
                self.problems.append(("", "the end of this file is missing"))
                return
            variable = _Variable(tag.start, tag.length, tag.kind == _PACKED)
            # a packed variable is not filled up to eight bytes
            at = tag.start + tag.length if variable.packed else tag.after
            if tag.kind not in (_MATRIX, _PACKED):
                continue
            if not variable.packed:
                variable = _Variable(tag.start - 8, tag.length + 8, packed=False)
            try:
                self._index_variable(variable)
            except UnreadableFileError as error:
                self.problems.append(("", error.problem))

    def _index_variable(self, variable: _Variable) -> None:
        part = self._opened(variable)
        head = self._array(part, 0)
        for name, at, found in self._walk(part, 0, head, head.name, 0):
            if len(self.elements) >= limits.MAT_ARRAYS:
                raise self._damaged(f"there are more than {limits.MAT_ARRAYS:,} arrays")
            if found.kind in _CLASSES or found.kind == _CHAR:
                self.elements[name] = Element(found.shape, found.kind == _CHAR)
                self._at[name] = (variable, at)

    def _walk(
        self, part: Source, at: int, found: _Array, name: str, depth: int
    ) -> Iterator[tuple[str, int, _Array]]:
        """Arrays of a variable with their names, those in cells one by one."""
        if found.kind not in (_CELL, _STRUCT):
            if found.count:
                yield name, at, found
            return
        if depth >= limits.MAT_DEPTH:
            raise self._damaged(f"cells lie more than {limits.MAT_DEPTH} deep")
        inner, fields = found.body, [""]
        if found.kind == _STRUCT:
            inner, fields = self._fields(part, found.body)
        for number in range(found.count):
            base = name
            if found.kind == _CELL or found.count > 1:
                base = f"{name}/{numbered(number, found.count)}"
            for field in fields:
                if inner + 8 > found.end:
                    raise self._damaged(f"the end of {name!r} is missing")
                tag = self._tag(part, inner)
                if tag.kind == _MATRIX and tag.length:
                    below = f"{base}/{field}" if field else base
                    one = self._array(part, inner)
                    yield from self._walk(part, inner, one, below, depth + 1)
                inner = tag.after

    def _fields(self, part: Source, at: int) -> tuple[int, list[str]]:
        tag = self._tag(part, at)
        (each,) = struct.unpack(f"{self._order}i", self._bytes(part, tag, 4))
        names = self._tag(part, tag.after)
        text = self._bytes(part, names, min(names.length, 1 << 16))
        if not 0 < each <= 1024:
            raise self._damaged("the names of its fields are broken")
        pieces = [text[i : i + each] for i in range(0, len(text), each)]
        plain = [p.split(b"\0")[0].decode("latin-1") for p in pieces]
        return names.after, [one_line(text).replace("/", "_") for text in plain]

    def _array(self, part: Source, at: int) -> _Array:
        """Header of the array at an offset."""
        outer = self._tag(part, at)
        if outer.kind != _MATRIX or outer.start + outer.length > part.size:
            raise self._damaged("an array is cut off")
        flags = self._tag(part, outer.start)
        (word,) = struct.unpack(f"{self._order}I", self._bytes(part, flags, 4))
        sizes = self._tag(part, flags.after)
        count = sizes.length // 4
        if not 2 <= count <= 8:
            if word & 0xFF in _CLASSES or word & 0xFF in (_CELL, _STRUCT, _CHAR):
                raise self._damaged(f"an array declares {count} dimensions")
            shape: tuple[int, ...] = (0,)  # an object of MATLAB itself
        else:
            said = self._bytes(part, sizes, 4 * count)
            shape = struct.unpack(f"{self._order}{count}i", said)
        if any(length < 0 for length in shape):
            raise self._damaged(f"an array declares the size {shape}")
        named = self._tag(part, sizes.after)
        name = self._bytes(part, named, min(named.length, 256)).decode("latin-1")
        name = one_line(name).replace("/", "_") or "unnamed"
        end = outer.start + outer.length
        return _Array(name, word & 0xFF, word & 0xFF00, shape, named.after, end)

    def _decoded(self, part: Source, found: _Array) -> np.ndarray:
        import numpy as np

        tag = self._tag(part, found.body)
        stored = _STORED.get(tag.kind)
        if stored is None or tag.start + tag.length > found.end:
            raise self._damaged(
                f"numbers of {found.name!r} are stored in an unknown way"
            )
        item = np.dtype(f"{self._order}{stored}")
        if tag.length != found.count * item.itemsize:
            raise self._damaged(
                f"{found.count:,} numbers were expected, {tag.length:,} bytes are there"
            )
        content = part.read_at(tag.start, tag.length)
        if len(content) < tag.length:
            raise self._damaged("the end of an array is missing")
        numbers = np.frombuffer(content, item).reshape(found.shape, order="F")
        if found.kind == _CHAR:
            return numbers.astype("<u4").view("<U1")
        if found.flags & _LOGICAL:
            return np.ascontiguousarray(numbers != 0)
        return np.ascontiguousarray(numbers, dtype=_CLASSES[found.kind])

    def _tag(self, part: Source, at: int) -> _Tag:
        head = part.read_at(at, 8)
        if len(head) < 8:
            raise self._damaged("its end is missing")
        kind, length = struct.unpack(f"{self._order}II", head)
        if kind >> 16:  # up to four bytes lie in the tag itself
            return _Tag(kind & 0xFFFF, at + 4, min(4, kind >> 16), at + 8)
        return _Tag(kind, at + 8, length, at + 8 + -(-length // 8) * 8)

    def _bytes(self, part: Source, tag: _Tag, length: int) -> bytes:
        content = part.read_at(tag.start, length)
        if tag.length < length or len(content) < length:
            raise self._damaged("its end is missing")
        return content

    def _opened(self, variable: _Variable) -> Source:
        """Bytes of a variable, unpacked; the last ones are kept."""
        from napari_cellsets.formats.sources import WindowSource

        if not variable.packed:
            return WindowSource(self._source, variable.start, variable.length)
        with self._lock:
            held = self._held.pop(variable.start, None)
            if held is None:
                held = self._unpacked(variable)
            self._held[variable.start] = held
            while len(self._held) > _HELD:
                self._held.popitem(last=False)
        return held

    def _unpacked(self, variable: _Variable) -> _Held:
        inflater = zlib.decompressobj()
        held = _Held()
        at, end = variable.start, variable.start + variable.length
        try:
            while at < end and not inflater.eof:
                packed = self._source.read_at(at, min(_STEP, end - at))
                at += len(packed) or end
                while packed:
                    held.add(inflater.decompress(packed, _STEP))
                    packed = inflater.unconsumed_tail
                    if held.size > limits.MAT_VARIABLE_BYTES:
                        raise self._damaged(
                            f"a variable inflates to more than"
                            f" {limits.MAT_VARIABLE_BYTES:,} bytes"
                        )
        except zlib.error as error:
            raise self._damaged(f"a variable cannot be unpacked ({error})") from error
        held.add(inflater.flush())
        return held

    def _damaged(self, reason: str) -> UnreadableFileError:
        return UnreadableFileError(
            f"this MATLAB file is damaged: {reason}",
            path=self._place,
            advice="Download it again.",
        )


class _Held:
    """Unpacked bytes, in a temporary file when there are many."""

    def __init__(self) -> None:
        self.size = 0
        self._lock = threading.Lock()
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(
            max_size=limits.NESTED_IN_MEMORY_BYTES
        )

    def add(self, content: bytes) -> None:
        """Append bytes; only before anything is read."""
        self._file.write(content)
        self.size += len(content)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return at most `length` bytes; fewer only at the end."""
        with self._lock:
            self._file.seek(offset)
            return self._file.read(length)

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()
