"""A MATLAB file as an archive of its arrays.

``isbi_train.mat/ISBI_Train/007`` is the seventh element of the cell array
``ISBI_Train``, ``train_Cytoplasm/007/002`` the second element of its seventh,
``CellNum`` a variable that is no cell. Elements count from 1 in the order of
columns; fields of a structure are folders by their names.

An array that can be a picture (two dimensions, or a third of three colours) reads as
TIFF, so that all that is known of pictures works on it; any other one as ``.npy``.
Rows and columns are as in MATLAB, whichever version wrote the file.
"""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats import limits
from napari_cellsets.formats.files import FileTree, Problem
from napari_cellsets.formats.hdf import is_hdf
from napari_cellsets.formats.mat_five import MatFive
from napari_cellsets.formats.mat_hdf import MatHdf
from napari_cellsets.formats.names import natural_order
from napari_cellsets.formats.sources import FileSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np

    from napari_cellsets.formats.mat_names import Element
    from napari_cellsets.formats.sources import Source

_HEAD = 4096
_SMALLEST_PICTURE = 8
_KEPT_BYTES = 8 * limits.MIB


class _Arrays(Protocol):
    elements: dict[str, Element]
    problems: list[tuple[str, str]]

    def array(self, name: str) -> np.ndarray: ...


def is_mat_name(name: str) -> bool:
    """Whether a name ends as MATLAB files do."""
    return name.lower().endswith(".mat")


def array_of(tree: FileTree, name: str) -> np.ndarray:
    """Return an array of a MATLAB file as it is: no pixel converted.

    Parameters
    ----------
    tree
        A `MatTree`, or a tree that holds one.
    name
        ``cyto.mat/cyto_ins_bbox/007``.

    Raises
    ------
    UnreadableFileError
        If there is no such array, or it cannot be read.
    """
    import numpy as np

    content = tree.read(name)
    if content.startswith(b"\x93NUMPY"):
        try:
            return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))
        except (ValueError, OSError, EOFError) as error:
            raise UnreadableFileError(
                f"this array cannot be read ({error})", path=tree.place(name)
            ) from error
    from napari_cellsets.formats.codecs import read_plane

    return read_plane(tree, name)


class MatTree(FileTree):
    """Arrays of one MATLAB file; see the module.

    Parameters
    ----------
    source
        The file.
    place
        How to call it in messages.
    local
        Where it lies on disk; None inside an archive.

    Raises
    ------
    UnreadableFileError
        If it is no MATLAB file of version 5 or 7.3.
    """

    def __init__(self, source: Source, place: Path, local: Path | None = None) -> None:
        self.root = place
        self._arrays = _opened(source, str(place), local)
        self.problems = [Problem(name, said) for name, said in self._arrays.problems]
        self._names = natural_order(self._arrays.elements)
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path) -> MatTree:
        """Open a file on disk."""
        return cls(FileSource(path), path, path)

    @property
    def elements(self) -> Mapping[str, Element]:
        """Sizes of all arrays by their names, before they are read."""
        return self._arrays.elements

    def names(self) -> Sequence[str]:
        """All arrays in natural order."""
        return self._names

    def array(self, name: str) -> np.ndarray:
        """Return one array, rows and columns as in MATLAB.

        Raises
        ------
        UnreadableFileError
            If there is none of this name, or it is damaged.
        """
        self._element(name)
        try:
            return self._arrays.array(name)
        except MemoryError as error:
            raise UnreadableFileError(
                "this array does not fit into memory", path=self.place(name)
            ) from error

    def read(self, name: str) -> bytes:
        """Return one array as a TIFF or ``.npy`` file; see `FileTree.read`."""
        with self._lock:
            content = self._kept.get(name)
        if content is None:
            content = _packed(self.array(name), self._element(name))
            with self._lock:
                self._kept[name] = content
                while len(self._kept) > 1 and self._kept_bytes() > _KEPT_BYTES:
                    self._kept.popitem(last=False)
        return content

    def size(self, name: str) -> int:
        """Size of the file that an array reads as."""
        return len(self.read(name))

    def local_path(self, name: str) -> Path | None:
        """None: arrays have no place of their own on disk."""
        return None

    def _kept_bytes(self) -> int:
        return sum(map(len, self._kept.values()))

    def _element(self, name: str) -> Element:
        try:
            return self._arrays.elements[name]
        except KeyError:
            raise UnreadableFileError(
                f"this MATLAB file has no array {name!r}", path=self.root
            ) from None


def _opened(source: Source, place: str, local: Path | None) -> _Arrays:
    if is_hdf(source.read_at(0, _HEAD)):
        return MatHdf(source, place, local)
    head = source.read_at(0, 128)
    if head[126:128] in (b"IM", b"MI"):
        return MatFive(source, place)
    raise UnreadableFileError(
        "a MATLAB file of version 5 or 7.3 was expected; this is neither",
        path=place,
        advice="Save it in MATLAB with -v7 or -v7.3, or download it again.",
    )


def is_picture_array(element: Element) -> bool:
    """Whether an array can be a picture, by its size."""
    colours = len(element.shape) == 2 or (
        len(element.shape) == 3 and element.shape[2] in (3, 4)
    )
    return colours and not element.text and min(element.shape[:2]) >= _SMALLEST_PICTURE


def _packed(array: np.ndarray, element: Element) -> bytes:
    import numpy as np
    import tifffile

    file = io.BytesIO()
    if not is_picture_array(element):
        np.save(file, array, allow_pickle=False)
        return file.getvalue()
    colour = array.ndim == 3
    tifffile.imwrite(
        file,
        array.view(np.uint8) if array.dtype == bool else array,
        photometric="rgb" if colour else "minisblack",
        metadata=None,
    )
    return file.getvalue()
