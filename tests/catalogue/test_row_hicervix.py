"""HiCervix: flat pictures, classes of a hierarchy in csv files beside them."""

from __future__ import annotations

import csv
import zipfile
from typing import TYPE_CHECKING

import pytest
from miniatures_hicervix import CODES, write_hicervix
from PIL import Image

from napari_cellsets.catalogue import dataset_info, open_dataset
from napari_cellsets.catalogue.rows_on_disk import recipe_of
from napari_cellsets.core.annotation import ImageClass

if TYPE_CHECKING:
    from pathlib import Path

KEY = "hicervix"


def zipped(root: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w") as target:
        for file in sorted(root.rglob("*.*")):
            target.write(file, file.relative_to(root.parent).as_posix())
    return archive


def levels(path: tuple[str, ...]) -> tuple[str, str, str]:
    first, *more = path
    second = more[0] if more else ""
    return first, second, more[1] if len(more) > 1 else ""


def test_each_picture_has_the_class_of_its_line(tmp_path: Path) -> None:
    dataset = open_dataset(write_hicervix(tmp_path / "HiCervix"))
    assert dataset.recipe.key == KEY
    assert dataset.splits == {"test": 4, "train": 26, "val": 5}
    found = {dataset.class_of(s).name for s in dataset.samples if s.split == "train"}
    assert found == {code for code, *_ in CODES}
    assert dataset.problems == []


def test_classes_are_a_tree_with_their_own_ids(tmp_path: Path) -> None:
    dataset = open_dataset(write_hicervix(tmp_path / "HiCervix"))
    names = dataset.class_table.names
    assert [names[number] for number in range(26)] == [code for code, *_ in CODES]
    expected = {code: tuple(above) for code, *above in CODES}
    for sample in dataset.samples:
        cell = dataset.class_of(sample)
        assert isinstance(cell, ImageClass)
        assert levels(cell.path) == expected[cell.name]
        known = [sample.facts.get(f"level {n}", "") for n in (1, 2, 3)]
        assert tuple(known) == expected[cell.name]


def test_group_that_is_a_class_too_has_no_finer_level(tmp_path: Path) -> None:
    dataset = open_dataset(write_hicervix(tmp_path / "HiCervix"))
    (group,) = (
        s for s in dataset.samples if s.split == "train" and s.facts["class"] == "AGC"
    )
    assert dataset.class_of(group).path == ("AGC",)
    assert "level 2" not in group.facts


@pytest.mark.parametrize("place", ["train", "val", "a.zip", "wrapped"])
def test_parts_archives_and_wrapped_folders_know_their_set(
    place: str, tmp_path: Path
) -> None:
    root = write_hicervix(tmp_path / "wrapped" / "dataset")
    zipped(root, root / "a.zip")
    target = tmp_path / "wrapped" if place == "wrapped" else root / place
    dataset = open_dataset(target)
    assert dataset.recipe.key == KEY
    assert all(dataset.class_of(sample) for sample in dataset.samples)
    assert len(dataset.samples) == {"train": 26, "val": 5}.get(place, 35)


def test_one_picture_opens_its_set_at_itself(tmp_path: Path) -> None:
    root = write_hicervix(tmp_path / "set")
    file = sorted((root / "val").iterdir())[1]
    dataset = open_dataset(file)
    assert dataset.recipe.key == KEY
    assert dataset.samples[dataset.start].image == f"val/{file.name}"


def test_folders_of_such_names_without_the_table_are_others(tmp_path: Path) -> None:
    root = write_hicervix(tmp_path / "set")
    for table in root.glob("*.csv"):
        table.unlink()
    assert open_dataset(root).recipe.key != KEY
    dataset = open_dataset(root, row=KEY)
    assert {dataset.class_of(sample) for sample in dataset.samples} == {None}


def test_picture_without_a_line_is_told(tmp_path: Path) -> None:
    root = write_hicervix(tmp_path / "set")
    stray = "00000000-0000-3000-8000-000000000000.jpg"
    Image.new("RGB", (9, 9)).save(root / "test" / stray)
    (problem,) = open_dataset(root).problems
    assert stray in problem.message
    assert "train.csv or val.csv or test.csv does not name" in problem.message


def test_info_counts_by_class(tmp_path: Path) -> None:
    info = dataset_info(open_dataset(write_hicervix(tmp_path / "set")))
    assert info["classes"]["Normal"] == 1
    assert info["classes"]["ECC"] == 2
    assert sum(info["classes"].values()) == 35


# Real files


def tables(real_samples: Path) -> dict[str, Path]:
    folder = real_samples / "hicervix/dataset/hierarchy_classification/version2023"
    return {split: folder / f"{split}.csv" for split in ("train", "val", "test")}


def test_real_tables_hold_what_the_row_says(real_samples: Path) -> None:
    recipe = recipe_of(KEY)
    counts: dict[str, int] = {}
    table = recipe.class_table()
    for split, file in tables(real_samples).items():
        with file.open(encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        assert len(rows) == recipe.expect.splits[split]
        for row in rows:
            code = row["class_name"]
            counts[code] = counts.get(code, 0) + 1
            assert table.find(code) == int(row["class_id"])
            said = tuple(row[f"level_{n}"] for n in (1, 2, 3))
            assert levels(table.path_of(code)) == said
    assert counts == recipe.expect.classes
    assert sum(counts.values()) == recipe.expect.samples


def test_all_real_names_find_their_classes(real_samples: Path, tmp_path: Path) -> None:
    names = []
    for split, file in tables(real_samples).items():
        (tmp_path / split).mkdir()
        (tmp_path / file.name).write_bytes(file.read_bytes())
        with file.open(encoding="utf-8") as lines:
            names += [(split, row["image_name"]) for row in csv.DictReader(lines)]
    for split, name in names:
        (tmp_path / split / name).touch()
    dataset = open_dataset(tmp_path)
    assert dataset.recipe.key == KEY
    assert dataset.completeness.text == "40,229 of 40,229 images, complete"
    assert all(s.facts["class"] in dataset.classes for s in dataset.samples)
    assert dataset.problems == []
