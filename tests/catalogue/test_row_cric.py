"""CRIC: points and outlines of its exporter, with the exporter's faults."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import miniatures_cric as mini
import numpy as np
import pytest
from openings import zipped

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.annotation import Points, Polygons
from napari_cellsets.core.errors import NotRecognisedError

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

BY_NAME = {name.removesuffix(".png"): number for number, name in mini.NAMES.items()}
KINDS = (
    "segmentations.json",
    "segmentations.csv",
    "nucleus-segmentations.json",
    "nucleus-segmentations.csv",
)


@pytest.fixture(params=["json", "csv"])
def flat(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    root = tmp_path / "cric"
    mini.write_pictures(root)
    mini.write_classifications(root, as_csv=request.param == "csv")
    (root / "README.classifications.md").write_text("# Classifications\n")
    return root


def check(dataset: Dataset) -> None:
    assert dataset.recipe.key == "cric"
    assert len(dataset.samples) == 2
    for sample in dataset.samples:
        points = dataset.read_annotations(sample)[0]
        assert isinstance(points, Points)
        cells = mini.CELLS[BY_NAME[sample.name[-32:]]]
        np.testing.assert_array_equal(points.yx, [(y - 1, x - 1) for *_, x, y in cells])
        assert points.class_ids is not None
        told = [points.class_names[number] for number in points.class_ids]
        assert told == [text for _, text, *_ in cells]
        assert points.properties["id"] == [str(cell) for cell, *_ in cells]
    assert dataset.problems == []


def test_the_flat_folder_of_the_web_page_opens(flat: Path) -> None:
    dataset = open_dataset(flat)
    check(dataset)
    assert dataset.read_picture(dataset.samples[0]).pixel_size_um is None
    assert dataset.class_table.names[5] == "HSIL"


def test_the_archive_of_the_web_page_opens(flat: Path, tmp_path: Path) -> None:
    check(open_dataset(zipped(flat, tmp_path / "cric.zip")))


def test_one_picture_opens_the_set_at_itself(flat: Path) -> None:
    dataset = open_dataset(flat / mini.NAMES[2])
    check(dataset)
    assert dataset.samples[dataset.start].name == mini.FIRST


def test_the_table_of_points_opens_the_set(flat: Path) -> None:
    (table,) = flat.glob("classifications.*")
    check(open_dataset(table))


def test_pictures_of_figshare_in_a_folder_with_numbers_before_their_names(
    tmp_path: Path,
) -> None:
    mini.write_pictures(tmp_path / "images", "17_")
    mini.write_classifications(tmp_path)
    check(open_dataset(tmp_path))
    check(open_dataset(tmp_path / "images"))


def test_points_of_one_picture_saved_by_the_page(tmp_path: Path) -> None:
    mini.write_pictures(tmp_path)
    mini.write_classifications(tmp_path)
    whole = json.loads((tmp_path / "classifications.json").read_text())
    (tmp_path / "classifications.json").unlink()
    for picture in whole:
        file = tmp_path / f"cric_{picture['image_id']}_classification.json"
        file.write_text(json.dumps([picture]))
    check(open_dataset(tmp_path))


def test_other_pictures_are_no_cric(tmp_path: Path) -> None:
    mini.write_pictures(tmp_path)
    assert open_dataset(tmp_path).recipe.key == "plain_images"


@pytest.mark.parametrize(
    "table", ["classifications.csv", "classifications.json", "segmentations.csv"]
)
def test_a_table_of_that_name_in_other_peoples_sets_is_no_cric(
    table: str, tmp_path: Path
) -> None:
    mini.write_pictures(tmp_path)
    content = '[{"file": "a"}]' if table.endswith("json") else "file,class\na,b\n"
    (tmp_path / table).write_text(content)
    assert open_dataset(tmp_path).recipe.key == "plain_images"


def test_it_does_not_open_as_cric_where_nothing_fits(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no picture")
    with pytest.raises(NotRecognisedError, match="no picture here is named as in"):
        open_dataset(tmp_path, "cric")


def outlines_of(
    dataset: Dataset, part: str
) -> dict[int, tuple[str, list[tuple[float, float]]]]:
    found = {}
    for sample in dataset.samples:
        for annotation in dataset.read_annotations(sample):
            if not isinstance(annotation, Polygons) or annotation.source != part:
                continue
            for place, ((ring,),) in enumerate(annotation.outlines):
                cell = int(annotation.properties["id"][place])
                xy = [(float(x) + 1, float(y) + 1) for y, x in ring]
                found[cell] = (annotation.properties["description"][place], xy)
    return found


def expected(part: str) -> dict[int, tuple[str, list[tuple[float, float]]]]:
    at = 2 if part == "cytoplasm" else 3
    return {cell: (o[1], o[at]) for cell, o in mini.OUTLINES.items() if o[at]}


@pytest.mark.parametrize("kind", KINDS)
def test_outlines_of_nuclei_belong_to_their_cells(kind: str, flat: Path) -> None:
    mini.write_outlines(flat, kind)
    dataset = open_dataset(flat)
    check(dataset)
    assert outlines_of(dataset, "nuclei") == expected("nuclei")


@pytest.mark.parametrize("kind", [k.replace("nucleus", "cytoplasm") for k in KINDS])
def test_outlines_of_cytoplasm_belong_to_their_cells(kind: str, flat: Path) -> None:
    mini.write_outlines(flat, kind)
    dataset = open_dataset(flat)
    check(dataset)
    assert outlines_of(dataset, "cytoplasm") == expected("cytoplasm")


def test_nuclei_come_from_their_own_file_where_both_are_there(flat: Path) -> None:
    mini.write_outlines(flat, "nucleus-segmentations.json")
    mini.write_outlines(flat, "segmentations.json")
    both = json.loads((flat / "segmentations.json").read_text())
    first, second = both[0]["cells"]
    second["nucleus"] = first["nucleus"]  # the fault of the exporter
    (flat / "segmentations.json").write_text(json.dumps(both))
    dataset = open_dataset(flat)
    assert outlines_of(dataset, "nuclei") == expected("nuclei")
    assert outlines_of(dataset, "cytoplasm") == expected("cytoplasm")


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (b"<html>", "a table with a column 'image_filename' was expected"),
        (b"[{", "this is no whole JSON"),
        (b"[1, 2]", "a list of pictures with 'image_name' was expected"),
    ],
)
def test_a_broken_file_of_points_is_told(
    broken: bytes, said: str, tmp_path: Path
) -> None:
    mini.write_pictures(tmp_path)
    (tmp_path / "classifications.json").write_bytes(broken)
    dataset = open_dataset(tmp_path, "cric")
    assert dataset.read_annotations(dataset.samples[0]) == ()
    assert said in dataset.problems[0].message


def test_cells_without_a_position_are_told_and_others_stay(tmp_path: Path) -> None:
    mini.write_pictures(tmp_path)
    mini.write_classifications(tmp_path)
    content = json.loads((tmp_path / "classifications.json").read_text())
    first, second, third = content[0]["classifications"]
    first["nucleus_x"], second["nucleus_y"] = None, float("nan")
    (tmp_path / "classifications.json").write_text(json.dumps(content))
    dataset = open_dataset(tmp_path)
    points = dataset.read_annotations(dataset.samples[1])[0]
    assert isinstance(points, Points)
    np.testing.assert_array_equal(points.yx, [[third["nucleus_y"] - 1, 1277]])
    assert len(dataset.problems) == 2


@pytest.mark.parametrize(
    ("kind", "part"),
    [("segmentations.json", "nuclei"), ("segmentations.csv", "nuclei")],
)
def test_outlines_that_are_none_are_told_and_others_stay(
    kind: str, part: str, flat: Path
) -> None:
    mini.write_outlines(flat, kind)
    file = flat / kind
    text = file.read_text(encoding="utf-8")
    if kind.endswith("json"):
        content = json.loads(text)
        content[0]["cells"][0]["nucleus"] = [{"coord_x": 1, "coord_y": None}] * 3
        text = json.dumps(content)
    else:
        text = text.replace("20,20,30,20,30,30,", "20,20,30,x,30,30,")
    file.write_text(text, encoding="utf-8")
    dataset = open_dataset(flat)
    assert list(outlines_of(dataset, part)) == [23]
    assert any("cell 21" in problem.message for problem in dataset.problems)


def test_real_points_are_all_read(real_samples: Path) -> None:
    dataset = open_dataset(real_samples / "cric")
    content = json.loads((real_samples / "cric/classifications.json").read_text())
    theirs = {item["image_name"][:-4]: item["classifications"] for item in content}
    assert sum(map(len, theirs.values())) == 11534
    for sample in dataset.samples:
        (points,) = dataset.read_annotations(sample)
        assert isinstance(points, Points)
        wanted = [(c["nucleus_y"] - 1, c["nucleus_x"] - 1) for c in theirs[sample.name]]
        np.testing.assert_array_equal(points.yx, wanted)
    assert dataset.problems == []


def test_real_points_lie_on_dark_nuclei(real_samples: Path) -> None:
    """Swapped, or far off, they would lie on the light background."""
    dataset = open_dataset(real_samples / "cric")
    for sample in dataset.samples:
        grey = dataset.read_picture(sample).pixels.mean(axis=2)
        (points,) = dataset.read_annotations(sample)
        assert isinstance(points, Points)
        y, x = points.yx.astype(int).T
        assert grey[y, x].mean() < 0.6 * grey.mean()


def test_real_classes_are_those_published(real_samples: Path) -> None:
    dataset = open_dataset(real_samples / "cric")
    content = json.loads((real_samples / "cric/classifications.json").read_text())
    names = {c["bethesda_system"] for item in content for c in item["classifications"]}
    assert {dataset.class_table.find(name) for name in names} == {1, 2, 3, 4, 5, 6}
