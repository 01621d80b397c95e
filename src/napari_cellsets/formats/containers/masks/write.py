"""Masks, written: a picture each, and tables for what pixels cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from napari_cellsets.core.annotation import ClassMask, LabelImage, MaskStack
from napari_cellsets.formats.atomic import atomic_output
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.convert import NO_CLASS
from napari_cellsets.formats.containers.fit import fit_all
from napari_cellsets.formats.containers.masks.tables import (
    CLASSES_NAME,
    OBJECTS_END,
    write_classes,
    write_objects,
)
from napari_cellsets.formats.containers.palette import palette_with
from napari_cellsets.formats.containers.writing import (
    pictures_of,
    write_palette_png,
)
from napari_cellsets.formats.labels_io import (
    write_grey_png,
    write_grey_tiff,
    write_label_png,
    write_label_tiff,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from napari_cellsets.core.annotation import Annotation, Colour
    from napari_cellsets.formats.containers.base import Marked

FOLDERS = {
    "instances": "masks",
    "instances-png": "masks",
    "binary-mask": "binary_masks",
    "class-mask": "class_masks",
    "mask-stack": "mask_stacks",
}
"""Where masks lie beside ``images``: what they mean cannot be seen in them."""
_Kind = TypeVar("_Kind", LabelImage, ClassMask, MaskStack)


def write_instances_tiff(
    items: Iterable[Marked],
    out: Path,
    *,
    classes: Mapping[int, str],
    with_images: bool,
) -> list[Path]:
    """Write ``masks/<picture>.tif`` and a table where objects have classes."""
    put = write_label_tiff
    return _write_labels("instances", ".tif", put, items, out, classes, with_images)


def write_instances_png(
    items: Iterable[Marked],
    out: Path,
    *,
    classes: Mapping[int, str],
    with_images: bool,
) -> list[Path]:
    """Write ``masks/<picture>.png`` and a table where objects have classes."""
    put = write_label_png
    return _write_labels("instances-png", ".png", put, items, out, classes, with_images)


def write_binary(
    items: Iterable[Marked],
    out: Path,
    *,
    classes: Mapping[int, str],
    with_images: bool,
) -> list[Path]:
    """Write ``binary_masks/<picture>.png`` of 0 and 255."""

    def put(path: Path, labels: np.ndarray) -> None:
        write_grey_png(path, (labels > 0).astype(np.uint8) * np.uint8(255))

    return _write_labels("binary-mask", ".png", put, items, out, classes, with_images)


def write_class_masks(
    items: Iterable[Marked],
    out: Path,
    *,
    classes: Mapping[int, str],
    with_images: bool,
) -> list[Path]:
    """Write ``class_masks/<picture>.png`` with a palette, and ``classes.csv``."""
    names, written = dict(classes), []
    colours: dict[int, Colour] = {}
    for marked, stem, found in _each("class-mask", ClassMask, items, out, with_images):
        plane = np.zeros(marked.size, np.uint8)
        if found is not None:
            plane = found.classes.astype(np.uint8)
            names |= found.class_names
            colours.update(found.class_colours)
        path = out / FOLDERS["class-mask"] / f"{stem}.png"
        written.append(write_palette_png(path, plane, palette_with(colours)))
    table = {key: colours.get(key, _colour(key)) for key in names}
    written.append(write_classes(out / CLASSES_NAME, names, table))
    return written


def write_stacks(
    items: Iterable[Marked],
    out: Path,
    *,
    classes: Mapping[int, str],
    with_images: bool,
) -> list[Path]:
    """Write ``mask_stacks/<picture>.tif``, a page an object, and a table of them."""
    written, names = [], dict(classes)
    for marked, stem, found in _each("mask-stack", MaskStack, items, out, with_images):
        path = out / FOLDERS["mask-stack"] / f"{stem}.tif"
        _write_pages(path, marked.size, found)
        written.append(path)
        if found is not None:
            names |= found.class_names
            labels = range(1, len(found.masks) + 1)
            ids = () if found.class_ids is None else found.class_ids.tolist()
            class_of = {
                at: key for at, key in zip(labels, ids, strict=False) if key != NO_CLASS
            }
            beside = path.with_name(f"{path.stem}{OBJECTS_END}")
            written.append(write_objects(beside, labels, class_of, names))
    if names:
        written.append(write_classes(out / CLASSES_NAME, names, {}))
    return written


def _write_labels(
    key: str,
    suffix: str,
    put: Callable[[Path, np.ndarray], object],
    items: Iterable[Marked],
    out: Path,
    classes: Mapping[int, str],
    with_images: bool,
) -> list[Path]:
    written, names = [], dict(classes)
    colours: dict[int, Colour] = {}
    for marked, stem, found in _each(key, LabelImage, items, out, with_images):
        path = out / FOLDERS[key] / f"{stem}{suffix}"
        put(path, np.zeros(marked.size, np.int32) if found is None else found.labels)
        written.append(path)
        if found is not None and found.class_of:
            names |= found.class_names
            colours.update(found.class_colours)
            known = _known_classes(key, found)
            beside = path.with_name(f"{path.stem}{OBJECTS_END}")
            written.append(write_objects(beside, sorted(known), known, names))
    if names:
        written.append(write_classes(out / CLASSES_NAME, names, colours))
    return written


def _known_classes(key: str, found: LabelImage) -> dict[int, int]:
    """Class of each label in the file; a binary mask numbers its objects anew."""
    known = {label: c for label, c in found.class_of.items() if c != NO_CLASS}
    if key != "binary-mask" or not known:
        return known
    (only,) = set(known.values())
    return dict.fromkeys(
        range(1, len(np.unique(found.labels[found.labels > 0])) + 1), only
    )


def _each(
    key: str,
    kind: type[_Kind],
    items: Iterable[Marked],
    out: Path,
    with_images: bool,
) -> Iterator[tuple[Marked, str, _Kind | None]]:
    """Give each picture with its stem and its one annotation, fitted."""
    fitted: dict[str, tuple[Annotation, ...]] = {}

    def fitting() -> Iterator[Marked]:
        for marked in items:
            fitted[marked.name] = fit_all(marked, FORMS[key])
            yield marked

    folder = out / "images"
    for marked, stem, _ in pictures_of(fitting(), folder, with_images=with_images):
        found = [one for one in fitted.pop(marked.name) if isinstance(one, kind)]
        yield marked, stem, found[0] if found else None


def _write_pages(path: Path, size: tuple[int, int], found: MaskStack | None) -> None:
    import tifffile

    if found is None or not len(found.masks):
        write_grey_tiff(path, np.zeros(size, np.uint8))
        return
    with atomic_output(path) as aside, tifffile.TiffWriter(aside) as tiff:
        for mask, (row, column) in zip(
            found.masks, found.corners.tolist(), strict=True
        ):
            page = np.zeros(found.shape, np.uint8)
            window = page[row : row + mask.shape[0], column : column + mask.shape[1]]
            window[mask] = 255
            tiff.write(
                page, compression="zlib", photometric="minisblack", metadata=None
            )


def _colour(key: int) -> Colour:
    palette = palette_with({})
    red, green, blue = palette[key % len(palette)].tolist()
    return red, green, blue
