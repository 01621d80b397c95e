"""COCO panoptic: a JSON of segments and, for each picture, a PNG of their ids.

The ids are packed into colours: R + 256 G + 65,536 B. Some tools write them in
another order (the one of CCAgT R + 65,536 G + 256 B); which order fits is told by
the ids that the JSON names for the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.annotation import LabelImage
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.codecs import read_plane
from napari_cellsets.formats.containers.coco.categories import (
    categories_of,
    grouped,
    items_of,
)
from napari_cellsets.formats.containers.reading import (
    Notes,
    find_beside,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellsets.core.annotation import Annotation, Colour
    from napari_cellsets.formats.containers.base import Container, Item
    from napari_cellsets.formats.files import FileTree, Problem

PACKINGS: Mapping[str, tuple[int, int, int]] = {
    "coco": (1, 1 << 8, 1 << 16),
    "ccagt": (1, 1 << 16, 1 << 8),
    "reversed": (1 << 16, 1 << 8, 1),
}
"""What red, green and blue count for in an id; asked in this order."""
MOST_ID = (1 << 24) - 1
"""Largest id that a colour holds."""


@dataclass(frozen=True, slots=True)
class PanopticFile:
    """An opened panoptic file; the PNGs are read on demand."""

    key: str
    items: Sequence[Item]
    classes: Mapping[int, str]
    colours: Mapping[int, Colour]
    tree: FileTree
    source: str
    entries: Sequence[Any]
    of_item: Sequence[Sequence[int]]
    class_keys: Mapping[Any, int]
    notes: Notes
    packing: str | None = None

    @property
    def problems(self) -> Sequence[Problem]:
        """What could not be understood so far."""
        return self.notes.problems

    def read(
        self, index: int, size: tuple[int, int] | None = None
    ) -> tuple[Annotation, ...]:
        """Decode the segments of one picture; see `Container.read`."""
        if not self.of_item[index]:
            return ()
        where = self.of_item[index][0]
        entry = self.entries[where]
        class_of = self._segments(entry, f"annotations[{where}]")
        wanted = str(entry.get("file_name") or self.items[index].name)
        stem = self.source.rpartition("/")[2].rpartition(".")[0]
        name = find_beside(self.tree, self.source, wanted, (stem,), (".png",))
        if name is None:
            raise UnreadableFileError(
                f"the picture of segments {wanted!r} is missing",
                path=self.tree.place(self.source),
                advice=f"Put it into the folder {stem!r} beside the JSON.",
            )
        ids = self._ids(name, class_of)
        labels = np.where(np.isin(ids, list(class_of)), ids, 0).astype(np.int32)
        self._compare(ids, class_of, name)
        return (LabelImage(labels, name, self.classes, class_of, self.colours),)

    def _segments(self, entry: Any, where: str) -> dict[int, int]:
        """Class of each segment id."""
        found: dict[int, int] = {}
        segments = entry.get("segments_info")
        for at, segment in enumerate(segments if isinstance(segments, list) else ()):
            try:
                number = segment["id"]
                if type(number) is not int or not 0 < number <= MOST_ID:
                    raise KeyError
                found[number] = self.class_keys[segment["category_id"]]
            except (KeyError, TypeError):
                said = "it has no id that a colour can hold, or an unknown class"
                self.notes.add(f"{where}.segments_info[{at}]", said)
        return found

    def _ids(self, name: str, class_of: Mapping[int, int]) -> np.ndarray:
        pixels = read_plane(self.tree, name)
        if pixels.ndim == 2:  # a tool that writes small ids as plain grey
            return pixels.astype(np.int64)
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
            raise UnreadableFileError(
                "a picture of segments has three channels of 8 bits",
                path=self.tree.place(name),
            )
        packed = _packed_ids(pixels, PACKINGS["coco"])
        there = np.unique(packed)
        colours = colours_of(there)
        asked = [self.packing] if self.packing else list(PACKINGS)
        hits = {
            key: int(np.isin(_packed_ids(colours, PACKINGS[key]), list(class_of)).sum())
            for key in asked
        }
        best = max(hits, key=lambda key: hits[key])
        return packed if best == "coco" else _packed_ids(pixels, PACKINGS[best])

    def _compare(self, ids: np.ndarray, known: Mapping[int, int], name: str) -> None:
        there = set(np.unique(ids).tolist()) - {0}
        for number in sorted(there - set(known))[:20]:
            self.notes.add(name, f"the segment {number} is not in the JSON")
        for number in sorted(set(known) - there)[:20]:
            self.notes.add(name, f"the segment {number} has no pixel")


def open_panoptic(
    data: Any, tree: FileTree, name: str, packing: str | None = None
) -> Container:
    """Open parsed JSON as COCO panoptic.

    Parameters
    ----------
    data
        The JSON.
    tree, name
        Where it lies.
    packing
        Key of `PACKINGS`; None to let the ids of each picture tell.

    Raises
    ------
    UnreadableFileError
        If it is some other JSON.
    """
    entries = data.get("annotations") if isinstance(data, dict) else None
    if not isinstance(entries, list):
        raise UnreadableFileError(
            "this JSON has no list of annotations, so it is no panoptic file",
            path=tree.place(name),
        )
    notes = Notes(name, tree.place(name))
    images = data.get("images")
    if not isinstance(images, list):  # then only the PNGs are named
        images = [
            {"id": entry.get("image_id"), "file_name": entry.get("file_name")}
            for entry in entries
            if isinstance(entry, dict)
        ]
    items, ids = items_of(images, notes)
    classes, keys, colours, _ = categories_of(data.get("categories"), notes)
    of_item = grouped(entries, items, ids, notes)
    return PanopticFile(
        "coco-panoptic",
        items,
        classes,
        colours,
        tree,
        name,
        entries,
        of_item,
        keys,
        notes,
        packing,
    )


def _packed_ids(pixels: np.ndarray, weights: tuple[int, int, int]) -> np.ndarray:
    """Ids of colours: int32, without the last axis."""
    red, green, blue = (pixels[..., at].astype(np.int32) for at in range(3))
    found: np.ndarray = red * weights[0] + green * weights[1] + blue * weights[2]
    return found


def colours_of(labels: np.ndarray) -> np.ndarray:
    """Colours of ids: uint8, a last axis of red, green and blue."""
    parts = [(labels >> shift) & 255 for shift in (0, 8, 16)]
    return np.stack(parts, axis=-1).astype(np.uint8)
