"""Pictures of Cx22, which its owners do not hand out: cut from those of CCEDD.

An image of Cx22 is a rectangle of a picture of CCEDD, made smaller where it is 512
pixels or longer, in the upper left corner of a white square of 512 pixels. Masks are
in coordinates of the square. Where CCEDD is not there the square stays white.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.codecs import read_picture
from napari_cellsets.formats.files import open_tree
from napari_cellsets.formats.words.cx22 import CANVAS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np

    from napari_cellsets.formats.files import FileTree
    from napari_cellsets.formats.words.cx22 import Crop

PLACES = ("ccedd", "ccedd.zip", "label_correct", "png", "png.zip")
_FOLDERS_ABOVE = 2
_WHITE = 255


def canvas_of(crop: Crop, picture: np.ndarray | None) -> np.ndarray:
    """Make an image of Cx22.

    Parameters
    ----------
    crop
        Where it is cut from.
    picture
        uint8, shape (y, x, 3): the picture of CCEDD; None where it is not there.

    Returns
    -------
    ndarray
        uint8, shape (512, 512, 3); white where there is nothing.
    """
    import cv2
    import numpy as np

    canvas = np.full((CANVAS, CANVAS, 3), _WHITE, np.uint8)
    if picture is None:
        return canvas
    cut = picture[
        max(0, crop.y) : max(0, crop.y + crop.height),
        max(0, crop.x) : max(0, crop.x + crop.width),
    ]
    if not cut.size:
        return canvas
    longer = max(cut.shape[:2])
    if longer >= CANVAS:
        high, wide = (max(1, round(n * CANVAS / longer)) for n in cut.shape[:2])
        cut = cv2.resize(
            np.ascontiguousarray(cut), (wide, high), interpolation=cv2.INTER_AREA
        )
    canvas[: cut.shape[0], : cut.shape[1]] = cut
    return canvas


class Sources:
    """Pictures of CCEDD that lie in the same files, beside them, or above.

    Parameters
    ----------
    tree
        The files of Cx22.
    """

    def __init__(self, tree: FileTree) -> None:
        self._tree = tree
        self._lock = threading.Lock()
        self._found: dict[str, tuple[FileTree, str]] | None = None

    @property
    def known(self) -> bool:
        """Whether there is any picture of CCEDD."""
        return bool(self._index())

    def picture(self, name: str) -> np.ndarray | None:
        """Read one picture.

        Parameters
        ----------
        name
            Its name without folder and suffix.

        Returns
        -------
        ndarray or None
            uint8, shape (y, x, 3); None where it is not there.

        Raises
        ------
        UnreadableFileError
            If it is there and cannot be read.
        """
        import numpy as np

        place = self._index().get(name)
        if place is None:
            return None
        pixels = read_picture(*place).pixels
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[..., None], 3, axis=2)
        return np.ascontiguousarray(pixels[..., :3]).astype(np.uint8, copy=False)

    def _index(self) -> dict[str, tuple[FileTree, str]]:
        with self._lock:
            if self._found is None:
                self._found = _pictures_of(self._tree, inside=True)
                for tree in _beside(self._tree.root):
                    if self._found:
                        break
                    self._found = _pictures_of(tree, inside=False)
            return self._found


def _pictures_of(tree: FileTree, *, inside: bool) -> dict[str, tuple[FileTree, str]]:
    """Pictures named by five digits; among other files only in a folder ``png``."""
    found: dict[str, tuple[FileTree, str]] = {}
    for name in tree.names():
        folder, _, file = name.rpartition("/")
        stem, _, suffix = file.rpartition(".")
        if suffix.lower() != "png" or not stem.isdigit():
            continue
        own = folder.rpartition("/")[2].lower()
        if own in ("png", "png.zip") or (not folder and not inside):
            found.setdefault(stem, (tree, name))
    return found


def _beside(root: Path) -> Iterator[FileTree]:
    for folder in (root, *list(root.parents)[:_FOLDERS_ABOVE]):
        if not folder.is_dir():
            continue
        try:
            with os.scandir(folder) as entries:
                names = {entry.name.lower(): entry.name for entry in entries}
        except OSError:
            continue
        for place in PLACES:
            if place in names:
                try:
                    yield open_tree(folder / names[place])
                except CellsetsError:
                    continue
