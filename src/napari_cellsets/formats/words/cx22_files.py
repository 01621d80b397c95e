"""Cx22: instances of overlapping cells in MATLAB 7.3 files, without the pictures.

Such a file is HDF5, and every array in it is transposed. A cell array is a row of
references; its elements are again references, to masks. Names of images lie in an
opaque string object: its text is in a vector of uint64 under a name that is not
fixed, so the vector whose head fits is searched for. Boxes are first row, first
column, row after the last, column after the last. Measured on the published files.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.containers.reading import BadObject, Notes

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from napari_cellsets.formats.files import FileTree

CANVAS = 512
"""Height and width of every image, in pixels."""
_MOST_IMAGES = 100_000
_MOST_OBJECTS = 10_000


@dataclass(frozen=True, slots=True)
class Crop:
    """Where an image was cut from.

    Parameters
    ----------
    name
        Picture of CCEDD, without suffix.
    x, y, width, height
        Rectangle in it, in pixels from 0.
    """

    name: str
    x: int
    y: int
    width: int
    height: int

    @property
    def scale(self) -> float:
        """By how much the cut was made smaller (below 1) or larger; 1 if not."""
        longer = max(self.width, self.height)
        return CANVAS / longer if longer >= CANVAS else 1.0


@contextmanager
def opened(tree: FileTree, name: str) -> Iterator[Any]:
    """Open a MATLAB 7.3 file as h5py does.

    Raises
    ------
    UnreadableFileError
        If it is no such file, or is damaged where it is read.
    """
    import h5py

    local, place = tree.local_path(name), tree.place(name)
    try:
        with h5py.File(local or io.BytesIO(tree.read(name)), "r") as file:
            yield file
    except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
        raise UnreadableFileError(
            f"this is no whole MATLAB 7.3 file ({str(error)[:80]})",
            path=place,
            advice="Copy or download it again.",
        ) from error


def read_table(tree: FileTree, name: str, key: str) -> np.ndarray:
    """Read a table of doubles; shape (rows, columns) as in MATLAB.

    Raises
    ------
    UnreadableFileError
        If it is damaged or another thing.
    """
    import numpy as np

    with opened(tree, name) as file:
        data = file[key]
        if data.ndim != 2 or data.size > 4 * _MOST_IMAGES:
            raise ValueError(f"{key} is no table")
        return np.asarray(data[()], np.float64).T


def read_names(tree: FileTree, name: str) -> list[str]:
    """Read a string array.

    Raises
    ------
    UnreadableFileError
        If it is damaged, or holds no strings.
    """
    import h5py

    with opened(tree, name) as file:
        for held in file.get("#refs#", {}).values():
            if isinstance(held, h5py.Dataset) and held.dtype == "uint64":
                if 4 < held.size <= 100 * _MOST_IMAGES:
                    found = strings_of(held[()].ravel())
                    if found is not None:
                        return found
        raise ValueError("there is no string in it")


def strings_of(words: np.ndarray) -> list[str] | None:
    """Strings in the vector of a MATLAB string array, or None if it is none.

    Parameters
    ----------
    words
        uint64: version 1, number of axes, length of each axis, length of each
        string, then all text in UTF-16, packed.
    """
    head = words[:2].tolist()
    if len(head) < 2 or head[0] != 1 or not 1 <= head[1] <= 8:
        return None
    axes = words[2 : 2 + head[1]].tolist()
    count = 1
    for length in axes:
        count *= length
    start = 2 + head[1] + count
    if len(axes) < head[1] or not 0 < count <= _MOST_IMAGES or start > len(words):
        return None
    lengths = words[2 + head[1] : start].tolist()
    text = words[start:].astype("<u8").tobytes()
    if -(-2 * sum(lengths) // 8) != len(words) - start:
        return None
    found, at = [], 0
    for length in lengths:
        found.append(text[at : at + 2 * length].decode("utf-16-le", "replace"))
        at += 2 * length
    return found


def read_crops(tree: FileTree, names: str, xy: str, wh: str) -> list[Crop]:
    """Read where all images were cut from.

    Parameters
    ----------
    tree
        The files.
    names, xy, wh
        Names of ``ImageDataNames.mat``, ``ROIs_x_y.mat`` and ``ROIs_W_H.mat``.

    Raises
    ------
    UnreadableFileError
        If one is damaged, or they speak of different numbers of images.
    """
    called = read_names(tree, names)
    starts = read_table(tree, xy, "ROIs_x_y")
    sizes = read_table(tree, wh, "ROIs_W_H")
    if not len(called) == len(starts) == len(sizes):
        raise UnreadableFileError(
            f"{len(called)} names, {len(starts)} places and {len(sizes)} sizes"
            " of images do not belong together",
            path=tree.place(names),
            advice="Download it again.",
        )
    return [
        Crop(name, *(int(value) for value in (*start, *size)))
        for name, start, size in zip(called, starts, sizes, strict=True)
    ]


def count_images(tree: FileTree, name: str, key: str) -> int:
    """How many images a file of masks or boxes speaks of."""
    with opened(tree, name) as file:
        return int(file[key].size)


def read_masks(
    tree: FileTree, name: str, key: str, image: int, notes: Notes
) -> list[tuple[np.ndarray, tuple[int, int]]]:
    """Read the masks of one image.

    Parameters
    ----------
    tree, name, key
        A file and its variable, such as ``cyto_ins``.
    image
        Position, from 0.
    notes
        Receives what cannot be understood.

    Returns
    -------
    list of (mask, corner)
        bool, cut to its box, rows first; row and column of its first pixel.
    """
    found = []
    with opened(tree, name) as file:
        inner = file[_reference(file[key], image)]
        for number in range(min(inner.size, _MOST_OBJECTS)):
            try:
                found.append(_cut(file[_reference(inner, number)]))
            except BadObject as error:
                notes.add(f"{key}{{{image + 1}}}{{{number + 1}}}", error)
    return found


def read_boxes(tree: FileTree, name: str, key: str, image: int) -> np.ndarray:
    """Read the boxes of one image as edges of pixels.

    Returns
    -------
    ndarray
        float64, shape (n, 4): upper, left, lower, right.
    """
    import numpy as np

    with opened(tree, name) as file:
        data = file[_reference(file[key], image)]
        if data.ndim != 2 or data.shape[0] != 4 or data.shape[1] > _MOST_OBJECTS:
            raise ValueError(f"{key} of image {image + 1} holds no boxes")
        return np.asarray(data[()], np.float64).T - 0.5


def _reference(data: Any, position: int) -> Any:
    """Element of a cell array, which MATLAB stores as a row."""
    if data.dtype.kind != "O" or not 0 <= position < data.size:
        raise ValueError(f"there is no element {position + 1}")
    return data[()].ravel()[position]


def _cut(data: Any) -> tuple[np.ndarray, tuple[int, int]]:
    import numpy as np

    if data.ndim != 2 or data.shape != (CANVAS, CANVAS):
        raise BadObject(f"a mask of {CANVAS} x {CANVAS} pixels was expected")
    mask = data[()].T != 0
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        raise BadObject("its mask is empty")
    top, left = int(rows[0]), int(columns[0])
    cut = mask[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1]
    return np.ascontiguousarray(cut), (top, left)
