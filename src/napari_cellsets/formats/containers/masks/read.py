"""Read masks: labels, one binary mask, classes with colours, stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.annotation import LabelImage, MaskStack
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.codecs import read_plane, read_shape
from napari_cellsets.formats.containers.base import Container, Item, Opened
from napari_cellsets.formats.containers.gather import MASKS_BYTES
from napari_cellsets.formats.containers.masks.colours import read_classes
from napari_cellsets.formats.containers.masks.tables import (
    classes_of,
    listed_objects,
    objects_of,
)
from napari_cellsets.formats.containers.outlines import trimmed
from napari_cellsets.formats.containers.reading import Notes
from napari_cellsets.formats.labels_io import as_labels
from napari_cellsets.formats.tiff import read_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_cellsets.core.annotation import Annotation, Colour
    from napari_cellsets.formats.files import FileTree


def _opened(
    key: str,
    tree: FileTree,
    name: str,
    read: Callable[[dict[int, str], dict[int, Colour], Notes], Annotation],
) -> Container:
    """Open a mask: its size and classes now, its pixels on demand."""
    shape = read_shape(tree, name)
    notes = Notes(name, tree.place(name))
    names, colours = classes_of(tree, name, notes)

    def decode(
        index: int, size: tuple[int, int] | None = None
    ) -> tuple[Annotation, ...]:
        if index:
            raise IndexError(index)
        return (read(names, colours, notes),)

    items = [Item("", (shape[-2], shape[-1]))]
    return Opened(key, items, decode, names, colours, notes.problems)


def open_instances(tree: FileTree, name: str) -> Container:
    """Open a picture of labels."""

    def read(
        names: dict[int, str], colours: dict[int, Colour], notes: Notes
    ) -> Annotation:
        labels = as_labels(read_plane(tree, name), tree.place(name))
        class_of, more = objects_of(tree, name, notes)
        return LabelImage(labels, name, names | more, class_of, colours)

    return _opened("instances", tree, name, read)


def open_binary(tree: FileTree, name: str) -> Container:
    """Open a mask of which each connected part is an object."""

    def read(
        names: dict[int, str], colours: dict[int, Colour], notes: Notes
    ) -> Annotation:
        from scipy import ndimage

        plane = as_labels(read_plane(tree, name), tree.place(name))
        near = np.ones((3,) * plane.ndim)
        if plane.ndim == 3:
            near[[0, 2]] = 0
        labels, _ = ndimage.label(plane > 0, near)
        class_of, more = objects_of(tree, name, notes)
        return LabelImage(
            labels.astype(np.int32), name, names | more, class_of, colours
        )

    return _opened("binary-mask", tree, name, read)


def open_classes(tree: FileTree, name: str) -> Container:
    """Open a picture of class ids or of their colours."""

    def read(
        names: dict[int, str], colours: dict[int, Colour], notes: Notes
    ) -> Annotation:
        return read_classes(tree, name, names, colours)

    return _opened("class-mask", tree, name, read)


def open_stack(tree: FileTree, name: str) -> Container:
    """Open a TIFF of a page an object."""

    def read(
        names: dict[int, str], colours: dict[int, Colour], notes: Notes
    ) -> Annotation:
        *_, height, width = read_shape(tree, name)
        return _stack(tree, name, (height, width), (names, colours), notes)

    return _opened("mask-stack", tree, name, read)


def _stack(
    tree: FileTree,
    name: str,
    size: tuple[int, int],
    table: tuple[dict[int, str], dict[int, Colour]],
    notes: Notes,
) -> MaskStack:
    class_of, more = objects_of(tree, name, notes)
    listed = set(listed_objects(tree, name, notes))
    masks, corners, labels, kept = [], [], [], 0
    for label, page in enumerate(_pages(tree, name), 1):
        if page.shape != size:
            notes.add(f"page {label}", f"it has the size {page.shape}, not {size}")
            continue
        mask, corner = trimmed(page != 0, (0, 0))
        if not mask.size and label not in listed:
            continue
        kept += mask.size
        if kept > MASKS_BYTES:
            raise UnreadableFileError(
                "the masks of this stack take too much memory", path=tree.place(name)
            )
        masks.append(mask.copy())
        corners.append(corner)
        labels.append(label)
    ids = np.array([class_of.get(label, -1) for label in labels], np.int64)
    return MaskStack(
        masks,
        np.array(corners, np.int64).reshape(-1, 2),
        size,
        name,
        table[0] | more,
        ids if class_of else None,
        table[1],
    )


def _pages(tree: FileTree, name: str) -> Iterator[np.ndarray]:
    local = tree.local_path(name)
    source = tree.read(name) if local is None else local
    return read_pages(source, tree.size(name), tree.place(name))
