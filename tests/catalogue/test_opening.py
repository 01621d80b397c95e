"""What opens as what, and what is said where nothing does."""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cellsets.catalogue import can_open, open_dataset, recognise
from napari_cellsets.core.errors import (
    NotRecognisedError,
    UnreadableFileError,
    UnsafeArchiveError,
)

if TYPE_CHECKING:
    from pathlib import Path


def picture(file: Path, value: int = 9) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (16, 12), value).save(file)
    return file


def own_row(tmp_path: Path, key: str, images: str, more: str = "") -> None:
    folder = tmp_path / "data-home" / "rows"
    folder.mkdir(parents=True, exist_ok=True)
    text = f'key = "{key}"\ntitle = "{key.title()}"\nimages = "{images}"\n{more}'
    (folder / f"{key}.toml").write_text(text)


def names_of(path: Path) -> list[str]:
    return [sample.name for sample in open_dataset(path).samples]


@pytest.mark.parametrize("images", ["images", "Images", "imgs", "raw"])
@pytest.mark.parametrize("masks", ["masks", "labels", "ground_truth"])
def test_two_folders_of_equal_names_are_a_set(
    images: str, masks: str, tmp_path: Path
) -> None:
    picture(tmp_path / "set" / images / "a.png")
    picture(tmp_path / "set" / masks / "a.png")
    dataset = open_dataset(tmp_path / "set")
    assert dataset.recipe.key == "image_and_mask_folders"
    assert dataset.samples[0].annotations == (f"{masks}/a.png",)


@pytest.mark.parametrize(
    ("images", "masks"),
    [
        ("train_images", "train_masks"),
        ("imagesTr", "labelsTr"),
        ("images_test", "masks_test"),
        ("input", "target"),
        ("JPEGImages", "SegmentationObject"),
        ("original", "GroundTruth"),
    ],
)
def test_folders_named_by_other_habits_are_a_set(
    images: str, masks: str, tmp_path: Path
) -> None:
    picture(tmp_path / "set" / images / "a.jpg")
    picture(tmp_path / "set" / masks / "a.png")
    for place in ("set", f"set/{images}", f"set/{masks}/a.png"):
        (sample,) = open_dataset(tmp_path / place).samples
        assert sample.annotations == (f"{masks}/a.png",)


def test_masks_of_another_part_are_not_taken(tmp_path: Path) -> None:
    for part in ("train", "test"):
        picture(tmp_path / "set" / f"{part}_images" / "a.png")
        picture(tmp_path / "set" / f"{part}_masks" / "a.png")
    for sample in open_dataset(tmp_path / "set").samples:
        (mask,) = sample.annotations
        assert mask.split("_")[0] == sample.image.split("_")[0]


def test_masks_may_lie_in_a_folder_among_the_pictures(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "masks/a.png", "masks/b.png"):
        picture(tmp_path / "set" / name)
    assert names_of(tmp_path / "set") == ["a", "b"]
    dataset = open_dataset(tmp_path / "set" / "b.png")
    assert dataset.samples[dataset.start].annotations == ("masks/b.png",)


@pytest.mark.parametrize("suffix", ["_mask", "_masks", "_label", "_labels"])
@pytest.mark.parametrize("folder", ["masks/", ""])
def test_masks_may_have_a_suffix(suffix: str, folder: str, tmp_path: Path) -> None:
    pictures = "images/" if folder else ""
    picture(tmp_path / "set" / f"{pictures}a.jpg")
    picture(tmp_path / "set" / f"{folder}a{suffix}.png")
    dataset = open_dataset(tmp_path / "set")
    assert dataset.samples[0].annotations == (f"{folder}a{suffix}.png",)
    assert names_of(tmp_path / "set" / f"{pictures}a.jpg") == ["a"]


def test_splits_around_and_inside_the_two_folders_are_kept_apart(
    tmp_path: Path,
) -> None:
    for kind in ("images", "masks"):
        picture(tmp_path / "a" / "train" / kind / "1.png")
        picture(tmp_path / "a" / "test" / kind / "1.png")
        picture(tmp_path / "b" / kind / "train" / "1.png")
    assert names_of(tmp_path / "a") == ["test/1", "train/1"]
    assert open_dataset(tmp_path / "a").splits == {"test": 1, "train": 1}
    assert names_of(tmp_path / "b") == ["train/1"]


