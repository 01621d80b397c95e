"""A set written as another form is the same set when it is opened again."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.batch import convert_dataset
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.annotation import (
    ClassMask,
    ImageClass,
    LabelImage,
    MaskStack,
)
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, ExportError
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.files import open_tree
from small_sets import NAMES, SHAPE, write_set

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.core.sample import Sample


@pytest.fixture
def four(tmp_path: Path) -> Dataset:
    """Four pictures; the last one has no mask."""
    return open_dataset(write_set(tmp_path / "four"))


def overlapping(sample: Sample) -> tuple[Annotation, ...]:
    """Two squares that share pixels."""
    square = np.ones((6, 6), bool)
    return (MaskStack([square, square], np.array([[2, 2], [4, 4]]), SHAPE),)


def test_one_coco_file_holds_every_picture(four: Dataset, tmp_path: Path) -> None:
    report = convert_dataset(four, "coco", tmp_path / "out")
    assert report.written == [tmp_path / "out" / "annotations.json"]
    assert (report.converted, report.failed, report.problems) == (4, [], [])
    content = json.loads(report.written[0].read_text())
    assert [image["file_name"] for image in content["images"]] == [
        f"images/{name}.png" for name in ("a1", "a2", "a10", "b1")
    ]
    assert len(content["annotations"]) == 6


def test_labelme_has_one_file_a_picture(four: Dataset, tmp_path: Path) -> None:
    report = convert_dataset(four, "labelme", tmp_path / "out")
    assert sorted(p.relative_to(tmp_path / "out").as_posix() for p in report.written)
    assert len(report.written) == len(NAMES)
    assert not list((tmp_path / "out").glob(".*"))


def test_written_masks_are_those_of_the_set(four: Dataset, tmp_path: Path) -> None:
    convert_dataset(four, "coco-panoptic", tmp_path / "out")
    tree = open_tree(tmp_path / "out")
    container = FORMS["coco-panoptic"].open(tree, "panoptic.json")
    for index, sample in enumerate(four.samples[:3]):
        (again,) = container.read(index)
        truth = four.read_truth(sample)
        assert isinstance(again, LabelImage)
        assert truth is not None
        np.testing.assert_array_equal(again.labels, truth.labels)


def test_pictures_are_written_only_where_wished(four: Dataset, tmp_path: Path) -> None:
    convert_dataset(four, "coco", tmp_path / "bare")
    convert_dataset(four, "coco", tmp_path / "whole", with_images=True)
    assert not list((tmp_path / "bare").rglob("*.png"))
    assert len(list((tmp_path / "whole").rglob("*.png"))) == 4


def test_what_a_form_cannot_hold_is_left_out_and_told(
    four: Dataset, tmp_path: Path
) -> None:
    def mixed(sample: Sample) -> Sequence[Annotation]:
        return (
            overlapping(sample)
            if sample.name == "a2"
            else four.read_annotations(sample)
        )

    report = convert_dataset(
        four, "coco-panoptic", tmp_path / "out", annotations_of=mixed
    )
    assert report.converted == 3
    assert [problem.name for problem in report.failed] == ["a2"]
    assert "overlap" in report.failed[0].message


def test_lossy_writes_what_the_form_can_hold(four: Dataset, tmp_path: Path) -> None:
    report = convert_dataset(
        four,
        "coco-panoptic",
        tmp_path / "out",
        annotations_of=overlapping,
        lossy=True,
    )
    assert (report.converted, report.failed) == (4, [])


def test_nothing_convertible_is_an_error_that_names_another_form(
    four: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match=r"nothing of it .*Choose labelme"):
        convert_dataset(
            four,
            "coco",
            tmp_path / "out",
            annotations_of=lambda sample: (ImageClass("sick"),),
        )


def test_broken_mask_is_told_and_the_rest_is_written(tmp_path: Path) -> None:
    root = write_set(tmp_path / "four")
    mask = root / "masks" / "a2.png"
    mask.write_bytes(mask.read_bytes()[:60])
    report = convert_dataset(open_dataset(root), "coco", tmp_path / "out")
    assert report.converted == 3
    assert [problem.name for problem in report.failed] == ["a2"]
    assert "masks/a2.png" in report.failed[0].message


def test_broken_picture_is_told_where_pictures_are_written(tmp_path: Path) -> None:
    root = write_set(tmp_path / "four")
    (root / "images" / "a10.png").write_bytes(b"<html>404</html>")
    report = convert_dataset(
        open_dataset(root), "labelme", tmp_path / "out", with_images=True
    )
    assert report.converted == 3
    assert "images/a10.png" in report.failed[0].message


def test_object_without_pixels_leaves_its_picture_out(
    four: Dataset, tmp_path: Path
) -> None:
    def hollow(sample: Sample) -> Sequence[Annotation]:
        masks = [np.ones((3, 3), bool), np.zeros((3, 3), bool)]
        if sample.name != "a2":
            masks.pop()
        return (MaskStack(masks, np.zeros((len(masks), 2), int), SHAPE),)

    report = convert_dataset(four, "coco", tmp_path / "out", annotations_of=hollow)
    assert (report.converted, len(report.failed)) == (3, 1)
    assert "no pixels" in report.failed[0].message
    lossy = convert_dataset(
        four, "coco", tmp_path / "lossy", annotations_of=hollow, lossy=True
    )
    assert (lossy.converted, lossy.failed) == (4, [])


def test_stopped_conversion_goes_on_where_it_was(four: Dataset, tmp_path: Path) -> None:
    token, read = CancelToken(), []

    def watched(sample: Sample) -> Sequence[Annotation]:
        read.append(sample.name)
        if len(read) == 3:
            token.cancel()
        return four.read_annotations(sample)

    out = tmp_path / "out"
    with pytest.raises(CancelledError):
        convert_dataset(four, "labelme", out, annotations_of=watched, token=token)
    assert len(list(out.rglob("*.json"))) == 3
    report = convert_dataset(four, "labelme", out, annotations_of=watched)
    assert read == ["a1", "a2", "a10", "b1"]
    assert (report.resumed, report.converted) == (3, 1)
    assert len(list(out.rglob("*.json"))) == 4


def test_other_choices_start_anew(four: Dataset, tmp_path: Path) -> None:
    token = CancelToken()

    def stop(sample: Sample) -> Sequence[Annotation]:
        token.cancel()
        return four.read_annotations(sample)

    with pytest.raises(CancelledError):
        convert_dataset(
            four, "labelme", tmp_path / "o", annotations_of=stop, token=token
        )
    report = convert_dataset(four, "labelme", tmp_path / "o", with_images=True)
    assert (report.resumed, report.converted) == (0, 4)


@pytest.mark.parametrize("torn", ["", "{", '{"format": 1}\n[]\n', '{"a": 1}\n{"b'])
def test_damaged_record_of_a_stopped_run_starts_anew(
    torn: str, four: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".labelme.convert").write_text(torn)
    report = convert_dataset(four, "labelme", tmp_path / "out")
    assert (report.resumed, report.converted) == (0, 4)


def test_pictures_that_differ_in_their_suffix_get_two_files(tmp_path: Path) -> None:
    root = write_set(tmp_path / "four")
    shutil.copy(root / "images" / "b1.png", root / "images" / "b1.tif")
    dataset = open_dataset(root)
    report = convert_dataset(dataset, "labelme", tmp_path / "out")
    assert report.converted == len(dataset.samples)
    names = {path.name for path in report.written}
    assert {"b1_png.json", "b1_tif.json"} <= names


def test_chosen_samples_alone_are_written(four: Dataset, tmp_path: Path) -> None:
    report = convert_dataset(
        four, "labelme", tmp_path / "out", samples=four.samples[1:2]
    )
    assert [path.name for path in report.written] == ["a2.json"]


def test_progress_names_each_sample_and_ends_at_one(
    four: Dataset, tmp_path: Path
) -> None:
    said: list[tuple[float, str]] = []
    convert_dataset(
        four, "coco", tmp_path / "o", progress=lambda f, text: said.append((f, text))
    )
    assert [text for _, text in said[:-1]] == ["a1", "a2", "a10", "b1"]
    assert said[-1][0] == 1.0


def test_unknown_form_is_refused_with_those_there_are(
    four: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match=r"'cocoa' is not known.*labelme"):
        convert_dataset(four, "cocoa", tmp_path / "out")


@pytest.mark.parametrize("inside", ["", "images", "new/folder"])
def test_the_set_itself_is_never_written(inside: str, four: Dataset) -> None:
    with pytest.raises(ExportError, match="lies in the data set itself"):
        convert_dataset(four, "coco", four.path / inside)


def test_place_that_cannot_be_written_is_one_error(
    four: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for form in ("coco", "labelme"):
        with pytest.raises(ExportError, match="could not be written"):
            convert_dataset(four, form, tmp_path / "file" / "below")


def test_classes_of_the_set_keep_their_ids(four: Dataset, tmp_path: Path) -> None:
    def two_kinds(sample: Sample) -> Sequence[Annotation]:
        labels = np.zeros(SHAPE, np.int32)
        labels[2:5, 2:5], labels[9:12, 9:12] = 1, 2
        names = {3: "nucleus", 8: "artefact"}
        return (LabelImage(labels, class_names=names, class_of={1: 8, 2: 3}),)

    convert_dataset(four, "coco", tmp_path / "o", annotations_of=two_kinds)
    content = json.loads((tmp_path / "o" / "annotations.json").read_text())
    assert {3: "nucleus", 8: "artefact"}.items() <= {
        row["id"]: row["name"] for row in content["categories"]
    }.items()
    assert [a["category_id"] for a in content["annotations"][:2]] == [8, 3]


def test_too_many_refusals_end_the_run(
    four: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(items: object, out: Path, **_: object) -> list[Path]:
        for _ in items:  # type: ignore[attr-defined]
            raise ExportError("no")
        return []

    form = replace(FORMS["coco"], write=refuse)
    monkeypatch.setattr(
        "napari_cellsets.batch.convert.FORMS", {"coco": form, "labelme": form}
    )
    monkeypatch.setattr("napari_cellsets.batch.convert._MOST_RESTARTS", 2)
    with pytest.raises(ExportError, match="2 pictures could not be written"):
        convert_dataset(four, "coco", tmp_path / "out")


@pytest.mark.parametrize(("key", "kept"), [("class-mask", 3), ("instances", 1)])
def test_lossy_keeps_of_two_annotations_the_one_that_the_form_is_made_for(
    key: str, kept: int, four: Dataset, tmp_path: Path
) -> None:
    def two(sample: Sample) -> Sequence[Annotation]:
        labels, classes = np.zeros((2, *SHAPE), np.int32)
        labels[2:5, 2:5], classes[9:12, 9:12] = 1, 3
        return (LabelImage(labels), ClassMask(classes, class_names={3: "debris"}))

    report = convert_dataset(four, key, tmp_path / "o", annotations_of=two, lossy=True)
    assert (report.converted, report.failed) == (4, [])
    container = FORMS[key].open(
        open_tree(tmp_path / "o"),
        report.written[0].relative_to(tmp_path / "o").as_posix(),
    )
    (found,) = container.read(0)
    plane = found.labels if isinstance(found, LabelImage) else found.classes
    assert plane.max() == kept
    with pytest.raises(ExportError, match="nothing of it can be written"):
        convert_dataset(four, key, tmp_path / "p", annotations_of=two)


def two_masks(sample: Sample) -> Sequence[Annotation]:
    labels, classes = np.zeros((2, *SHAPE), np.int32)
    labels[2:5, 2:5], classes[9:12, 9:12] = 1, 3
    return (LabelImage(labels), ClassMask(classes, class_names={3: "debris"}))


@pytest.mark.parametrize(("name", "kept"), [("objects", 1), ("class mask", 3)])
def test_one_of_several_annotations_is_written(
    name: str, kept: int, four: Dataset, tmp_path: Path
) -> None:
    key = "class-mask" if kept == 3 else "instances"
    report = convert_dataset(
        four, key, tmp_path / "o", annotations_of=two_masks, annotation=name
    )
    assert (report.converted, report.failed) == (4, [])
    (found,) = (
        FORMS[key]
        .open(
            open_tree(tmp_path / "o"),
            report.written[0].relative_to(tmp_path / "o").as_posix(),
        )
        .read(0)
    )
    plane = found.labels if isinstance(found, LabelImage) else found.classes
    assert plane.max() == kept


def test_pictures_without_the_chosen_annotation_are_told(
    four: Dataset, tmp_path: Path
) -> None:
    def some(sample: Sample) -> Sequence[Annotation]:
        return {"a1": two_masks(sample), "a2": ()}.get(
            sample.name, two_masks(sample)[1:]
        )

    report = convert_dataset(
        four, "instances", tmp_path, annotations_of=some, annotation="objects"
    )
    assert report.converted == 2
    assert [problem.name for problem in report.failed] == ["a10", "b1"]
    assert "There is: class mask" in report.failed[0].message


def test_an_annotation_that_no_picture_has_is_refused(
    four: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match="there is no annotation 'dots'"):
        convert_dataset(
            four, "coco", tmp_path, annotations_of=two_masks, annotation="dots"
        )


def test_another_annotation_is_not_resumed(four: Dataset, tmp_path: Path) -> None:
    token = CancelToken()

    def stopping(sample: Sample) -> Sequence[Annotation]:
        if sample.name == "a10":
            token.cancel()
        return two_masks(sample)

    with pytest.raises(CancelledError, match="Cancelled"):
        convert_dataset(
            four,
            "labelme",
            tmp_path / "o",
            annotations_of=stopping,
            annotation="objects",
            token=token,
        )
    report = convert_dataset(
        four,
        "labelme",
        tmp_path / "o",
        annotations_of=two_masks,
        annotation="class mask",
    )
    assert (report.resumed, report.converted) == (0, 4)
