"""Objects of every kind are found, named, measured and cut out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from annotated_sets import write_annotated_set
from napari_cellsets._napari.gallery_objects import (
    Crop,
    Cutter,
    ObjectItems,
    read_objects,
)
from napari_cellsets._napari.thumbnails import ThumbnailCache
from napari_cellsets.catalogue import Dataset, open_dataset
from napari_cellsets.core.annotation import (
    Boxes,
    ClassMask,
    ImageClass,
    LabelImage,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError
from napari_cellsets.formats.packing import pack
from napari_cellsets.store import (
    LabelDelta,
    Mark,
    MarkKey,
    Project,
    Subject,
    further_layer,
)
from small_sets import labels_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cellsets.core.annotation import Annotation

RING = np.array([[0.0, 0.0], [0.0, 10.0], [20.0, 10.0], [20.0, 0.0]])
HOLE = np.array([[2.0, 2.0], [2.0, 4.0], [4.0, 4.0], [4.0, 2.0]])
NAMES = {1: "nucleus", 2: "debris"}


def silent(_fraction: float, _text: str) -> None:
    """Hear of progress."""


def found_in(
    set_path: Path, monkeypatch: pytest.MonkeyPatch, *marked: Annotation
) -> list[Crop]:
    monkeypatch.setattr(Dataset, "read_annotations", lambda *_: marked)
    return read_objects(open_dataset(set_path), [0], CancelToken(), silent)


def test_labels_are_objects_with_class_box_and_area(
    set_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = LabelImage(labels_of(0), "", NAMES, {1: 2, 2: 1})
    assert found_in(set_path, monkeypatch, labels) == [
        Crop(0, 1, "debris", (4, 4, 11, 13), 80.0),
        Crop(0, 2, "nucleus", (24, 30, 35, 43), 168.0),
    ]


def test_labels_of_one_class_have_its_name(
    set_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = LabelImage(labels_of(0), "", {1: "neuron"})
    assert {c.name for c in found_in(set_path, monkeypatch, labels)} == {"neuron"}


def test_stack_of_labels_is_framed_over_all_planes(
    set_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = np.zeros((3, 20, 20), np.int32)
    labels[0, 2:5, 3:6] = labels[2, 8:10, 1:4] = 7
    (crop,) = found_in(set_path, monkeypatch, LabelImage(labels))
    assert crop == Crop(0, 7, "", (2, 1, 9, 5), 15.0)


@pytest.mark.parametrize(
    ("marked", "box", "area"),
    [
        (
            MaskStack([np.ones((3, 5), bool)], np.array([[2, 4]]), (40, 40)),
            (2, 4, 4, 8),
            15.0,
        ),
        (Polygons([((RING, HOLE),)]), (0.0, 0.0, 20.0, 10.0), 196.0),
        (Boxes(np.array([[1.0, 2.0, 11.0, 5.0]])), (1.0, 2.0, 11.0, 5.0), 30.0),
    ],
)
def test_other_kinds_are_framed_and_measured(
    marked: Annotation,
    box: tuple[float, ...],
    area: float,
    set_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (crop,) = found_in(set_path, monkeypatch, marked)
    assert crop == Crop(0, 1, "", box, area)


def test_points_are_shown_with_their_surroundings(
    set_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = Points(np.array([[50.0, 60.0]]), "", NAMES, np.array([2]))
    (crop,) = found_in(set_path, monkeypatch, points)
    assert crop.name == "debris"
    assert crop.box == (26.0, 36.0, 74.0, 84.0)
    assert np.isnan(crop.area)


def test_what_is_no_object_is_left_out(
    set_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = (ImageClass("ig"), ClassMask(np.ones((4, 4), np.uint8)))
    assert found_in(set_path, monkeypatch, *whole) == []


def test_numbers_of_several_annotations_differ(tmp_path: Path) -> None:
    dataset = open_dataset(write_annotated_set(tmp_path / "set"))
    crops = read_objects(dataset, [0, 1, 2], CancelToken(), silent)
    assert len({(crop.sample, crop.number) for crop in crops}) == len(crops)
    assert {crop.sample for crop in crops} == {0, 2}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "p.sqlite", author="ada") as opened:
        yield opened


def stack_of(dataset: Dataset) -> MaskStack:
    """Return the overlapping masks beside the boxes of the first sample."""
    found = dataset.read_annotations(dataset.samples[0])
    return next(one for one in found if isinstance(one, MaskStack))


def by_number(dataset: Dataset, project: Project, tmp_path: Path) -> dict[int, Crop]:
    cache = ThumbnailCache(folder=tmp_path / "kept")
    crops = read_objects(dataset, [0], CancelToken(), silent, cache, project)
    return {crop.number: crop for crop in crops}


def test_corrections_of_further_masks_are_shown(
    tmp_path: Path, project: Project
) -> None:
    dataset = open_dataset(write_annotated_set(tmp_path / "annotated"))
    before = by_number(dataset, project, tmp_path)
    labels = pack(stack_of(dataset)).labels
    place = (dataset.identity, dataset.samples[0].name, further_layer("masks"))
    project.save_labels(*place, labels, {"source": "data set"})
    assert by_number(dataset, project, tmp_path) == before
    delta = LabelDelta.between(labels, np.where(labels == 2, 0, labels))
    assert delta is not None
    project.record(*place, delta, {"tool": "test"})
    after = by_number(dataset, project, tmp_path)
    (gone,) = before.keys() - after.keys()
    assert gone % 1_000_000 == 2
    assert after == {n: crop for n, crop in before.items() if n != gone}


def test_objects_that_people_marked_have_numbers_of_their_own(
    tmp_path: Path, project: Project
) -> None:
    dataset = open_dataset(write_annotated_set(tmp_path / "annotated"))
    before = by_number(dataset, project, tmp_path)
    key = MarkKey(dataset.samples[0].name, "boxes", 1_700_000_000_000_000)
    box = Mark("boxes", (1.0, 2.0, 5.0, 9.0, 0.0))
    project.record_marks(dataset.identity, {key: box}, {"tool": "test"})
    after = by_number(dataset, project, tmp_path)
    (new,) = after.keys() - before.keys()
    assert new == key.mark
    assert after[new].box == (1, 2, 5, 9)
    assert before.items() <= after.items()


def test_search_can_be_cancelled(set_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError, match="Cancelled"):
        read_objects(open_dataset(set_path), [0], token, silent)


def test_items_know_class_split_image_and_area(set_path: Path) -> None:
    dataset = open_dataset(set_path)
    items = ObjectItems(dataset, read_objects(dataset, [0, 1], CancelToken(), silent))
    assert len(items) == 4
    assert items.table.value("image", 2) == dataset.samples[1].name
    assert items.table.numbers["area"].tolist() == [80.0, 168.0, 80.0, 168.0]
    assert items.subjects()[3] == Subject(dataset.samples[1].name, 2, "truth")
    assert items.card(1).title.endswith("#2")
    assert "168 px" in items.card(1).line


@pytest.mark.parametrize(
    "box", [(4, 4, 11, 13), (-20.0, -20.0, 3.0, 3.0), (40.0, 60.0, 90.0, 99.0)]
)
def test_crop_shows_the_picture_around_the_object(
    box: tuple[float, float, float, float], set_path: Path
) -> None:
    dataset = open_dataset(set_path)
    cut = Cutter(dataset, [Crop(0, 1, "", box, 1.0)], 144)
    crop = cut(0)
    assert crop.dtype == np.uint8
    assert crop.ndim == 3
    pixels = dataset.read_picture(dataset.samples[0]).pixels
    assert crop.shape[0] <= pixels.shape[0]
    assert any(
        np.array_equal(pixels[y : y + crop.shape[0], x : x + crop.shape[1]], crop)
        for y in range(pixels.shape[0])
        for x in range(pixels.shape[1])
    )


def test_picture_is_decoded_once_for_all_its_objects(
    set_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, read = open_dataset(set_path), []
    plain = Dataset.read_picture

    def counted(self: Dataset, sample: object) -> object:
        read.append(sample)
        return plain(self, sample)

    monkeypatch.setattr(Dataset, "read_picture", counted)
    cut = Cutter(dataset, [Crop(0, n, "", (0, 0, 9, 9), 1.0) for n in range(5)], 64)
    for number in range(5):
        cut(number)
    assert len(read) == 1


def test_objects_found_once_are_found_again_without_reading(
    set_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, dataset = ThumbnailCache(folder=tmp_path / "kept"), open_dataset(set_path)
    every = range(len(dataset.samples))
    plain = read_objects(dataset, every, CancelToken(), silent)
    first = read_objects(dataset, every, CancelToken(), silent, cache)
    seen: list[str] = []
    monkeypatch.setattr(
        Dataset, "read_annotations", lambda _, sample: seen.append(sample.name) or ()
    )
    again = read_objects(dataset, every, CancelToken(), silent, cache)
    assert plain == first == again
    assert len(first) == 6
    # of what has no files nothing is kept
    assert set(seen) == {s.name for s in dataset.samples if not s.annotations}


def test_objects_of_changed_masks_are_looked_for_anew(
    set_path: Path, tmp_path: Path
) -> None:
    cache, dataset = ThumbnailCache(folder=tmp_path / "kept"), open_dataset(set_path)
    at = next(n for n, sample in enumerate(dataset.samples) if sample.annotations)
    before = read_objects(dataset, [at], CancelToken(), silent, cache)
    mask = dataset.tree.local_path(dataset.samples[at].annotations[0])
    assert mask is not None
    pixels = np.asarray(Image.open(mask))
    Image.fromarray(np.zeros_like(pixels)).save(mask)
    fresh = open_dataset(set_path)
    assert len(read_objects(fresh, [at], CancelToken(), silent, cache)) < len(before)


def test_crops_come_from_disk_the_second_time(
    set_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, dataset = ThumbnailCache(folder=tmp_path / "kept"), open_dataset(set_path)
    crops = read_objects(dataset, [0], CancelToken(), silent)
    first = ObjectItems(dataset, crops).maker(cache, 32)(1)

    def refuse(*_: object) -> None:
        raise RuntimeError("decoded again")

    monkeypatch.setattr(Dataset, "read_picture", refuse)
    again = ObjectItems(dataset, crops).maker(cache, 32)(1)
    assert again.shape == first.shape
    with pytest.raises(RuntimeError, match="decoded again"):
        ObjectItems(dataset, crops).maker(cache, 48)(1)
