from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from napari_cellsets.catalogue import list_datasets, open_dataset
from napari_cellsets.catalogue.describe import Draft, look, preview, save_row
from napari_cellsets.core.annotation import ClassMask
from napari_cellsets.core.errors import ExportError, RecipeError, UnreadableFileError

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, *, mask: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 255, (20, 30, 3), dtype=np.uint8)
    if mask:
        pixels = np.zeros((20, 30), np.uint8)
        pixels[2:6, 3:9] = 1
        pixels[10:15, 3:9] = 2
    Image.fromarray(pixels).save(path)


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """Folders that no shipped row knows."""
    for number in range(5):
        write(tmp_path / f"odd set/fotos/cell{number}_rgb.png", mask=False)
    for number in range(4):
        write(tmp_path / f"odd set/drawn/cell{number}_areas.png", mask=True)
    return tmp_path / "odd set"


def test_pairs_of_unknown_folders_are_guessed(odd: Path) -> None:
    found = look(odd)
    assert found.draft.images == "fotos/{stem}_rgb.{ext}"
    assert found.draft.truth == "drawn/{stem}_areas.{ext}"
    seen = preview(found, found.draft)
    assert (seen.pictures, seen.paired, seen.unnamed) == (5, 4, 0)
    assert seen.pairs[0] == ("fotos/cell0_rgb.png", ("drawn/cell0_areas.png",))


def test_what_is_there_is_said_in_words(odd: Path) -> None:
    lines = look(odd).lines
    assert lines[0] == "9 pictures"
    assert "fotos: 5 pictures (png)" in lines
    assert "Sizes: 30×20" in lines


def test_masks_beside_their_pictures_are_guessed(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / f"a/deep/{number}.png", mask=False)
        write(tmp_path / f"a/deep/{number}_zellen.png", mask=True)
    draft = look(tmp_path).draft
    assert draft.truth == "{inner**}/{stem}_zellen.{ext}"
    assert draft.images == "{inner**}/{stem}.{ext}"


def test_equal_folders_below_both_are_followed(tmp_path: Path) -> None:
    for day in ("mon", "tue"):
        for number in range(3):
            write(tmp_path / f"fotos/{day}/{number}.png", mask=False)
            write(tmp_path / f"drawn/{day}/{number}.png", mask=True)
    found = look(tmp_path)
    assert found.draft.images == "fotos/{inner**}/{stem}.{ext}"
    assert preview(found, found.draft).paired == 6


def test_folder_of_pictures_alone_has_no_masks(tmp_path: Path) -> None:
    write(tmp_path / "x/1.png", mask=False)
    found = look(tmp_path / "x")
    assert found.draft.truth == ""
    assert preview(found, found.draft).pictures == 1


def test_bad_template_is_told_in_the_preview(odd: Path) -> None:
    seen = preview(look(odd), Draft("x", "{stem"))
    assert "not understood" in seen.text
    assert not seen.pairs


def test_template_that_fits_nothing_is_told(odd: Path) -> None:
    assert preview(look(odd), Draft("x", "nowhere/{stem}.{ext}")).problem


def test_saved_row_opens_the_folder(odd: Path) -> None:
    found = look(odd)
    recipe = save_row(found, replace(found.draft, masks="instances"))
    assert recipe.key in {row.key for row in list_datasets()}
    dataset = open_dataset(odd)
    assert dataset.recipe.key == recipe.key == "odd_set"
    assert len(dataset.samples) == 5
    truth = dataset.read_truth(dataset.samples[0])
    assert truth is not None
    assert sorted(np.unique(truth.labels).tolist()) == [0, 1, 2]


def test_saved_row_of_class_masks_names_the_classes(odd: Path) -> None:
    found = look(odd)
    save_row(found, replace(found.draft, masks="classes", classes=("rim", "core")))
    dataset = open_dataset(odd)
    (mask,) = dataset.read_annotations(dataset.samples[0])
    assert isinstance(mask, ClassMask)
    assert mask.class_names == {1: "rim", 2: "core"}


def test_saved_row_leaves_other_folders_alone(odd: Path, tmp_path: Path) -> None:
    found = look(odd)
    save_row(found, Draft("catch all", "{inner**}/{stem}.{ext}"))
    write(tmp_path / "elsewhere/1.png", mask=False)
    assert open_dataset(tmp_path / "elsewhere").recipe.key == "plain_images"


def test_second_row_of_a_title_gets_a_key_of_its_own(odd: Path) -> None:
    found = look(odd)
    assert save_row(found, found.draft).key == "odd_set"
    assert save_row(found, found.draft).key == "odd_set_2"


def test_title_with_quotes_and_digits_is_kept(odd: Path) -> None:
    found = look(odd)
    recipe = save_row(found, replace(found.draft, title='7 "odd" cells\\x'))
    assert recipe.title == '7 "odd" cells\\x'
    assert recipe.key == "set_7_odd_cells_x"


def test_row_without_pictures_is_refused(odd: Path) -> None:
    with pytest.raises(ExportError, match="describes no picture"):
        save_row(look(odd), Draft("x", "nowhere/{stem}.{ext}"))


def test_row_that_cannot_be_read_back_is_not_kept(odd: Path, tmp_path: Path) -> None:
    bad = replace(look(odd).draft, masks="unheard of")
    with pytest.raises(RecipeError, match="annotation"):
        save_row(look(odd), bad)
    assert not list((tmp_path / "data-home/rows").glob("*.toml"))


def test_nothing_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="nothing"):
        look(tmp_path / "missing")
