"""Pascal VOC, written: Annotations, ImageSets, JPEGImages and the two masks."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

from napari_cellsets.core.annotation import Boxes, ClassMask, LabelImage
from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.convert import (
    NO_CLASS,
    boxes_of,
    stack_of_labels,
)
from napari_cellsets.formats.containers.fit import fit_all
from napari_cellsets.formats.containers.palette import palette_with
from napari_cellsets.formats.containers.things import things
from napari_cellsets.formats.containers.voc.names import UNUSED
from napari_cellsets.formats.containers.voc.planes import CLASSES, OBJECTS, VOID
from napari_cellsets.formats.containers.writing import (
    Categories,
    pictures_of,
    write_palette_png,
    write_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from napari_cellsets.core.annotation import Colour
    from napari_cellsets.formats.containers.base import Marked
    from napari_cellsets.formats.containers.things import Thing

COUNTED = "boxes counted from 1"
"""What our files say of themselves, so that they are read back without a guess."""
MOST = 254
"""Largest number of an object or class in a mask."""
_DIGITS = 9


def write_voc(
    items: Iterable[Marked],
    out: Path,
    *,
    classes: Mapping[int, str],
    with_images: bool,
) -> list[Path]:
    """Write the folders of a VOC set and ``labelmap.txt`` with the classes.

    Boxes count from 1. A label image becomes two palette PNGs and a box an object.

    Parameters
    ----------
    items, out, classes, with_images
        As of `Form.write`.

    Raises
    ------
    ExportError
        If VOC cannot hold an annotation, or a file cannot be written.
    """
    fits = all(0 < key <= MOST for key in classes)
    writer = _Writer(out, Categories(classes, None if fits else 1))
    folder = out / "JPEGImages"
    for marked, stem, named in pictures_of(items, folder, with_images=with_images):
        writer.picture(marked, stem, named)
    return writer.finish()


class _Writer:
    def __init__(self, out: Path, table: Categories) -> None:
        self._out, self._table = out, table
        self._colours: dict[int, Colour] = {}
        self._stems: list[str] = []
        self._written: list[Path] = []
        self._masks: list[Path] = []

    def picture(self, marked: Marked, stem: str, named: str) -> None:
        self._stems.append(stem)
        found = fit_all(marked, FORMS["voc"])
        boxes = [a for a in found if isinstance(a, Boxes)]
        labels = [a for a in found if isinstance(a, LabelImage)]
        masks = [a for a in found if isinstance(a, ClassMask)]
        root = _head(marked, named, segmented=bool(labels or masks))
        for label_image in labels:
            self._objects(label_image, stem)
        for mask in () if labels else masks:  # else it says no more than the objects
            self._classes(mask, stem)
        for box in boxes or [boxes_of(stack_of_labels(a)) for a in labels]:
            for thing in things(box, self._table.given):
                _add_object(root, thing)
                self._table.id_of(thing.class_id, thing.label)
        indent(root)
        text = tostring(root, encoding="unicode") + "\n"
        path = self._out / "Annotations" / f"{stem}.xml"
        self._written.append(write_text(path, text))

    def finish(self) -> list[Path]:
        listing = "".join(f"{stem}\n" for stem in self._stems)
        path = self._out / "ImageSets" / "Main" / "all.txt"
        self._written.append(write_text(path, listing))
        text = _labelmap(self._table, self._colours)
        self._written.append(write_text(self._out / "labelmap.txt", text))
        return self._written + self._masks

    def _objects(self, found: LabelImage, stem: str) -> None:
        names = {**self._table.given, **found.class_names}
        present = np.unique(found.labels).tolist()
        number_of = {}
        for key in filter(None, present):
            class_id = found.class_of.get(key, NO_CLASS)
            label = names.get(class_id, str(class_id)) if class_id >= 0 else ""
            number_of[key] = self._table.id_of(class_id, label)
        self._keep_colours(found, names)
        self._plane(CLASSES, stem, found.labels, number_of)
        self._plane(OBJECTS, stem, found.labels, {key: key for key in present})

    def _classes(self, found: ClassMask, stem: str) -> None:
        names = {**self._table.given, **found.class_names}
        number_of = {VOID: VOID}
        for key in np.unique(found.classes).tolist():
            if key not in (0, VOID):
                number_of[key] = self._table.id_of(key, names.get(key, str(key)))
        self._keep_colours(found, names)
        self._plane(CLASSES, stem, found.classes, number_of)

    def _keep_colours(
        self, found: LabelImage | ClassMask, names: Mapping[int, str]
    ) -> None:
        for key, colour in found.class_colours.items():
            if key in names and key != VOID:
                self._colours[self._table.id_of(key, names[key])] = colour

    def _plane(
        self,
        kind: str,
        stem: str,
        values: np.ndarray,
        number_of: Mapping[int, int],
    ) -> None:
        lookup = np.zeros(256, np.uint8)
        for key, number in number_of.items():
            if number > MOST and key != VOID:
                raise ExportError(
                    f"the class {number} does not fit a palette of {MOST} classes",
                    path=stem,
                    advice="Choose COCO JSON.",
                )
            lookup[key] = number
        palette = palette_with({}) if kind == OBJECTS else palette_with(self._colours)
        path = self._out / kind / f"{stem}.png"
        self._masks.append(write_palette_png(path, lookup[values], palette))


def _head(marked: Marked, named: str, *, segmented: bool) -> Element:
    root = Element("annotation")
    SubElement(root, "folder").text = "JPEGImages"
    SubElement(root, "filename").text = named
    source = SubElement(root, "source")
    SubElement(source, "database").text = "napari-cellsets"
    SubElement(source, "annotation").text = COUNTED
    size = SubElement(root, "size")
    height, width = marked.size
    for key, value in (("width", width), ("height", height), ("depth", 3)):
        SubElement(size, key).text = str(value)
    SubElement(root, "segmented").text = str(int(segmented))
    return root


def _add_object(root: Element, thing: Thing) -> None:
    element = SubElement(root, "object")
    SubElement(element, "name").text = thing.label or "object"
    known = thing.properties
    SubElement(element, "pose").text = str(known.get("pose", "Unspecified"))
    for flag in ("truncated", "difficult", "occluded"):
        if flag != "occluded" or known.get(flag):
            SubElement(element, flag).text = str(int(bool(known.get(flag))))
    box = SubElement(element, "bndbox")
    top, left, low, right = thing.shape[0]
    edges = (left + 1.5, top + 1.5, right + 0.5, low + 0.5)
    if not np.isfinite(edges).all():
        raise ExportError("an edge of a box is not a finite number")
    for key, value in zip(("xmin", "ymin", "xmax", "ymax"), edges, strict=True):
        plain = round(float(value), _DIGITS)
        SubElement(box, key).text = str(int(plain) if plain == int(plain) else plain)


def _labelmap(table: Categories, colours: Mapping[int, Colour]) -> str:
    palette = palette_with(colours)
    rows = ["# name:colour:parts:actions", "background:0,0,0::"]
    for key in range(1, max(table.names, default=0) + 1):
        name = table.names.get(key, f"{UNUSED}{key}")
        red, green, blue = palette[key].tolist() if key <= MOST else (0, 0, 0)
        rows.append(f"{name.replace(':', ' ')}:{red},{green},{blue}::")
    return "\n".join([*rows, ""])
