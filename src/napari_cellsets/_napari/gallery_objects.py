"""Every marked object of a picture or of a set as an item of the gallery."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_cellsets._napari.class_colours import class_colours
from napari_cellsets._napari.gallery_facts import CLASS, SPLIT, Column, FactTable
from napari_cellsets._napari.gallery_items import Card
from napari_cellsets._napari.thumbnails import picture_key
from napari_cellsets.batch.corrected import corrected_with_times
from napari_cellsets.core.annotation import (
    Boxes,
    LabelImage,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.thumbnails import in_colour, shrunk
from napari_cellsets.store import Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from napari.components import ViewerModel
    from napari.layers import Image
    from numpy.typing import NDArray

    from napari_cellsets._napari.browsing import Marks
    from napari_cellsets._napari.gallery_classes import PictureClasses
    from napari_cellsets._napari.gallery_items import Make
    from napari_cellsets._napari.thumbnails import ThumbnailCache
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import Project

    Box = tuple[float, float, float, float]

IMAGE, AREA = "image", "area"
#: Around an object so much of it is shown too; around a point so many pixels.
_AROUND, _OF_POINT = 0.25, 24
#: Numbers of objects of one kind of annotation; those of the next follow.
_APART = 1_000_000
#: The layer of cells that were counted; it is no annotation.
_COUNTED = "cells"
#: Pictures kept decoded while their objects are cut out.
_PICTURES = 4


class Crop(NamedTuple):
    """One object.

    Parameters
    ----------
    sample
        Index of its sample.
    number
        Its label where it has one, else its place among those of its kind.
    name
        Its class, empty where it has none.
    box
        Upper, left, lower and right edge, px; pixel centres at integers.
    area
        In pixels; NaN for what encloses nothing.
    """

    sample: int
    number: int
    name: str
    box: Box
    area: float


def read_objects(
    dataset: Dataset,
    samples: Sequence[int],
    token: CancelToken,
    progress: Progress,
    cache: ThumbnailCache | None = None,
    project: Project | None = None,
) -> list[Crop]:
    """Find all objects of samples, as corrected; for any thread.

    Parameters
    ----------
    dataset, samples
        Whose objects: indices.
    token, progress
        Asked and told before each sample.
    cache
        Where what was found before is kept; None to look at all anew.
    project
        Where corrections are kept; None to look at the files alone.

    Raises
    ------
    StoreError
        If the store cannot be read.
    CancelledError
        If the token says so.
    """
    found = []
    corrected = set() if project is None else _corrected(dataset, project)
    for done, index in enumerate(samples):
        token.raise_if_cancelled()
        progress(done / len(samples), f"{done:,} of {len(samples):,} images")
        sample = dataset.samples[index]
        by_people = project if sample.name in corrected else None
        make = partial(_listed, dataset, sample, by_people)
        # what people corrected changes while its files stay the same
        files = None if cache is None or by_people else _files(dataset, sample)
        said = make() if cache is None or not files else cache.text(files, make)
        for number, name, box, area in json.loads(said):
            found.append(Crop(index, number, name, tuple(box), area))
    return found


def _corrected(dataset: Dataset, project: Project) -> set[str]:
    """Return the names of samples of which annotations may be corrected."""
    kept = project.kept_samples(dataset.identity, without=_COUNTED)
    return kept | project.marked_samples(dataset.identity, classes=False)


def _listed(dataset: Dataset, sample: Sample, project: Project | None) -> str:
    """Find the objects of a sample: number, class, box, area of each, as JSON."""
    return json.dumps(
        [
            (_numbered(place, own[number - 1] if own else number), name, box, area)
            for place, one, own in _annotations(dataset, sample, project)
            for number, name, box, area in _objects(one)
        ]
    )


def _numbered(place: int, number: int) -> int:
    """Return a number that no object of another annotation has."""
    # one that somebody added has a large number of its own already
    return place * _APART + number if number < _APART else number


def _annotations(
    dataset: Dataset, sample: Sample, project: Project | None
) -> Iterator[tuple[int, Annotation, tuple[int, ...]]]:
    """Give the annotations of a sample: place in its files, what, its numbers."""
    if project is None:
        for place, one in enumerate(dataset.read_annotations(sample)):
            yield place, one, ()
        return
    named = dataset.read_named(sample)
    places: dict[tuple[str, type], int] = {}
    for place, before in enumerate(named):
        places.setdefault((before.name, type(before.annotation)), place)
    for now in corrected_with_times(dataset, project, sample):
        # what people began follows what the files have
        which = (now.name, type(now.annotation))
        place = places.setdefault(which, max(places.values(), default=-1) + 1)
        yield place, now.annotation, now.numbers


def _files(dataset: Dataset, sample: Sample) -> str:
    """Say on which files the objects of a sample depend; empty where nobody knows."""
    told = []
    for name in sample.annotations:
        try:
            file = dataset.tree.local_path(name) or dataset.path
            told.append(f"{name}|{dataset.tree.size(name)}|{file.stat().st_mtime_ns}")
        except (CellsetsError, OSError):
            return ""  # reading them tells what is wrong
    return "|".join(("objects", dataset.identity, sample.name, *told)) if told else ""


class ObjectItems:
    """Objects of samples.

    Parameters
    ----------
    dataset
        Where they are.
    crops
        As of `read_objects`.
    """

    noun = "objects"

    def __init__(self, dataset: Dataset, crops: Sequence[Crop]) -> None:
        self.dataset = dataset
        self.crops = crops
        names = [dataset.samples[crop.sample].name for crop in crops]
        splits = [dataset.samples[crop.sample].split for crop in crops]
        self._table = FactTable(
            [f"{n} #{c.number}" for n, c in zip(names, crops, strict=True)],
            {
                CLASS: Column.of([crop.name for crop in crops]),
                SPLIT: Column.of(splits),
                IMAGE: Column.of(names),
            },
            {AREA: np.array([crop.area for crop in crops], np.float64)},
        )
        classes = self._table.columns[CLASS].values
        self.colours = dict(zip(classes, class_colours(len(classes)), strict=True))

    @property
    def table(self) -> FactTable:
        """Class, split, image and area of each."""
        return self._table

    def __len__(self) -> int:
        return len(self.crops)

    def set_marks(self, _marks: Marks) -> None:
        """Know nothing of counts: they are of whole samples."""

    def set_classes(self, _classes: PictureClasses) -> None:
        """Know nothing of classes of whole pictures."""

    def card(self, item: int) -> Card:
        """Return what is written of an object."""
        crop = self.crops[item]
        area = "" if np.isnan(crop.area) else f"{crop.area:,.0f} px"
        line = " · ".join(filter(None, (crop.name, area)))
        title = self._table.names[item]
        colour = self.colours.get(crop.name, "")
        return Card(title, line, colour, details=f"{title}\n{line}")

    def maker(self, cache: ThumbnailCache, size: int) -> Make:
        """Return a function that cuts an object out of its picture, or has it kept."""
        cut, samples = Cutter(self.dataset, self.crops, size), self.dataset.samples
        pictures: dict[int, str] = {}

        def make(item: int) -> NDArray[np.uint8]:
            crop = self.crops[item]
            if crop.sample not in pictures:
                pictures[crop.sample] = picture_key(self.dataset, samples[crop.sample])
            depends_on = f"{pictures[crop.sample]}|{crop.box}|{size}"
            return cache.picture(depends_on, partial(cut, item))

        return make

    def subjects(self) -> list[Subject]:
        """Return what verdicts on them are about."""
        samples = self.dataset.samples
        return [Subject(samples[c.sample].name, c.number, "truth") for c in self.crops]

    def sample_of(self, item: int) -> int:
        """Return the index of the sample where an object is."""
        return self.crops[item].sample

    def box_of(self, item: int) -> Box:
        """Return where an object is in its picture."""
        return self.crops[item].box


def look_at(viewer: ViewerModel, layer: Image, box: Box) -> None:
    """Put the middle of a box, in pixels of a layer, into the middle of the view."""
    scale = np.asarray(layer.scale)[-2:]
    middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    y, x = middle * scale + np.asarray(layer.translate)[-2:]
    camera = viewer.scene.camera
    camera.center = (*tuple(camera.center)[:-2], float(y), float(x))


class Cutter:
    """Cuts objects out of their pictures, in any thread.

    Parameters
    ----------
    dataset, crops, size
        Of whom; longer edge in px.
    """

    def __init__(self, dataset: Dataset, crops: Sequence[Crop], size: int) -> None:
        self._dataset, self._crops, self._size = dataset, crops, size
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, NDArray[np.uint8]] = OrderedDict()

    def __call__(self, item: int) -> NDArray[np.uint8]:
        """Return an object with a margin, uint8 (y, x, 3).

        Raises
        ------
        CellsetsError
            If its picture cannot be read.
        """
        crop = self._crops[item]
        pixels = self._picture(crop.sample)
        top, left, bottom, right = crop.box
        side = max(bottom - top, right - left) * (1 + 2 * _AROUND)
        middle = ((top + bottom) / 2, (left + right) / 2)
        cut = tuple(
            slice(*_span(centre, side, length))
            for centre, length in zip(middle, pixels.shape, strict=False)
        )
        return shrunk(np.ascontiguousarray(pixels[cut]), self._size)

    def _picture(self, sample: int) -> NDArray[np.uint8]:
        with self._lock:  # two workers on one picture decode it once
            if sample not in self._kept:
                found = self._dataset.read_picture(self._dataset.samples[sample])
                self._kept[sample] = in_colour(found)
            self._kept.move_to_end(sample)
            while len(self._kept) > _PICTURES:
                self._kept.popitem(last=False)
            return self._kept[sample]


def _span(centre: float, side: float, length: int) -> tuple[int, int]:
    """First pixel and end of a span around a centre, inside the picture."""
    first = min(max(0, round(centre - side / 2)), max(0, length - 1))
    return first, max(first + 1, min(length, round(centre + side / 2) + 1))


def _objects(found: Annotation) -> Iterator[tuple[int, str, Box, float]]:
    """Number, class, box and area of each object of one annotation."""
    if isinstance(found, LabelImage):
        yield from _labelled(found)
    elif isinstance(found, MaskStack | Polygons | Boxes | Points):
        names = _names(found)
        for place, (box, area) in enumerate(_boxed(found)):
            yield place + 1, names[place] if names else "", box, area


def _labelled(found: LabelImage) -> Iterator[tuple[int, str, Box, float]]:
    from scipy.ndimage import find_objects

    only = next(iter(found.class_names.values()), "")
    shared = only if len(found.class_names) == 1 else ""
    areas = np.bincount(found.labels.ravel())
    for label, spans in enumerate(find_objects(found.labels), start=1):
        if spans is None:
            continue
        rows, columns = spans[-2:]
        box = (rows.start, columns.start, rows.stop - 1, columns.stop - 1)
        name = found.class_names.get(found.class_of.get(label, 0), shared)
        yield label, name, box, float(areas[label])


def _boxed(
    found: MaskStack | Polygons | Boxes | Points,
) -> Iterable[tuple[Box, float]]:
    if isinstance(found, MaskStack):
        for mask, (y, x) in zip(found.masks, found.corners.tolist(), strict=True):
            height, width = mask.shape
            yield (y, x, y + height - 1, x + width - 1), float(mask.sum())
    elif isinstance(found, Polygons):
        for parts in found.outlines:
            rings = np.concatenate([part[0] for part in parts])
            (y0, x0), (y1, x1) = rings.min(axis=0), rings.max(axis=0)
            yield (y0, x0, y1, x1), sum(map(_enclosed, parts))
    elif isinstance(found, Boxes):
        for y0, x0, y1, x1 in found.yxyx.tolist():
            yield (y0, x0, y1, x1), (y1 - y0) * (x1 - x0)
    else:
        for y, x in found.yx.tolist():
            around = (y - _OF_POINT, x - _OF_POINT, y + _OF_POINT, x + _OF_POINT)
            yield around, float("nan")


def _names(found: MaskStack | Polygons | Boxes | Points) -> list[str]:
    if found.class_ids is not None:
        return [found.class_names.get(one, "") for one in found.class_ids.tolist()]
    only = list(found.class_names.values())
    many = len(found.yx if isinstance(found, Points) else list(_boxed(found)))
    return only * many if len(only) == 1 else []


def _enclosed(part: Sequence[NDArray[np.float64]]) -> float:
    """Area of an outer ring without its holes, by the shoelace formula."""
    areas = []
    for ring in part:
        y, x = ring[:, 0], ring[:, 1]
        areas.append(abs(float(y @ np.roll(x, -1) - x @ np.roll(y, -1))) / 2)
    return areas[0] - sum(areas[1:]) if areas else 0.0
