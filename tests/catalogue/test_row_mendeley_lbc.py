"""Mendeley LBC: odd names, slides, true counts, and a table that is no picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import miniatures_mendeley_lbc as mini
import pytest
from openings import zipped

from napari_cellsets.catalogue import open_dataset

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

FOLDERS = list(mini.FILES)
SPELLINGS = {
    "as published": {},
    "underscores": {name: name.replace(" ", "_") for name in FOLDERS},
    "small letters": {name: name.lower() for name in FOLDERS},
    "short": mini.CODES,
    "hyphen": {FOLDERS[2]: "Negative for Intra-epithelial malignancy"},
    "train": {name: f"train/{code}" for name, code in mini.CODES.items()},
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mini.write_mendeley_lbc(tmp_path_factory.mktemp("lbc"))


def check(dataset: Dataset, count: int = 8) -> None:
    assert dataset.recipe.key == "mendeley_lbc"
    assert len(dataset.samples) == count
    for sample in dataset.samples:
        file = sample.image.rpartition("/")[2]
        (folder,) = (name for name, files in mini.FILES.items() if file in files)
        one = dataset.class_of(sample)
        assert one is not None
        assert one.name == mini.CODES[folder]
    assert dataset.problems == []


@pytest.mark.parametrize("folders", SPELLINGS.values(), ids=SPELLINGS)
def test_folders_are_classes_however_they_are_spelt(
    folders: Mapping[str, str], tmp_path: Path
) -> None:
    check(open_dataset(mini.write_mendeley_lbc(tmp_path / "set", folders)))


def test_the_slide_is_told_by_the_name(whole: Path) -> None:
    dataset = open_dataset(whole)
    slides = {s.image.rpartition("/")[2]: s.facts["slide"] for s in dataset.samples}
    assert slides == {
        "HSIL_2 (9).jpg": "HSIL_2",
        "HSIL_2 (10).jpg": "HSIL_2",
        "LSIL_4 (37).jpg": "LSIL_4",
        "NL_3 (1).jpg": "NL_3",
        "NL_10_ (5).jpg": "NL_10",
        "scc_1 (21).jpg": "SCC_1",
        "SCC_1 (3).jpg": "SCC_1",
        "SCC_3 (11).jpg": "SCC_3",
    }


def test_it_is_read_from_an_archive(whole: Path, tmp_path: Path) -> None:
    check(open_dataset(zipped(whole, tmp_path / "zddtpgzv63-4.zip", "zddtpgzv63-4/")))


def test_a_folder_of_it_is_one_class(whole: Path) -> None:
    check(open_dataset(whole / FOLDERS[3]), 3)


def test_one_picture_opens_the_set_at_itself(whole: Path) -> None:
    dataset = open_dataset(whole / FOLDERS[2] / "NL_10_ (5).jpg")
    check(dataset)
    assert dataset.samples[dataset.start].image.endswith("NL_10_ (5).jpg")
    assert dataset.read_picture(dataset.samples[0]).plane_shape == (1536, 2048)


def test_counts_are_those_of_the_files_and_the_published_ones_are_told(
    whole: Path,
) -> None:
    recipe = open_dataset(whole).recipe
    counts = {"NILM": 612, "LSIL": 113, "HSIL": 163, "SCC": 74}
    assert recipe.expect.classes == counts
    assert recipe.expect.samples == sum(counts.values()) == 962
    assert any("963" in note for note in recipe.expect.notes)
    assert any("other way round" in note for note in recipe.expect.notes)


def test_numbered_pictures_of_other_classes_are_another_set(tmp_path: Path) -> None:
    codes = {name: f"class {code}" for name, code in mini.CODES.items()}
    root = mini.write_mendeley_lbc(tmp_path / "set", codes)
    assert open_dataset(root).recipe.key != "mendeley_lbc"


def test_pictures_named_otherwise_are_another_set(tmp_path: Path) -> None:
    root = mini.write_mendeley_lbc(tmp_path / "set", mini.CODES)
    for file in root.rglob("*.jpg"):
        file.rename(file.with_name(f"{abs(hash(file.name))}.jpg"))
    assert open_dataset(root).recipe.key != "mendeley_lbc"
