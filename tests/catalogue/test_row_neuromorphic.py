"""Neuromorphic Cell Dataset: windows of events, played in place from its archives."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from miniatures_neuromorphic import (
    CLASSES,
    COPIES,
    FIRST_TICK,
    WINDOWS,
    content,
    drawn,
    events,
    members,
    preview,
    write_neuromorphic,
)

from napari_cellsets.catalogue import dataset_info, open_dataset
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.base import pieces

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

KEY = "neuromorphic_cell_dataset"


def events_of(dataset: Dataset, index: int) -> Events:
    """All events of a sample."""
    source = dataset.event_source(dataset.samples[index])
    assert source is not None
    parts = [part.take(np.arange(len(part))) for part in pieces(source)]
    return Events.joined(parts)


@pytest.mark.parametrize("previews", [False, True])
@pytest.mark.parametrize("inner", ["{name}/", "", "train_Rename_arg_r/{name}/"])
def test_each_archive_is_a_class(inner: str, previews: bool, tmp_path: Path) -> None:
    root = write_neuromorphic(tmp_path / "set", previews=previews, inner=inner)
    dataset = open_dataset(root)
    assert dataset.recipe.key == KEY
    assert len(dataset.samples) == len(CLASSES) * len(WINDOWS)
    found = {dataset.class_of(sample).name for sample in dataset.samples}
    assert found == set(dataset.classes)
    assert "Microparticle" in found
    assert all(dataset.holds_events(sample) for sample in dataset.samples)
    assert dataset.problems == []


@pytest.mark.parametrize("name", CLASSES)
def test_one_archive_opens_as_its_class(name: str, tmp_path: Path) -> None:
    root = write_neuromorphic(tmp_path / "set")
    dataset = open_dataset(root / f"{name}.zip")
    assert dataset.recipe.key == KEY
    number = CLASSES.index(name)
    for index, window in enumerate(WINDOWS):
        sample, array = dataset.samples[index], events(number, window)
        pixels = dataset.read_picture(sample).pixels
        np.testing.assert_array_equal(pixels, drawn(array))
        found = events_of(dataset, index)
        for column in ("t", "x", "y", "p"):
            np.testing.assert_array_equal(getattr(found, column), array[column])
    assert dataset.problems == []


@pytest.mark.parametrize("place", ["set", "set/RBC.zip"])
def test_previews_in_a_folder_of_their_own_are_no_samples(
    tmp_path: Path, place: str
) -> None:
    root = tmp_path / "set"
    root.mkdir()
    for number, name in enumerate(CLASSES):
        with zipfile.ZipFile(root / f"{name}.zip", "w") as archive:
            for file, packed in members(number, previews=True, copies=False).items():
                folder = file.rpartition(".")[2]
                archive.writestr(f"{name}/{folder}/{file}", packed)
    dataset = open_dataset(tmp_path / place)
    classes = len(CLASSES) if place == "set" else 1
    assert len(dataset.samples) == classes * len(WINDOWS)
    assert all(dataset.holds_events(sample) for sample in dataset.samples)


@pytest.mark.parametrize("place", ["set", "set/RBC.zip"])
def test_renamed_windows_are_known_by_what_they_hold(
    tmp_path: Path, place: str
) -> None:
    root = tmp_path / "set"
    root.mkdir()
    for number, name in enumerate(CLASSES):
        with zipfile.ZipFile(root / f"{name}.zip", "w") as archive:
            for window in WINDOWS:
                packed = content(events(number, window))
                archive.writestr(f"train_Rename/{name}_{window}.npy", packed)
                archive.writestr(f"train_Rename/{name}_{window}_90rotated.npy", packed)
    dataset = open_dataset(tmp_path / place)
    assert dataset.recipe.key == KEY
    classes = len(CLASSES) if place == "set" else 1
    assert len(dataset.samples) == classes * len(WINDOWS) * 2
    assert [s.facts.get("copy") for s in dataset.samples].count(None) == (
        classes * len(WINDOWS)
    )
    assert len({dataset.class_of(s).name for s in dataset.samples}) == classes
    assert dataset.event_source(dataset.samples[0]).header.geometry == Geometry(
        224, 224
    )


def test_windows_have_the_size_of_the_cut(tmp_path: Path) -> None:
    dataset = open_dataset(write_neuromorphic(tmp_path / "set"))
    source = dataset.event_source(dataset.samples[0])
    assert source.header.geometry == Geometry(224, 224)


def test_times_are_ticks_of_the_whole_recording(tmp_path: Path) -> None:
    dataset = open_dataset(write_neuromorphic(tmp_path / "set") / "RBC.zip")
    for index, window in enumerate(WINDOWS):
        found = events_of(dataset, index)
        assert found.t[0] >= FIRST_TICK + 100 * window
        assert np.ptp(found.t) < 200


def test_warning_about_the_clock_between_files_is_told_once(tmp_path: Path) -> None:
    dataset = open_dataset(write_neuromorphic(tmp_path / "set"))
    told = [note for note in dataset.completeness.notes if "clock between" in note]
    assert len(told) == 1
    assert "from its first event" in told[0]


def test_lymphocytes_are_known_by_the_name_of_the_training_code(tmp_path: Path) -> None:
    for name in ("PBMC", "Platelet"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "600us.npy").write_bytes(content(events(0, 6)))
    dataset = open_dataset(tmp_path)
    assert dataset.recipe.key == KEY
    found = {dataset.class_of(sample).name for sample in dataset.samples}
    assert found == {"Lymphocyte", "Platelet"}


def test_previews_alone_are_shown_as_pictures(tmp_path: Path) -> None:
    (tmp_path / "RBC").mkdir()
    (tmp_path / "RBC" / "600us.png").write_bytes(preview(events(0, 6)))
    dataset = open_dataset(tmp_path)
    (sample,) = dataset.samples
    assert dataset.recipe.key == "plain_images"
    assert not dataset.holds_events(sample)
    assert dataset.event_source(sample) is None
    assert dataset.read_picture(sample).pixels.shape == (224, 224, 3)


@pytest.mark.parametrize("ending", [".npy", ".png"])
def test_one_file_opens_its_set_at_itself(ending: str, tmp_path: Path) -> None:
    root = write_neuromorphic(tmp_path / "set", previews=True)
    with zipfile.ZipFile(root / "Platelet.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    file = tmp_path / "unpacked" / "Platelet" / f"{WINDOWS[1]}00us{ending}"
    dataset = open_dataset(file)
    assert dataset.recipe.key == KEY
    assert dataset.samples[dataset.start].name == f"Platelet/{WINDOWS[1]}00us"
    assert dataset.holds_events(dataset.samples[dataset.start])


def test_copies_are_told(tmp_path: Path) -> None:
    root = write_neuromorphic(tmp_path / "set", copies=True, previews=True)
    dataset = open_dataset(root / "HUVEC.zip")
    assert len(dataset.samples) == len(WINDOWS) * (1 + len(COPIES))
    copies = [sample.facts.get("copy") for sample in dataset.samples]
    assert copies.count(None) == len(WINDOWS)
    assert copies.count("polarity inverted") == len(WINDOWS)
    assert copies.count("turned") == 3 * len(WINDOWS)


def test_info_counts_windows_of_each_class(tmp_path: Path) -> None:
    dataset = open_dataset(write_neuromorphic(tmp_path / "set"))
    info = dataset_info(dataset)
    assert info["dataset"] == KEY
    assert info["samples"] == 18
    assert info["classes"] == dict.fromkeys(dataset.classes, 3)
    assert info["problems"] == []
    assert dataset.completeness.text == "18 recordings of 6 classes"


@pytest.mark.parametrize("damaged", [b"", b"\x93NUMPY\x01\x00", content(np.zeros(5))])
def test_damaged_file_leaves_the_others(damaged: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "RBC"
    folder.mkdir()
    for window in range(20):
        (folder / f"{window}00us.npy").write_bytes(content(events(0, window)))
    (folder / "100us.npy").write_bytes(damaged)
    dataset = open_dataset(folder)
    for sample in dataset.samples:
        if sample.name == "RBC/100us":
            with pytest.raises(CellsetsError, match=r"100us\.npy"):
                dataset.event_source(sample)
            with pytest.raises(CellsetsError, match=r"100us\.npy"):
                dataset.read_picture(sample)
        else:
            assert dataset.event_source(sample).units == 320
    told = {problem.name for problem in dataset.problems}
    assert told <= {"RBC/100us"}
    assert len(dataset.samples) in (19, 20)
