"""APCData: clicks joined by how names begin, boxes of renamed files; they disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import miniatures_apcdata as mini
import numpy as np
import pytest
from openings import zipped

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.annotation import Boxes, Points
from napari_cellsets.formats.words.renamed_yolo import box_of, plain_stem

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

NAMES = {
    "Negative": "NILM",
    "ASCUS": "ASC-US",
    "ASCH": "ASC-H",
}
WIDTH, HEIGHT = mini.SIZE


def check(dataset: Dataset, *, points: bool = True) -> None:
    assert dataset.recipe.key == ("apcdata" if points else "apcdata_yolo")
    assert [sample.name for sample in dataset.samples] == list(mini.PICTURES)
    for sample in dataset.samples:
        found = {type(a): a for a in dataset.read_annotations(sample)}
        cells = mini.POINTS.get(sample.name[:4]) if points else None
        marked = found.get(Points)
        assert (marked is None) == (cells is None)
        if isinstance(marked, Points) and cells:
            expected = [(y - 1, x - 1) for *_, x, y in cells]
            np.testing.assert_array_equal(marked.yx, expected)
            told = [marked.class_names[number] for number in marked.class_ids]
            assert told == [NAMES.get(text, text) for _, text, *_ in cells]
        boxes = found.get(Boxes)
        lines = mini.BOXES.get(sample.name)
        assert (boxes is None) == (lines is None)
        if isinstance(boxes, Boxes) and lines:
            assert boxes.class_ids.tolist() == [line[0] for line in lines]
            expected = [_edges(*line[1:]) for line in lines]
            np.testing.assert_allclose(boxes.yxyx, expected)
    assert dataset.problems == []


def _edges(x: float, y: float, width: float, height: float) -> list[float]:
    return [
        (y - height / 2) * HEIGHT - 0.5,
        (x - width / 2) * WIDTH - 0.5,
        (y + height / 2) * HEIGHT - 0.5,
        (x + width / 2) * WIDTH - 0.5,
    ]


@pytest.mark.parametrize("exported", [True, False])
@pytest.mark.parametrize("as_json", [True, False])
def test_every_reported_form_opens(
    exported: bool, as_json: bool, tmp_path: Path
) -> None:
    root = mini.write_apcdata(tmp_path, exported=exported, as_json=as_json)
    check(open_dataset(root))


def test_pictures_in_both_trees_are_not_counted_twice(tmp_path: Path) -> None:
    check(open_dataset(mini.write_apcdata(tmp_path, images=True)))


def test_it_is_read_from_an_archive(tmp_path: Path) -> None:
    root = mini.write_apcdata(tmp_path / "set")
    check(open_dataset(zipped(root, tmp_path / "a.zip", f"{mini.FOLDER}/")))


@pytest.mark.parametrize(
    "part",
    [
        "APCData_points",
        "APCData_points/images",
        "APCData_points/labels/csv",
        "APCData_YOLO",
        "APCData_YOLO/labels",
    ],
)
def test_a_folder_of_it_finds_the_rest(part: str, tmp_path: Path) -> None:
    check(open_dataset(mini.write_apcdata(tmp_path) / part))


def test_one_picture_opens_the_set_at_itself(tmp_path: Path) -> None:
    root = mini.write_apcdata(tmp_path)
    dataset = open_dataset(root / "APCData_points" / "images" / "0003 IMAGE_7.jpg")
    check(dataset)
    assert dataset.samples[dataset.start].name == "0003 IMAGE_7"


def test_a_table_of_clicks_opens_the_set(tmp_path: Path) -> None:
    root = mini.write_apcdata(tmp_path)
    check(open_dataset(root / "APCData_points" / "labels" / "csv" / "0002.csv"))


def test_a_file_of_boxes_opens_the_set(tmp_path: Path) -> None:
    root = mini.write_apcdata(tmp_path)
    check(open_dataset(next((root / "APCData_YOLO" / "labels").iterdir())))


def test_the_half_of_boxes_alone_opens_with_its_pictures(tmp_path: Path) -> None:
    root = mini.write_apcdata(tmp_path / "set", images=True)
    half = root.rename(tmp_path / "half") / "APCData_YOLO"
    for other in half.parent.iterdir():
        if other != half:
            other.rename(tmp_path / "away")
    check(open_dataset(half.parent), points=False)


def test_a_broken_line_of_boxes_is_told_and_others_stay(tmp_path: Path) -> None:
    root = mini.write_apcdata(tmp_path, exported=False)
    file = root / "APCData_YOLO" / "labels" / "0001 C1234.txt"
    lines = ["0 0.5 0.5 0.25 0.5", "9 0.5 0.5 0.1 0.1", "1 nan 0 0 0", "1 2 3", "x"]
    lines += ["2 0.5 0.5 0 0.1", "2 0.5 0.5 0.1 0.1"]
    file.write_text("\n".join(lines))
    dataset = open_dataset(root)
    boxes = dataset.read_annotations(dataset.samples[0])[1]
    assert isinstance(boxes, Boxes)
    assert boxes.class_ids.tolist() == [0, 2]
    assert len(boxes.yxyx) == 2
    assert len(dataset.problems) == 5


def test_names_of_an_export_are_those_of_pictures() -> None:
    assert plain_stem("labels/0001-C-123_jpg.rf.0a1b.txt") == "0001 c 123"
    assert plain_stem("0001 C 123.txt") == "0001 c 123"


def test_a_box_around_the_whole_picture_ends_at_its_corners() -> None:
    assert box_of("0 0.5 0.5 1 1".split(), (10, 20)) == (-0.5, -0.5, 9.5, 19.5)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("0 1 1 1", "five fields"),
        ("0 inf 1 1 1", "no shares"),
        ("0 1 1 -1 1", "no area"),
        ("0 a 1 1 1", "could not convert"),
    ],
)
def test_a_line_that_is_no_box_is_refused(line: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        box_of(line.split(), (10, 20))
