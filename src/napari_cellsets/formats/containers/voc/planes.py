"""SegmentationObject and SegmentationClass: palette PNGs whose indices count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.annotation import ClassMask, LabelImage
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.codecs import read_plane, read_shape
from napari_cellsets.formats.containers.base import Container, Item, Opened
from napari_cellsets.formats.containers.palette import voc_palette
from napari_cellsets.formats.containers.reading import files_of
from napari_cellsets.formats.containers.voc.names import class_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellsets.core.annotation import Annotation, Colour
    from napari_cellsets.formats.files import FileTree

OBJECTS, CLASSES = "SegmentationObject", "SegmentationClass"
_FOLDERS = (OBJECTS, CLASSES, "Annotations", "JPEGImages")
VOID = 255
"""Index of borders that belong to no class."""


def is_voc_plane(name: str, head: bytes) -> bool:
    """Whether a file is a PNG in one of the two folders."""
    folders = name.replace("\\", "/").split("/")[:-1]
    png = head.startswith(b"\x89PNG")
    return png and (OBJECTS in folders or CLASSES in folders)


def open_plane(tree: FileTree, name: str) -> Container:
    """Open one PNG of the two; the other is found beside it."""
    table = class_table(tree, name, ())
    shape = read_shape(tree, name)
    stem = name.rpartition("/")[2].rpartition(".")[0]

    def read(index: int, size: tuple[int, int] | None = None) -> tuple[Annotation, ...]:
        if index:
            raise IndexError(index)
        return planes_of(tree, name, table.names, table.colours)

    items = [Item(stem, (shape[-2], shape[-1]))]
    return Opened("voc", items, read, table.names, table.colours)


def planes_of(
    tree: FileTree,
    near: str,
    names: Mapping[int, str],
    colours: Mapping[int, Colour],
) -> tuple[Annotation, ...]:
    """Read the masks of the picture that a file belongs to.

    Returns
    -------
    tuple of Annotation
        A label image where there is one of objects, with the class that most
        pixels of each object have; else a class mask; else nothing. Void borders
        are no object; in a class mask they keep the number 255.

    Raises
    ------
    UnreadableFileError
        If a mask is damaged, or the two do not fit each other.
    """
    objects, classes = (_plane(tree, near, kind) for kind in (OBJECTS, CLASSES))
    if objects is None:
        if classes is None:
            return ()
        known = dict(names)
        if (classes == VOID).any():
            known.setdefault(VOID, "void")
        return (ClassMask(classes, near, known, colours),)
    class_of: dict[int, int] = {}
    if classes is not None:
        if classes.shape != objects.shape:
            raise UnreadableFileError(
                f"the masks of objects and of classes have the sizes {objects.shape} "
                f"and {classes.shape}",
                path=tree.place(near),
            )
        class_of = _class_of(objects, classes)
    labels = np.where(objects == VOID, 0, objects).astype(np.int32)
    return (LabelImage(labels, near, names, class_of, colours),)


def _plane(tree: FileTree, near: str, kind: str) -> np.ndarray | None:
    name = _plane_name(tree, near, kind)
    if name is None:
        return None
    plane = read_plane(tree, name)
    return plane if plane.ndim == 2 else _indices(plane, tree.place(name))


def _indices(pixels: np.ndarray, place: str) -> np.ndarray:
    """Numbers of the challenge's colours, where a program wrote RGB for a palette."""
    weights = np.array([1 << 16, 1 << 8, 1])
    if pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3:
        numbers = {key: at for at, key in enumerate((voc_palette() @ weights).tolist())}
        present, index = np.unique(pixels @ weights, return_inverse=True)
        known = [numbers.get(key) for key in present.tolist()]
        if None not in known:
            return np.array(known, np.uint8)[index].reshape(pixels.shape[:2])
    raise UnreadableFileError(
        "a palette picture was expected, this one has other colours",
        path=place,
        advice="Take the original file, not one that was saved again.",
    )


def _plane_name(tree: FileTree, near: str, kind: str) -> str | None:
    """The mask of the same stem, below the same set, in the same sub-folder if any."""
    folders, _, base = near.rpartition("/")
    stem = base.rpartition(".")[0].lower()
    home, beneath = _split(folders)
    found = []
    for name in files_of(tree).get(f"{stem}.png", ()):
        place = name.rpartition("/")[0]
        root, below = _split(place)
        if kind in place.split("/") and root == home:
            found.append((below != beneath, len(name), name))
    return min(found)[2] if found else None


def _split(folders: str) -> tuple[str, str]:
    """Folder of the set, and the folders below ``Annotations`` and its like."""
    parts = folders.split("/")
    for at, part in enumerate(parts):
        if part in _FOLDERS:
            return "/".join(parts[:at]), "/".join(parts[at + 1 :])
    return "/".join(parts[:-1]), ""


def _class_of(objects: np.ndarray, classes: np.ndarray) -> dict[int, int]:
    """Class that most pixels of each object have."""
    inside = (objects != 0) & (objects != VOID) & (classes != VOID)
    joint = objects[inside].astype(np.int64) << 16 | classes[inside]
    pairs, counts = np.unique(joint, return_counts=True)
    most = np.argsort(counts, kind="stable")
    return {int(pair) >> 16: int(pair) & 0xFFFF for pair in pairs[most]}
