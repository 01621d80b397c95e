"""Corrections written as the data set has them, and read back as corrected."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import miniatures_cx22
import miniatures_isbi
import numpy as np
import pytest
import scipy.io
from going_back import named, own
from PIL import Image

from annotated_sets import write_annotated_set
from napari_cellsets.batch.container_export import ContainerExport
from napari_cellsets.batch.corrected import corrected_annotations
from napari_cellsets.batch.own_form import OWN, export_corrections
from napari_cellsets.catalogue import list_datasets, open_dataset
from napari_cellsets.cli import main
from napari_cellsets.core.annotation import ClassMask, LabelImage, MaskStack
from napari_cellsets.core.annotation_names import names_of
from napari_cellsets.core.cancel import CancelledError, CancelToken
from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.own_files import OwnFiles, why_not
from napari_cellsets.formats.packing import pack
from napari_cellsets.formats.words.masks import MaskOptions
from napari_cellsets.store import LabelDelta, Mark, MarkKey, Project, further_layer
from small_sets import write_set

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "p.sqlite", author="ada") as opened:
        yield opened


def correct(
    project: Project, dataset: Dataset, sample: Sample, name: str, after: np.ndarray
) -> None:
    """Save what the set has, and make these labels of it by one edit."""
    one = named(dataset, sample, name)
    if isinstance(one, MaskStack):
        before = pack(one).labels
    else:
        before = one.classes if isinstance(one, ClassMask) else one.labels
    before = before.astype(np.int32)
    layer = further_layer(name) if name else "truth"
    place = (dataset.identity, sample.name, layer)
    project.save_labels(*place, before, {"source": "data set"})
    if after.shape != before.shape:
        project.save_labels(*place, after, {"source": "ada"})
        return
    delta = LabelDelta.between(before, after.astype(np.int32))
    assert delta is not None
    project.record(*place, delta, {"tool": "test"})


def planes_of(dataset: Dataset, sample: Sample, name: str) -> np.ndarray:
    one = named(dataset, sample, name)
    assert isinstance(one, MaskStack)
    return pack(one).labels.copy()


def same_masks(one: MaskStack, other: MaskStack) -> None:
    np.testing.assert_array_equal(one.corners, other.corners)
    assert len(one.masks) == len(other.masks)
    for mask, found in zip(one.masks, other.masks, strict=True):
        np.testing.assert_array_equal(mask, found)


@pytest.mark.parametrize("download", ["challenge", "dataset"])
def test_masks_of_isbi_go_back_into_their_matlab_files(
    download: str, tmp_path: Path, project: Project
) -> None:
    # of version 5, and of version 7.3
    write = getattr(miniatures_isbi, f"write_{download}")
    dataset = open_dataset(write(tmp_path / "set"))
    sample = next(
        s for s in dataset.samples if s.name.startswith(("isbi_test", "test"))
    )
    planes = planes_of(dataset, sample, "cytoplasm")
    planes[planes == 1] = 0
    planes[0, 300:320, 400:440] = 9
    correct(project, dataset, sample, "cytoplasm", planes)
    nuclei = dataset.read_truth(sample)
    assert nuclei is not None
    correct(
        project, dataset, sample, "", np.where(nuclei.labels == 2, 0, nuclei.labels)
    )
    before = [dataset.read_annotations(one) for one in dataset.samples]
    expected = corrected_annotations(dataset, project, sample)
    report = export_corrections(dataset, project, tmp_path / "out")
    (file,) = report.written
    assert report.failed == []
    shutil.copy(file, next(dataset.path.rglob(file.name)))
    after = open_dataset(dataset.path)
    for one, was in zip(after.samples, before, strict=True):
        now = after.read_annotations(one)
        if one.name == sample.name:
            was = expected
        assert names_of(now) == names_of(was)
        for found, wanted in zip(now, was, strict=True):
            if isinstance(wanted, MaskStack):
                assert isinstance(found, MaskStack)
                same_masks(found, wanted)
            else:
                assert isinstance(found, LabelImage)
                assert isinstance(wanted, LabelImage)
                np.testing.assert_array_equal(found.labels > 0, wanted.labels > 0)


def test_scipy_reads_masks_of_isbi_as_they_were_corrected(
    tmp_path: Path, project: Project
) -> None:
    dataset = open_dataset(miniatures_isbi.write_challenge(tmp_path / "set"))
    sample = dataset.samples[dataset.find("isbi_train/001")]
    planes = planes_of(dataset, sample, "cytoplasm")
    planes[planes == 2] = 0
    correct(project, dataset, sample, "cytoplasm", planes)
    (file,) = export_corrections(dataset, project, tmp_path / "out").written
    assert file == tmp_path / "out/isbi_train_GT.mat"
    before = scipy.io.loadmat(tmp_path / "set/isbi_train_GT.mat", mat_dtype=True)
    after = scipy.io.loadmat(file, mat_dtype=True)
    assert {name: after[name].shape for name in after if name[0] != "_"} == {
        name: before[name].shape for name in before if name[0] != "_"
    }
    (mask,) = after["train_Cytoplasm"][0, 0].ravel()
    wanted = before["train_Cytoplasm"][0, 0][0, 0]
    assert mask.dtype == wanted.dtype
    np.testing.assert_array_equal(mask, wanted)


def test_masks_of_cx22_go_back_with_their_boxes(
    tmp_path: Path, project: Project
) -> None:
    root = miniatures_cx22.write_pair(tmp_path / "set")
    dataset = open_dataset(root)
    sample = dataset.samples[1]
    planes = planes_of(dataset, sample, "masks")
    planes[planes == 3] = 0
    planes[planes == 1] = 0
    correct(project, dataset, sample, "masks", planes)
    expected = corrected_annotations(dataset, project, sample)[0]
    report = export_corrections(dataset, project, tmp_path / "out")
    assert report.failed == []
    assert len(report.written) == 4
    for file in report.written:
        place = dataset.tree.root / file.relative_to(tmp_path / "out")
        assert place.is_file()
        shutil.copy(file, place)
    after = open_dataset(root)
    stack, boxes = after.read_annotations(after.samples[1])
    assert isinstance(expected, MaskStack)
    assert isinstance(stack, MaskStack)
    same_masks(stack, expected)
    assert boxes.yxyx[0].tolist() == [
        *(expected.corners[0] - 0.5).tolist(),
        *(expected.corners[0] + expected.masks[0].shape - 0.5).tolist(),
    ]


def test_a_cell_of_cx22_that_is_neither_is_refused(
    tmp_path: Path, project: Project
) -> None:
    dataset = open_dataset(miniatures_cx22.write_pair(tmp_path / "set"))
    sample = dataset.samples[0]
    planes = planes_of(dataset, sample, "masks")
    planes[0, 400:420, 400:440] = 99
    correct(project, dataset, sample, "masks", planes)
    with pytest.raises(ExportError, match="must be a cytoplasm or a nucleus"):
        export_corrections(dataset, project, tmp_path / "out")
    place = (dataset.identity, sample.name, further_layer("masks"))
    project.set_object_facts(*place, [99], {"class_id": 2})
    assert len(export_corrections(dataset, project, tmp_path / "out").written) == 4


def test_masks_of_objects_and_of_classes_go_back_as_pictures(
    tmp_path: Path, project: Project
) -> None:
    dataset = open_dataset(write_annotated_set(tmp_path / "set"))
    sample = dataset.samples[0]
    planes = planes_of(dataset, sample, "masks")
    planes[planes == 1] = 0
    planes[0, 30:35, 40:45] = 9
    correct(project, dataset, sample, "masks", planes)
    classes = np.zeros((40, 50), np.int32)
    classes[20:30] = 2
    correct(project, dataset, sample, "class mask", classes)
    report = export_corrections(dataset, project, tmp_path / "out")
    assert report.skipped == [one.name for one in dataset.samples[1:]]
    found = {file.relative_to(tmp_path / "out").as_posix() for file in report.written}
    objects = {f"objects/a/{number}.png" for number in (1, 2, 3)}
    assert found == {"classes/a.png", *objects}
    plane = np.array(Image.open(tmp_path / "out/classes/a.png"))
    assert plane.dtype == np.uint8
    np.testing.assert_array_equal(plane, classes)
    new = np.array(Image.open(tmp_path / "out/objects/a/3.png"))
    assert set(np.unique(new)) == {0, 255}
    np.testing.assert_array_equal(new > 0, planes[0] == 9)


def test_a_corrected_ground_truth_goes_back_as_the_set_has_it(
    tmp_path: Path, project: Project
) -> None:
    dataset = open_dataset(write_set(tmp_path / "set"))
    sample = dataset.samples[0]
    truth = dataset.read_truth(sample)
    assert truth is not None
    labels = np.where(truth.labels == 1, 0, truth.labels)
    correct(project, dataset, sample, "", labels)
    (file,) = export_corrections(dataset, project, tmp_path / "out").written
    assert file == tmp_path / "out" / sample.annotations[0]
    np.testing.assert_array_equal(np.array(Image.open(file)) > 0, labels > 0)


def test_what_has_no_place_is_told_with_forms_that_have(
    tmp_path: Path, project: Project
) -> None:
    dataset = open_dataset(write_annotated_set(tmp_path / "set"))
    identity, sample = dataset.identity, dataset.samples[0]
    gone = {MarkKey(sample.name, "boxes", 1): Mark("boxes", None, "", gone=True)}
    project.record_marks(identity, gone, {})
    with pytest.raises(ExportError, match=r"written anew.*Forms that hold it: coco"):
        export_corrections(dataset, project, tmp_path / "out")
    dots = {MarkKey(sample.name, "dots", 1): Mark("points", [3.0, 4.0])}
    project.record_marks(identity, dots, {})
    project.record_marks(identity, {MarkKey(sample.name): Mark(class_name="bad")}, {})
    correct(project, dataset, sample, "class mask", np.ones((40, 50), np.int32))
    report = export_corrections(dataset, project, tmp_path / "out")
    assert len(report.written) == 1
    said = " ".join(problem.message for problem in report.failed)
    assert "the data set has no annotation 'dots'" in said
    assert "the class of a picture is told by its folder" in said


def test_nothing_corrected_is_nothing_to_write(
    tmp_path: Path, project: Project
) -> None:
    dataset = open_dataset(write_set(tmp_path / "set"))
    with pytest.raises(ExportError, match="nothing was corrected"):
        export_corrections(dataset, project, tmp_path / "out")


def test_the_set_itself_is_never_written(tmp_path: Path, project: Project) -> None:
    dataset = open_dataset(write_set(tmp_path / "set"))
    with pytest.raises(ExportError, match="lies in the data set itself"):
        export_corrections(dataset, project, dataset.tree.root)


def test_writing_stops_when_cancelled(tmp_path: Path, project: Project) -> None:
    dataset = open_dataset(write_set(tmp_path / "set"))
    sick = {MarkKey(dataset.samples[0].name): Mark(class_name="sick")}
    project.record_marks(dataset.identity, sick, {})
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        export_corrections(dataset, project, tmp_path / "out", token=token)


def test_the_export_page_and_the_command_line_write_it(
    tmp_path: Path, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = open_dataset(write_set(tmp_path / "set"))
    truth = dataset.read_truth(dataset.samples[0])
    assert truth is not None
    correct(project, dataset, dataset.samples[0], "", truth.labels * 0)
    what = (dataset, project, dataset.samples, tmp_path / "a", CancelToken())
    said = ContainerExport(OWN).write(*what, lambda *_: None)
    assert said == "corrections in 1 file as in the data set"
    with pytest.raises(ExportError, match="not counted cells"):
        ContainerExport(OWN, cells=True).write(*what, lambda *_: None)
    out, store = tmp_path / "b", str(tmp_path / "p.sqlite")
    command = ["convert", str(dataset.path), "--to", OWN, str(out), "--store", store]
    assert main(command) == 0
    assert capsys.readouterr().out == f"1 file -> {out}\n"


def test_masks_without_classes_are_not_given_any(
    tmp_path: Path, project: Project
) -> None:
    dataset = open_dataset(write_set(tmp_path / "set"))
    truth = dataset.read_truth(dataset.samples[0])
    assert truth is not None
    place = (dataset.identity, dataset.samples[0].name, "truth")
    project.save_labels(*place, truth.labels, {"source": "data set"})
    project.set_object_facts(*place, [1], {"class_id": 1})
    with pytest.raises(ExportError, match="masks of this set tell no classes"):
        export_corrections(dataset, project, tmp_path / "out")


def test_masks_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    dataset = open_dataset(write_annotated_set(tmp_path / "set"))
    sample = dataset.samples[0]
    files = OwnFiles(dataset.tree, tmp_path / "out")
    mask, stack = named(dataset, sample, "class mask"), named(dataset, sample, "masks")
    assert isinstance(mask, ClassMask)
    with pytest.raises(ExportError, match="has no file of this picture"):
        files.put(own(dataset, mask, "class mask", files=()))
    with pytest.raises(ExportError, match="holds no annotation of the kind MaskStack"):
        files.put(own(dataset, stack, "class mask"))
    large = ClassMask(np.full((40, 50), 70_000, np.int32))
    with pytest.raises(ExportError, match="does not fit 16 bits"):
        files.put(own(dataset, large, "class mask"))
    with pytest.raises(ExportError, match=r"kind '\.gif' would lose"):
        list(files.save("a.gif", np.zeros((2, 2), np.uint8)))


def test_a_new_object_needs_a_number_in_the_names(
    tmp_path: Path, project: Project
) -> None:
    root = write_annotated_set(tmp_path / "set")
    for number, letter in enumerate("xyz"):
        (root / f"objects/a/{number}.png").rename(root / f"objects/a/{letter}.png")
    dataset = open_dataset(root)
    planes = planes_of(dataset, dataset.samples[0], "masks")
    planes[0, 30:35, 40:45] = 9
    correct(project, dataset, dataset.samples[0], "masks", planes)
    with pytest.raises(ExportError, match="not numbered"):
        export_corrections(dataset, project, tmp_path / "out")


def test_masks_that_lose_something_are_told_before(tmp_path: Path) -> None:
    dataset = open_dataset(write_annotated_set(tmp_path / "set"))
    (mask,) = (one for one in dataset.recipe.annotations if one.word == "class-mask")
    assert why_not(mask) == ""
    assert "colours" in why_not(mask.model_copy(update={"colours": True}))
    lossy = mask.model_copy(update={"file": ("classes/{stem}.jpg",)})
    assert ".jpg lose numbers" in why_not(lossy)
    void = MaskOptions(word="instances", file="masks/{stem}.png", void=(255,))
    assert "mean no object" in why_not(void)


def test_every_row_says_whether_it_is_written() -> None:
    found = {
        recipe.key: [why_not(options) for options in recipe.annotations]
        for recipe in list_datasets()
    }
    assert found["isbi2014"] == ["", ""]
    assert found["isbi2015"] == [""]
    assert found["cx22"] == [""]
    assert found["ccagt"][2] == ""
    assert "written anew" in found["ccagt"][0]
    assert "'wkt-parquet' are read, not written" in found["ccagt"][1]
    assert found["cric"][0] == found["apcdata"][0] == ""
    assert "'cric-outlines'" in found["cric"][1]
