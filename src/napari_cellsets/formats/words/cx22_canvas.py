"""Pictures of Cx22, which its owners do not hand out: cut from those of CCEDD.

An image of Cx22 is a rectangle of a picture of CCEDD, made smaller where it is 512
pixels or longer, in the upper left corner of a white square of 512 pixels. Masks are
in coordinates of the square. Where CCEDD is not there the square stays white.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.codecs import read_picture
from napari_cellsets.formats.files import open_tree
from napari_cellsets.formats.templates import WRAP
from napari_cellsets.formats.words.cx22_files import (
    CANVAS,
    Crop,
    read_crops,
    read_table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy as np

    from napari_cellsets.formats.files import FileTree

IMAGES = ["generator", "imagedataset"]
"""Folders, in small letters, in which a row names the images."""
TABLES = ("imagedatanames", "rois_x_y", "rois_w_h")
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


def painted(tree: FileTree, values: Mapping[str, str]) -> bytes:
    """Make the PNG of one image.

    Parameters
    ----------
    tree
        The files of Cx22.
    values
        What the marks of the picture's template stand for: ``number`` from 1, the
        ``part`` of the set and the folders around it.

    Raises
    ------
    UnreadableFileError
        If the tables of names and places, or the picture of CCEDD, are damaged.
    """
    import cv2

    sources = _of(tree)
    part = values.get("part")
    around = values.get(WRAP, "") + (f"{part}/" if part else "")
    crop = sources.crop(tree, around, int(values["number"]) - 1)
    picture = sources.picture(tree, crop.name) if crop is not None else None
    canvas = canvas_of(crop or Crop("", 0, 0, 0, 0), picture)
    _, content = cv2.imencode(".png", cv2.cvtColor(canvas, cv2.COLOR_RGB2BGR))
    return content.tobytes()


def facts(tree: FileTree) -> Iterator[tuple[str, dict[str, str]]]:
    """Where each image was cut from, how many cells it has, how far they overlap.

    Parameters
    ----------
    tree
        The files of Cx22, with its images.

    Yields
    ------
    tuple of (image, facts)
        Name of the image in the tree.

    Raises
    ------
    UnreadableFileError
        If a table is damaged.
    """
    by_file = {name.lower(): name for name in tree.names()}
    tables: dict[str, list[dict[str, str]]] = {}
    for name in tree.names():
        *folders, file = name.split("/")
        number = file.rpartition(".")[0]
        if [part.lower() for part in folders[-2:]] != IMAGES or not number.isdigit():
            continue
        place = "".join(f"{part}/" for part in folders[:-2])
        if place not in tables:
            tables[place] = _facts_of(tree, place, by_file)
        if 0 < int(number) <= len(tables[place]):
            yield name, tables[place][int(number) - 1]


def _facts_of(
    tree: FileTree, around: str, by_file: Mapping[str, str]
) -> list[dict[str, str]]:
    """Facts of the images of one part, in their order."""
    found = [_said(crop) for crop in _of(tree).crops(tree, around)]
    for key, names in (("CellNum", ("cells",)), ("OverlapRatio", ("least", "most"))):
        file = by_file.get(f"{around}{key}.mat".lower())
        if file is None:
            continue
        for row, said in zip(read_table(tree, file, key), found, strict=False):
            for name, value in zip(names, row, strict=False):
                said[name] = f"{value:.3g}" if key == "OverlapRatio" else f"{value:.0f}"
    return found


def _said(crop: Crop) -> dict[str, str]:
    return {
        "picture": crop.name,
        "place": f"{crop.x}, {crop.y}",
        "size": f"{crop.width} x {crop.height}",
        "scale": f"{crop.scale:.3g}",
    }


def missing(tree: FileTree) -> str:
    """Say that images are white, where no picture of CCEDD is there; else nothing."""
    if _of(tree).known(tree):
        return ""
    return (
        "the images of Cx22 are cut from CCEDD, which is not beside it: they are blank."
        " Put the folder CCEDD, or its png.zip, beside this one."
    )


_KNOWN: WeakKeyDictionary[FileTree, Sources] = WeakKeyDictionary()
_KNOWN_LOCK = threading.Lock()


def _of(tree: FileTree) -> Sources:
    with _KNOWN_LOCK:
        return _KNOWN.setdefault(tree, Sources())


class Sources:
    """Pictures of CCEDD that lie in the same files, beside them, or above.

    Of one set; its files are handed in each time, as what is known of them must not
    keep them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, tuple[FileTree | None, str]] | None = None
        self._crops: dict[str, list[Crop]] = {}

    def crop(self, tree: FileTree, around: str, image: int) -> Crop | None:
        """Where an image was cut from; None where no whole tables are there.

        Parameters
        ----------
        tree
            The files of Cx22.
        around
            Folders around the part of the set, with a slash at the end.
        image
            Position, from 0.
        """
        try:
            crops = self.crops(tree, around)
        except CellsetsError:  # told when the facts of the images are read
            return None
        return crops[image] if 0 <= image < len(crops) else None

    def crops(self, tree: FileTree, around: str) -> list[Crop]:
        """Where all images of one part were cut from; empty without the tables."""
        with self._lock:
            if around not in self._crops:
                self._crops[around] = _crops(tree, around)
            return self._crops[around]

    def known(self, tree: FileTree) -> bool:
        """Whether there is any picture of CCEDD."""
        return bool(self._index(tree))

    def picture(self, tree: FileTree, name: str) -> np.ndarray | None:
        """Read one picture.

        Parameters
        ----------
        tree
            The files of Cx22.
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

        place = self._index(tree).get(name)
        if place is None:
            return None
        pixels = read_picture(place[0] or tree, place[1]).pixels
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[..., None], 3, axis=2)
        return np.ascontiguousarray(pixels[..., :3]).astype(np.uint8, copy=False)

    def _index(self, tree: FileTree) -> dict[str, tuple[FileTree | None, str]]:
        """Name and tree of every picture; None for the files of Cx22 themselves."""
        with self._lock:
            if self._found is None:
                own = _pictures_of(tree, inside=True)
                self._found = {stem: (None, name) for stem, name in own.items()}
                for other in _beside(tree.root):
                    if self._found:
                        break
                    beside = _pictures_of(other, inside=False)
                    self._found = {stem: (other, n) for stem, n in beside.items()}
            return self._found


def _crops(tree: FileTree, around: str) -> list[Crop]:
    by_file = {name.lower(): name for name in tree.names()}
    files = [by_file.get(f"{around}generator/{name}.mat".lower()) for name in TABLES]
    names, xy, wh = files
    return [] if not (names and xy and wh) else read_crops(tree, names, xy, wh)


def _pictures_of(tree: FileTree, *, inside: bool) -> dict[str, str]:
    """Pictures named by five digits; among other files only in a folder ``png``."""
    found: dict[str, str] = {}
    for name in tree.names():
        folder, _, file = name.rpartition("/")
        stem, _, suffix = file.rpartition(".")
        if suffix.lower() != "png" or not stem.isdigit():
            continue
        own = folder.rpartition("/")[2].lower()
        if own in ("png", "png.zip") or (not folder and not inside):
            found.setdefault(stem, name)
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