def test_folder_high_above_called_images_is_left_alone(tmp_path: Path) -> None:
    dropped = picture(tmp_path / "images" / "project" / "a.png")
    picture(tmp_path / "images" / "other" / "b.png")
    dataset = open_dataset(dropped)
    assert dataset.tree.root == dropped.parent
    assert len(dataset.samples) == 1


def test_one_picture_alone_is_a_set_of_one(tmp_path: Path) -> None:
    picture(tmp_path / "set" / "b.png")
    dropped = picture(tmp_path / "set" / "a.tif")
    dataset = open_dataset(dropped)
    assert dataset.recipe.key == "plain_images"
    assert [sample.image for sample in dataset.samples] == ["a.tif"]


def test_published_set_wins_over_its_arrangement(tmp_path: Path) -> None:
    picture(tmp_path / "set" / "all_images" / "images" / "a.png")
    picture(tmp_path / "set" / "all_masks" / "masks" / "a.png")
    (match,) = recognise(tmp_path / "set")
    assert match.recipe.key == "fluorescent_neuronal_cells_v1"
    assert match.root == tmp_path / "set"


def test_pictures_of_a_published_size_raise_the_score(tmp_path: Path) -> None:
    file = tmp_path / "set" / "all_images" / "images" / "a.png"
    picture(file)
    (small,) = recognise(tmp_path / "set")
    Image.new("L", (1600, 1200)).save(file)
    (true,) = recognise(tmp_path / "set")
    assert true.score > small.score


def test_published_layout_of_broken_files_is_recognised(tmp_path: Path) -> None:
    file = picture(tmp_path / "set" / "all_images" / "images" / "a.png")
    file.write_bytes(b"cut")
    (match,) = recognise(tmp_path / "set")
    assert match.recipe.key == "fluorescent_neuronal_cells_v1"


def test_three_archives_of_a_set_open_as_one(tmp_path: Path) -> None:
    for colour in ("green", "red"):
        source = picture(tmp_path / f"{colour}.png")
        (tmp_path / "set").mkdir(exist_ok=True)
        with zipfile.ZipFile(tmp_path / "set" / f"{colour}.zip", "w") as archive:
            archive.write(source, f"{colour}/test/images/1.png")
            archive.write(source, f"{colour}/test/ground_truths/masks/1.png")
    dataset = open_dataset(tmp_path / "set")
    assert dataset.recipe.key == "fluorescent_neuronal_cells_v2"
    assert [s.name for s in dataset.samples] == ["green/test/1", "red/test/1"]
    assert names_of(tmp_path / "set" / "red.zip") == ["red/test/1"]


def test_archive_named_as_a_part_of_its_set_is_that_part(tmp_path: Path) -> None:
    source = picture(tmp_path / "a.png")
    with zipfile.ZipFile(tmp_path / "red.zip", "w") as archive:
        archive.write(source, "test/images/1.png")
        archive.write(source, "test/ground_truths/masks/1.png")
    (sample,) = open_dataset(tmp_path / "red.zip").samples
    assert sample.name == "red/test/1"
    assert len(sample.annotations) == 1


def test_rows_that_tie_are_named_and_can_be_chosen(tmp_path: Path) -> None:
    own_row(tmp_path, "one", "fields/{stem}.png")
    own_row(tmp_path, "two", "fields/{stem}.png")
    picture(tmp_path / "set" / "fields" / "a.png")
    assert len(recognise(tmp_path / "set")) == 2
    with pytest.raises(NotRecognisedError, match="'one', 'two'"):
        open_dataset(tmp_path / "set")
    assert open_dataset(tmp_path / "set", row="two").recipe.key == "two"


def test_chosen_row_that_does_not_fit_is_told(tmp_path: Path) -> None:
    picture(tmp_path / "set" / "a.png")
    with pytest.raises(NotRecognisedError, match="no picture here is named as in"):
        open_dataset(tmp_path / "set", row="dsb2018")


def test_row_that_does_not_exist_is_told(tmp_path: Path) -> None:
    picture(tmp_path / "set" / "a.png")
    with pytest.raises(NotRecognisedError, match=r"no data set 'x'.*Known are: .*dsb"):
        open_dataset(tmp_path / "set", row="x")


