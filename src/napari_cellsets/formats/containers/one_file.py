"""A file in memory, seen as a tree: for pictures that lie inside other files."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import CellsetsError, UnreadableFileError
from napari_cellsets.formats.containers.reading import BadObject
from napari_cellsets.formats.files import FileTree

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np


class OneFile(FileTree):
    """One file whose bytes are here already."""

    def __init__(self, name: str, content: bytes, place: str) -> None:
        self.root = Path(place)
        self.problems = []
        self._name, self._content = name, content

    def names(self) -> Sequence[str]:
        """Its one name."""
        return [self._name]

    def read(self, name: str) -> bytes:
        """Return its content."""
        if name != self._name:
            raise UnreadableFileError("there is no such file", path=self.place(name))
        return self._content

    def size(self, name: str) -> int:
        """Its size in bytes."""
        return len(self.read(name))

    def local_path(self, name: str) -> Path | None:
        """Nowhere on disk."""
        return None


def from_base64(text: object) -> bytes:
    """Decode base64, also with line breaks and without its last signs.

    Raises
    ------
    BadObject
        If it is none.
    """
    if not isinstance(text, str):
        raise BadObject("its base64 is no text")
    packed = "".join(text.split())
    packed += "=" * (-len(packed) % 4)
    try:
        return base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        raise BadObject("its base64 is damaged") from None


def mask_from_png(content: bytes, place: str) -> np.ndarray:
    """Decode a mask: whatever is not 0 belongs to the object.

    Returns
    -------
    ndarray
        bool, shape (y, x).

    Raises
    ------
    BadObject
        If it is no picture of one plane, or damaged.
    """
    import numpy as np

    from napari_cellsets.formats.codecs import read_plane

    try:
        plane = read_plane(OneFile("mask", content, place), "mask")
    except CellsetsError as error:
        raise BadObject(f"its mask cannot be read: {error.problem}") from error
    if plane.ndim == 3 and plane.shape[2] <= 4:
        plane = np.asarray(plane.any(axis=2))
    if plane.ndim != 2:
        raise BadObject("its mask has more than one plane")
    return plane.astype(bool)


def png_of_mask(mask: np.ndarray) -> bytes:
    """Encode a mask as a grey PNG of 0 and 1."""
    import cv2
    import numpy as np

    packed = cv2.imencode(".png", mask.astype(np.uint8))[1]
    return bytes(packed.tobytes())
