"""What goes out where a set marks the same cells in several ways, or as a drawing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from napari_cellsets.batch.container_export import ContainerExport
from napari_cellsets.batch.convert import convert_dataset
from napari_cellsets.batch.corrected import corrected_annotations
from napari_cellsets.batch.once import ALL, Once
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.cli import main
from napari_cellsets.core.annotation import ClassMask, Polygons
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.places import data_home
from napari_cellsets.store import LabelDelta, Mark, MarkKey, Project, further_layer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

# pycocotools still speaks to numpy 1
NUMPY_1 = pytest.mark.filterwarnings("ignore:__array__ implementation")
ROW = """
key = "twice"
title = "Cells marked twice"
classes = ["nucleus", "debris"]
images = "pictures/{stem}.png"

[[annotations]]
word = "container"
form = "coco"
file = "all.json"
objects = "cells"

[[annotations]]
word = "class-mask"
file = "classes/{stem}.png"
objects = "cells"
"""
SIZE = (40, 50)
#: Two squares along pixels, and a triangle between them; x before y, from corners.
RINGS = (
    [2.0, 2.0, 12.0, 2.0, 12.0, 12.0, 2.0, 12.0],
    [20.0, 2.0, 30.0, 2.0, 30.0, 12.0, 20.0, 12.0],
    [5.3, 20.2, 25.6, 21.1, 15.4, 35.7],
)


@pytest.fixture
def twice(tmp_path: Path) -> Dataset:
    """One picture with three outlines, and the same as a mask of classes."""
    rows = data_home() / "rows"
    rows.mkdir(parents=True, exist_ok=True)
    (rows / "twice.toml").write_text(ROW, encoding="utf-8")
    root = tmp_path / "twice"
    classes = np.zeros(SIZE, np.uint8)
    classes[2:12, 2:12], classes[2:12, 20:30] = 1, 2
    for name, pixels in (
        ("pictures", np.full(SIZE, 9, np.uint8)),
        ("classes", classes),
    ):
        (root / name).mkdir(parents=True)
        Image.fromarray(pixels).save(root / name / "a.png")
    image = {"id": 1, "file_name": "a.png", "height": SIZE[0], "width": SIZE[1]}
    found = [
        {"id": n, "image_id": 1, "category_id": kind, "segmentation": [ring]}
        for n, (kind, ring) in enumerate(zip((1, 2, 1), RINGS, strict=True), start=1)
    ]
    for one in found:
        one |= {"bbox": [0, 0, 1, 1], "area": 1, "iscrowd": 0}
    names = [{"id": 1, "name": "nucleus"}, {"id": 2, "name": "debris"}]
    whole = {"images": [image], "annotations": found, "categories": names}
    (root / "all.json").write_text(json.dumps(whole), encoding="utf-8")
    return open_dataset(root)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "p.sqlite", author="ada") as opened:
        yield opened


def edit(project: Project, dataset: Dataset, layer: str, labels: np.ndarray) -> None:
    """Save what the set has and let one edit make these labels of it."""
    sample = dataset.samples[0]
    place = (dataset.identity, sample.name, layer)
    if layer == "truth":
        truth = dataset.read_truth(sample)
        assert truth is not None
        before = truth.labels
    else:
        (mask,) = (
            one
            for one in dataset.read_annotations(sample)
            if isinstance(one, ClassMask)
        )
        before = mask.classes.astype(np.int32)
    project.save_labels(*place, before, {"source": "data set"})
    delta = LabelDelta.between(before, labels)
    assert delta is not None
    project.record(*place, delta, {"tool": "test"})


def drawing(dataset: Dataset) -> np.ndarray:
    truth = dataset.read_truth(dataset.samples[0])
    assert truth is not None
    return truth.labels.copy()


def outlines_now(dataset: Dataset, project: Project) -> Polygons:
    found = corrected_annotations(dataset, project, dataset.samples[0])
    (outlines,) = (one for one in found if isinstance(one, Polygons))
    return outlines


def test_each_cell_goes_out_once(twice: Dataset, tmp_path: Path) -> None:
    report = convert_dataset(twice, "coco", tmp_path / "out")
    assert report.left == {"class mask": "outlines"}
    content = json.loads((tmp_path / "out/annotations.json").read_text())
    assert [one["segmentation"] for one in content["annotations"]] == [
        [ring] for ring in RINGS
    ]


def test_all_annotations_go_out_when_asked_for(twice: Dataset, tmp_path: Path) -> None:
    report = convert_dataset(
        twice, "coco", tmp_path / "out", annotation=ALL, lossy=True
    )
    assert report.left == {}
    content = json.loads((tmp_path / "out/annotations.json").read_text())
    assert len(content["annotations"]) > len(RINGS)


def test_the_other_annotation_goes_out_by_its_name(
    twice: Dataset, tmp_path: Path
) -> None:
    convert_dataset(twice, "class-mask", tmp_path, annotation="class mask")
    plane = np.array(Image.open(tmp_path / "class_masks/pictures/a.png"))
    assert set(np.unique(plane)) == {0, 1, 2}


def test_what_was_corrected_last_goes_out(twice: Dataset, project: Project) -> None:
    classes = np.zeros(SIZE, np.int32)
    classes[2:12, 2:12] = 2
    edit(project, twice, further_layer("class mask"), classes)
    once = Once(twice, project)
    (mask,) = once(twice.samples[0])
    assert isinstance(mask, ClassMask)
    assert set(np.unique(mask.classes)) == {0, 2}
    assert once.said == "not outlines (the same as class mask)"
    gone = {MarkKey("a", "outlines", 1): Mark("polygons", None, "", gone=True)}
    project.record_marks(twice.identity, gone, {"tool": "test"})
    (outlines,) = Once(twice, project)(twice.samples[0])
    assert isinstance(outlines, Polygons)
    assert len(outlines.outlines) == 2


def test_an_export_says_which_annotation_it_took(
    twice: Dataset, project: Project, tmp_path: Path
) -> None:
    export = ContainerExport("coco")
    what = (twice, project, twice.samples, tmp_path / "out", CancelToken())
    said = export.write(*what, lambda *_: None)
    assert said == (
        "COCO JSON of 1 image (outlines; not class mask (the same as outlines))"
    )
    assert export.names == ["outlines", "class mask"]


def test_a_deleted_object_of_the_drawing_takes_its_outline_along(
    twice: Dataset, project: Project
) -> None:
    labels = drawing(twice)
    labels[labels == 2] = 0
    edit(project, twice, "truth", labels)
    outlines = outlines_now(twice, project)
    assert outlines.class_ids is not None
    assert outlines.class_ids.tolist() == [1, 1]
    (published,) = (
        one
        for one in twice.read_annotations(twice.samples[0])
        if isinstance(one, Polygons)
    )
    # nobody touched the triangle, so it is as it was published
    np.testing.assert_array_equal(
        outlines.outlines[1][0][0], published.outlines[2][0][0]
    )


def test_reshaped_and_new_objects_of_the_drawing_are_outlined(
    twice: Dataset, project: Project
) -> None:
    labels = drawing(twice)
    labels[2:12, 12:15] = 1
    labels[36:39, 40:48] = 9
    edit(project, twice, "truth", labels)
    outlines = outlines_now(twice, project)
    assert len(outlines.outlines) == 4
    assert outlines.class_ids is not None
    assert outlines.class_ids.tolist() == [1, 2, 1, -1]
    for place, box in ((0, (1.5, 1.5, 11.5, 14.5)), (3, (35.5, 39.5, 38.5, 47.5))):
        ((ring,),) = outlines.outlines[place]
        assert (*ring.min(axis=0), *ring.max(axis=0)) == box


@NUMPY_1
def test_pycocotools_sees_the_corrected_drawing_once(
    twice: Dataset, project: Project, tmp_path: Path
) -> None:
    from pycocotools.coco import COCO

    labels = drawing(twice)
    labels[2:12, 12:15] = 1
    labels[labels == 2] = 0
    edit(project, twice, "truth", labels)
    out = tmp_path / "out"
    source = Once(twice, project)
    convert_dataset(twice, "coco", out, annotations_of=source)
    coco = COCO(str(out / "annotations.json"))
    found = coco.loadAnns(coco.getAnnIds())
    assert [coco.cats[one["category_id"]]["name"] for one in found] == ["nucleus"] * 2
    np.testing.assert_array_equal(coco.annToMask(found[0]), labels == 1)


def test_a_class_given_in_the_drawing_is_that_of_the_outline(
    twice: Dataset, project: Project
) -> None:
    place = (twice.identity, "a", "truth")
    project.save_labels(*place, drawing(twice), {"source": "data set"})
    project.set_object_facts(*place, [3], {"class_id": 2})
    outlines = outlines_now(twice, project)
    assert outlines.class_ids is not None
    assert outlines.class_ids.tolist() == [1, 2, 2]
    assert len(outlines.outlines[2][0][0]) == 3


def test_of_an_outline_and_its_drawing_the_later_correction_counts(
    twice: Dataset, project: Project
) -> None:
    moved = [[[[20.0, 5.0], [20.0, 9.0], [30.0, 9.0]]]]
    early = {MarkKey("a", "outlines", n): Mark("polygons", moved) for n in (1, 2)}
    project.record_marks(twice.identity, early, {"tool": "test"})
    labels = drawing(twice)
    labels[labels == 2] = 0
    edit(project, twice, "truth", labels)
    outlines = outlines_now(twice, project)
    assert len(outlines.outlines) == 2
    assert outlines.outlines[0][0][0].tolist() == moved[0][0]
    late = {MarkKey("a", "outlines", 2): Mark("polygons", moved)}
    project.record_marks(twice.identity, late, {"tool": "test"})
    assert len(outlines_now(twice, project).outlines) == 3


def test_an_object_drawn_and_deleted_again_leaves_nothing(
    twice: Dataset, project: Project
) -> None:
    labels = drawing(twice)
    before = labels.copy()
    labels[30:35, 40:45] = 7
    edit(project, twice, "truth", labels)
    delta = LabelDelta.between(labels, before)
    assert delta is not None
    project.record(twice.identity, "a", "truth", delta, {"tool": "test"})
    assert len(outlines_now(twice, project).outlines) == 3


def test_the_command_line_says_how_to_take_the_other_annotation(
    twice: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["convert", str(twice.path), "--to", "coco", str(tmp_path / "out")]
    assert main(command) == 0
    assert capsys.readouterr().err.endswith(
        "not written: class mask, which marks the same as outlines;"
        " --annotation 'class mask' takes it instead, --annotation all both\n"
    )