def test_pictures_that_fit_nothing_are_told(tmp_path: Path) -> None:
    file = picture(tmp_path / "a.png")
    file = file.rename(tmp_path / "picture")
    with pytest.raises(NotRecognisedError, match="no known data set is arranged"):
        open_dataset(file)


@pytest.mark.parametrize("junk", [[], ["readme.txt"], [".DS_Store", "__MACOSX/a.png"]])
def test_folder_without_pictures_is_told(junk: list[str], tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    for name in junk:
        file = tmp_path / "set" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("no picture")
    with pytest.raises(NotRecognisedError, match="there is no picture here"):
        open_dataset(tmp_path / "set")


def test_missing_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="no such file or folder"):
        open_dataset(tmp_path / "nothing")


def test_place_that_cannot_be_looked_at_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathlib import Path as AnyPath

    def denied(path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(AnyPath, "exists", denied)
    with pytest.raises(UnreadableFileError, match="cannot be looked at"):
        open_dataset(tmp_path / "set")


def test_folder_without_permission_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: str) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(UnreadableFileError, match="Permission denied"):
        open_dataset(tmp_path)


def test_web_page_under_a_picture_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("<!DOCTYPE html>")
    with pytest.raises(UnreadableFileError, match="a web page"):
        open_dataset(tmp_path / "a.jpg")


def test_archive_of_refused_members_alone_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../a.png", b"x")
    with pytest.raises(UnsafeArchiveError, match="climbs out"):
        open_dataset(tmp_path / "a.zip")


def test_refused_member_is_a_problem_and_the_rest_opens(tmp_path: Path) -> None:
    source = picture(tmp_path / "a.png")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(source, "a.png")
        archive.writestr("../b.png", b"x")
    dataset = open_dataset(tmp_path / "a.zip")
    assert len(dataset.samples) == 1
    message = dataset.problems[0].message
    assert message.startswith(str(tmp_path / "a.zip"))
    assert "climbs out" in message
    assert message.endswith("it is left out.")


def test_folder_above_that_may_not_be_read_does_not_hide_the_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture(tmp_path / "closed" / "images" / "a.png")
    real = os.scandir

    def guarded(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", guarded)
    dataset = open_dataset(tmp_path / "closed" / "images")
    assert dataset.recipe.key == "plain_images"


def test_places_with_pictures_can_be_opened(tmp_path: Path) -> None:
    file = picture(tmp_path / "deep" / "er" / "a.png")
    tifffile.imwrite(tmp_path / "b.png", np.zeros((3, 3), np.uint8))
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.write(file, "x/a.png")
    (tmp_path / "only").mkdir()
    (tmp_path / "c.zip").rename(tmp_path / "only" / "c.zip")
    for place in (tmp_path / "deep", tmp_path / "b.png", tmp_path / "only", file):
        assert can_open(place)
    assert can_open(str(tmp_path / "only" / "c.zip"))


def test_places_without_pictures_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.txt").write_text("no")
    (tmp_path / "a.jpg").write_text("<html>")
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04")
    with zipfile.ZipFile(tmp_path / "words.zip", "w") as archive:
        archive.writestr("a.txt", "no")
        archive.writestr("__MACOSX/a.png", "no")
    places = ["empty", "a.txt", "a.jpg", "cut.zip", "words.zip", "missing", "x\0y"]
    assert [place for place in places if can_open(tmp_path / place)] == []


def test_probe_stops_after_its_most_entries_of_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_cellsets.catalogue.probe._MOST_IN_FOLDER", 300)
    for number in range(600):
        (tmp_path / f"{number}.txt").touch()
    seen = []
    real = os.scandir

    class Counting:
        def __init__(self, path: str) -> None:
            self._inner = real(path)

        def __enter__(self) -> Counting:
            return self

        def __exit__(self, *_: object) -> None:
            self._inner.close()

        def __iter__(self) -> Counting:
            return self

        def __next__(self) -> os.DirEntry[str]:
            seen.append(1)
            return next(self._inner)

    monkeypatch.setattr(os, "scandir", Counting)
    assert not can_open(tmp_path)
    assert len(seen) < 400


def test_large_archive_is_worth_a_look(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", "no")
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[-6:-2] = b"\xff" * 4
    (tmp_path / "a.zip").write_bytes(content)
    assert can_open(tmp_path / "a.zip")
