"""A file tree with pictures that are not there: blank, or made when asked for."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats import limits
from napari_cellsets.formats.files import FileTree
from napari_cellsets.formats.names import natural_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from napari_cellsets.formats.files import Problem

    Make = Callable[[], bytes]

_ROWS = 256


class CanvasTree(FileTree):
    """The files of another tree, and pictures that stand in for missing ones.

    Parameters
    ----------
    base
        The files that are there.
    canvases
        For each name that is not there what makes the bytes of its picture.
    """

    def __init__(self, base: FileTree, canvases: Mapping[str, Make]) -> None:
        self.root: Path = base.root
        self.problems: list[Problem] = base.problems
        self._base = base
        self.canvases = dict(canvases)
        self._names: list[str] | None = None

    def names(self) -> Sequence[str]:
        """All files, those that stand in among them, in natural order."""
        if self._names is None:
            self._names = natural_order({*self._base.names(), *self.canvases})
        return self._names

    def read(self, name: str) -> bytes:
        """Return the whole content of one file; see `FileTree.read`."""
        make = self.canvases.get(name)
        return self._base.read(name) if make is None else make()

    def head(self, name: str, length: int) -> bytes:
        """Return the first bytes of one file."""
        if name in self.canvases:
            return self.read(name)[:length]
        return self._base.head(name, length)

    def size(self, name: str) -> int:
        """Size of one file in bytes."""
        if name in self.canvases:
            return len(self.read(name))
        return self._base.size(name)

    def local_path(self, name: str) -> Path | None:
        """Where the file lies on disk; None for what only stands in."""
        return None if name in self.canvases else self._base.local_path(name)

    def look_into(self, names: Iterable[str]) -> None:
        """List what archives of the tree hold, too."""
        self._base.look_into(names)
        self._names = None


def blank_png(height: int, width: int, place: str) -> bytes:
    """Make a black picture.

    Parameters
    ----------
    height, width
        In pixels.
    place
        How to call it in messages.

    Returns
    -------
    bytes
        A PNG file, grey, 8 bits.

    Raises
    ------
    UnreadableFileError
        If it has no size, or is too large to be shown.
    """
    if height <= 0 or width <= 0 or height * width > limits.DECODED_BYTES:
        raise UnreadableFileError(
            f"a blank picture of {width:,} x {height:,} pixels cannot be made",
            path=place,
            advice="Put the picture beside its annotations.",
        )
    packer = zlib.compressobj(1)
    row = bytes(width + 1)
    packed = [
        packer.compress(row * min(_ROWS, height - top))
        for top in range(0, height, _ROWS)
    ]
    packed.append(packer.flush())
    header = struct.pack(">LLBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", b"".join(packed))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", check)
