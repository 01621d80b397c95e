"""Neuromorphic Cell Dataset: its row, and files of events drawn as pictures."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from miniatures_neuromorphic import (
    CLASSES,
    WINDOWS,
    content,
    event_type,
    events,
    write_neuromorphic,
)

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.words.event_picture import preview, read_events

if TYPE_CHECKING:
    from pathlib import Path

KEY = "neuromorphic_cell_dataset"


def drawn(array: np.ndarray) -> np.ndarray:
    """The slow and obvious way: event after event."""
    shown = np.full((224, 224, 3), 128, np.uint8)
    for _, x, y, p in array.tolist():
        shown[y, x] = 255 if p else 0
    return shown


def test_each_archive_is_a_class(tmp_path: Path) -> None:
    dataset = open_dataset(write_neuromorphic(tmp_path / "set"))
    assert dataset.recipe.key == KEY
    assert len(dataset.samples) == len(CLASSES) * len(WINDOWS)
    found = {dataset.class_of(sample).name for sample in dataset.samples}
    assert found == set(dataset.classes)
    assert "Microparticle" in found


@pytest.mark.parametrize("name", CLASSES)
def test_one_archive_opens_as_its_class(name: str, tmp_path: Path) -> None:
    root = write_neuromorphic(tmp_path / "set")
    dataset = open_dataset(root / f"{name}.zip")
    assert dataset.recipe.key == KEY
    number = CLASSES.index(name)
    for sample, window in zip(dataset.samples, WINDOWS, strict=True):
        pixels = dataset.read_picture(sample).pixels
        np.testing.assert_array_equal(pixels, drawn(events(number, window)))
    assert dataset.problems == []


def test_one_file_opens_its_set_at_itself(tmp_path: Path) -> None:
    root = write_neuromorphic(tmp_path / "set")
    with zipfile.ZipFile(root / "Platelet.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    file = tmp_path / "unpacked" / "Platelet" / f"{WINDOWS[1]}00us.npy"
    dataset = open_dataset(file)
    assert dataset.recipe.key == KEY
    assert dataset.samples[dataset.start].name == f"Platelet/{WINDOWS[1]}00us"


def test_inverted_copies_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "HUVEC"
    folder.mkdir()
    for name in ("600us", "600us_inv_polar"):
        (folder / f"{name}.npy").write_bytes(content(events(0, 6)))
    dataset = open_dataset(folder)
    copies = [sample.facts.get("copy") for sample in dataset.samples]
    assert copies == [None, "polarity inverted"]


def test_last_event_of_a_pixel_wins() -> None:
    array = np.zeros(3, event_type())
    array["p"] = [1, 0, 1]
    assert preview(array)[0, 0].tolist() == [255, 255, 255]
    assert preview(array[:2])[0, 0].tolist() == [0, 0, 0]
    assert (preview(array[:0]) == 128).all()


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        (b"", "no whole NumPy file"),
        (b"\x93NUMPY\x01\x00", "no whole NumPy file"),
        (b"<html>", "no whole NumPy file"),
        (content(np.zeros(5)), "fields t, x, y and p"),
        (content(np.zeros((5, 4))), "fields t, x, y and p"),
        (content(events(0, 0))[:900], "no whole NumPy file"),
    ],
)
def test_other_files_are_refused(damaged: bytes, said: str) -> None:
    with pytest.raises(UnreadableFileError, match=said):
        read_events(damaged, "a.npy")


def test_damaged_file_leaves_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "RBC"
    folder.mkdir()
    (folder / "000us.npy").write_bytes(content(events(0, 0)))
    (folder / "600us.npy").write_bytes(b"<html>")
    dataset = open_dataset(folder)
    dataset.read_picture(dataset.samples[0])
    with pytest.raises(UnreadableFileError, match="no whole NumPy file"):
        dataset.read_picture(dataset.samples[1])
    (problem,) = dataset.problems
    assert "600us.npy" in problem.message
