"""Recordings of event cameras open as sets: by content, in place, not by mistake."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from napari_cellsets.catalogue import dataset_info, open_dataset
from napari_cellsets.catalogue.probe import can_open
from napari_cellsets.catalogue.recordings import EVENT_SUFFIXES, place_on_disk
from napari_cellsets.core.errors import (
    AmbiguousEventsError,
    CellsetsError,
    NotRecognisedError,
)
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.base import pieces
from napari_cellsets.formats.events.registry import EVENT_FORMATS

ROOT = Path(__file__).resolve().parents[2]
SENSOR = Geometry(90, 70)
COUNT = 800


def made(seed: int = 0, count: int = COUNT) -> Events:
    """Events at random on the sensor."""
    rng = np.random.default_rng(seed)
    return Events.of(
        np.sort(rng.integers(0, 20_000, count)),
        rng.integers(0, SENSOR.width, count),
        rng.integers(0, SENSOR.height, count),
        rng.integers(0, 2, count),
    )


def write(path: Path, key: str = "evt3", seed: int = 0) -> Path:
    """Write a recording."""
    path.parent.mkdir(parents=True, exist_ok=True)
    EVENT_FORMATS[key].write(path, [made(seed)], SENSOR)
    return path


def structured(events: Events) -> bytes:
    """A NumPy file of events with named columns."""
    table = np.zeros(len(events), [("t", "i8"), ("x", "u2"), ("y", "u2"), ("p", "u1")])
    for name in table.dtype.names:
        table[name] = getattr(events, name)
    held = io.BytesIO()
    np.save(held, table)
    return held.getvalue()


def array(values: np.ndarray) -> bytes:
    """A NumPy file of anything."""
    held = io.BytesIO()
    np.save(held, values)
    return held.getvalue()


def events_of(dataset, sample):
    source = dataset.event_source(sample)
    parts = [part.take(np.arange(len(part))) for part in pieces(source)]
    return Events.joined(parts)


def same(one: Events, other: Events) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in "txyp"
    )


def picture(path: Path, side: int = 40) -> None:
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(1).integers(0, 255, (side, side), np.uint8)
    cv2.imwrite(str(path), pixels)


def test_one_recording_opens_alone(tmp_path):
    path = write(tmp_path / "a.raw")
    write(tmp_path / "b.raw", seed=1)
    dataset = open_dataset(path)
    (sample,) = dataset.samples
    assert dataset.recipe.key == "event_recordings"
    assert dataset.holds_events(sample)
    assert same(events_of(dataset, sample), made())


def test_folder_of_recordings_of_any_format_is_a_set(tmp_path):
    write(tmp_path / "day1" / "a.raw")
    write(tmp_path / "day1" / "b.npz", "npz", seed=1)
    write(tmp_path / "day2" / "c.raw", "evt2", seed=2)
    (tmp_path / "day2" / "d.npy").write_bytes(structured(made(3)))
    dataset = open_dataset(tmp_path)
    assert [s.image for s in dataset.samples] == [
        "day1/a.raw", "day1/b.npz", "day2/c.raw", "day2/d.npy",
    ]  # fmt: skip
    for seed, sample in enumerate(dataset.samples):
        assert same(events_of(dataset, sample), made(seed))
    assert dataset.completeness.text == "4 recordings"


def test_recordings_in_a_zip_are_read_in_place(tmp_path):
    one = write(tmp_path / "a.raw").read_bytes()
    place = tmp_path / "set" / "some.zip"
    place.parent.mkdir()
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("run/a.raw", one)
        archive.writestr("run/b.npy", structured(made(1)))
    dataset = open_dataset(place)
    assert [s.name for s in dataset.samples] == ["run/a", "run/b"]
    for seed, sample in enumerate(dataset.samples):
        assert same(events_of(dataset, sample), made(seed))


def test_still_shows_the_last_event_of_each_pixel(tmp_path):
    dataset = open_dataset(write(tmp_path / "a.raw"))
    shown = dataset.read_picture(dataset.samples[0])
    events, expected = made(), np.full((70, 90), 128)
    for x, y, p in zip(events.x, events.y, events.p, strict=True):
        expected[y, x] = 255 if p else 0
    assert shown.axes == "yx"
    np.testing.assert_array_equal(shown.pixels, expected)


def test_still_of_a_long_recording_shows_its_busiest_moment(tmp_path):
    rng = np.random.default_rng(0)
    calm = Events.of(
        np.arange(60_000) * 100, np.zeros(60_000), np.zeros(60_000), np.ones(60_000)
    )
    busy = Events.of(
        6_000_000 + np.arange(30_000), rng.integers(30, 60, 30_000),
        rng.integers(20, 40, 30_000), np.zeros(30_000),
    )  # fmt: skip
    EVENT_FORMATS["evt3"].write(tmp_path / "a.raw", [calm, busy], SENSOR)
    dataset = open_dataset(tmp_path / "a.raw")
    shown = dataset.read_picture(dataset.samples[0]).pixels
    assert (shown[20:40, 30:60] == 0).all()
    assert (shown == 0).sum() == 20 * 30


def test_thumbnail_of_a_recording_is_its_still(tmp_path):
    dataset = open_dataset(write(tmp_path / "a.raw"))
    small = dataset.thumbnail(dataset.samples[0], 45)
    assert small.shape == (35, 45, 3)
    assert small.std() > 0


def test_set_of_pictures_holds_no_events(tmp_path):
    picture(tmp_path / "a.png")
    dataset = open_dataset(tmp_path)
    assert not dataset.holds_events(dataset.samples[0])
    assert dataset.event_source(dataset.samples[0]) is None


@pytest.mark.parametrize("packed", [False, True])
def test_class_folders_of_short_recordings_are_single_cells(tmp_path, packed):
    root = tmp_path / "set"
    for split in ("Train", "Test"):
        for kind in ("0", "1"):
            for number in range(5):
                write(root / split / kind / f"{number:05d}.raw", seed=number)
    if packed:
        place = tmp_path / "set.zip"
        with zipfile.ZipFile(place, "w") as archive:
            for file in root.rglob("*.raw"):
                archive.write(file, file.relative_to(root).as_posix())
        root = place
    dataset = open_dataset(root)
    assert dataset.recipe.key == "event_class_folders"
    assert dataset.kind == "cells"
    assert dataset.classes == ("0", "1")
    assert dataset.splits == {"train": 10, "test": 10}
    assert dataset_info(dataset)["classes"] == {"0": 10, "1": 10}
    assert same(events_of(dataset, dataset.samples[1]), made(1))


def test_folders_of_few_recordings_each_are_no_classes(tmp_path):
    for day in ("monday", "tuesday"):
        for number in range(3):
            write(tmp_path / day / f"{number}.raw")
    assert open_dataset(tmp_path).recipe.key == "event_recordings"


def test_pictures_beside_recordings_are_not_in_the_way(tmp_path):
    write(tmp_path / "run" / "a.raw")
    for number in range(5):
        picture(tmp_path / "run" / f"frame{number}.png")
    dataset = open_dataset(tmp_path)
    assert [s.image for s in dataset.samples] == ["run/a.raw"]


def test_images_with_masks_stay_what_they_are_beside_a_recording(tmp_path):
    for number in range(4):
        picture(tmp_path / "images" / f"{number}.png")
        picture(tmp_path / "masks" / f"{number}.png")
    write(tmp_path / "a.raw")
    assert open_dataset(tmp_path).recipe.rank == 1
    assert open_dataset(tmp_path).recipe.events is None


OTHERS = {
    "image.npy": array(np.zeros((40, 50), np.uint8)),
    "rgb.npy": array(np.zeros((40, 50, 3), np.uint8)),
    "stack.npy": array(np.zeros((20, 40, 50), np.uint16)),
    "vector.npy": array(np.arange(9.0)),
    "features.npy": array(np.random.default_rng(0).normal(size=(50, 128))),
    "labels.npy": array(np.arange(50)),
    "empty.npy": b"",
    "table.csv": b"name,class,score\nimg1,RBC,0.5\nimg2,WBC,0.25\n",
    "points.csv": b"index,axis-0,axis-1\n0,10.5,20.25\n1,11.5,3.75\n",
    "classes.txt": b"RBC\nWBC\nPlatelet\n",
    "yolo.txt": b"0 0.5 0.5 0.25 0.125\n1 0.25 0.5 0.125 0.25\n",
    "notes.txt": b"Zellen im Kanal, 40x\n" * 40,
    "volume.raw": bytes(range(256)) * 64,
    "volume.dat": b"\0\1" * 4096,
    "table.dat": b"# x y\n1.0 2.0\n3.0 4.0\n",
    "weights.bin": np.random.default_rng(1).bytes(5000),
    "zeros.bin": bytes(5000),
    "log.bin": b"hello world\n" * 300,
}


def hdf5_of_pictures() -> bytes:
    import h5py

    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        file["images"] = np.zeros((4, 30, 40), np.uint8)
        file["masks"] = np.zeros((4, 30, 40), np.uint8)
        file["x"] = np.arange(5)
    return held.getvalue()


@pytest.mark.parametrize("name", [*OTHERS, "pictures.h5", "pictures.npz"])
def test_files_of_other_kinds_are_no_recordings(tmp_path, name):
    if name == "pictures.h5":
        content = hdf5_of_pictures()
    elif name == "pictures.npz":
        held = io.BytesIO()
        np.savez(held, images=np.zeros((4, 30, 40), np.uint8), y=np.arange(4))
        content = held.getvalue()
    else:
        content = OTHERS[name]
    path = tmp_path / name
    path.write_bytes(content)
    assert can_open(path) == name.startswith(("yolo", "points"))
    if name.startswith(("yolo", "points")):
        assert open_dataset(path).recipe.events is None
        return
    with pytest.raises(CellsetsError, match=re.escape(name)):
        open_dataset(path)


def test_other_files_do_not_turn_a_folder_of_pictures_into_recordings(tmp_path):
    for number in range(3):
        picture(tmp_path / f"{number}.png")
    for name, content in OTHERS.items():
        (tmp_path / name).write_bytes(content)
    dataset = open_dataset(tmp_path)
    assert dataset.recipe.events is None
    assert len(dataset.samples) == 3


def test_only_true_recordings_of_a_mixed_folder_are_samples(tmp_path):
    write(tmp_path / "a.raw")
    (tmp_path / "b.npy").write_bytes(structured(made(1)))
    for name, content in OTHERS.items():
        if not name.startswith("yolo"):
            (tmp_path / name).write_bytes(content)
    dataset = open_dataset(tmp_path)
    assert [s.image for s in dataset.samples] == ["a.raw", "b.npy"]


def test_one_other_file_among_many_recordings_is_told_or_left_out(tmp_path):
    for number in range(30):
        (tmp_path / f"{number}.npy").write_bytes(structured(made(number)))
    (tmp_path / "17.npy").write_bytes(array(np.zeros((8, 8))))
    dataset = open_dataset(tmp_path)
    assert len(dataset.samples) in (29, 30)
    for sample in dataset.samples:
        if sample.name == "17":
            with pytest.raises(CellsetsError, match=r"17\.npy"):
                dataset.event_source(sample)
        else:
            assert dataset.event_source(sample).units == COUNT


def test_folder_without_pictures_or_recordings_says_so(tmp_path):
    (tmp_path / "notes.txt").write_bytes(OTHERS["notes.txt"])
    with pytest.raises(NotRecognisedError, match="no picture"):
        open_dataset(tmp_path)


def test_file_named_as_a_recording_that_is_none_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "volume.raw").write_bytes(OTHERS["volume.raw"])
    with pytest.raises(CellsetsError, match="no events were recognised in it"):
        open_dataset(tmp_path / "volume.raw")


def test_reading_that_was_chosen_holds_for_still_and_events(tmp_path):
    rng = np.random.default_rng(0)
    steps = np.arange(500)
    table = np.stack([steps, steps + 7, steps % 60, rng.integers(0, 2, 500)], axis=1)
    (tmp_path / "a.npy").write_bytes(array(table))
    dataset = open_dataset(tmp_path / "a.npy")
    (sample,) = dataset.samples
    with pytest.raises(AmbiguousEventsError, match=r"a\.npy") as asked:
        dataset.event_source(sample)
    first, second = asked.value.readings[:2]
    stills = []
    for reading in (first, second):
        dataset.event_source(sample, reading=reading)
        assert dataset.event_source(sample).units == 500
        stills.append(dataset.read_picture(sample).pixels)
    assert not np.array_equal(*stills)


@pytest.mark.parametrize("name", ["a.raw", "deep/er/a.raw"])
def test_probe_finds_recordings_in_files_folders_and_zips(tmp_path, name):
    path = write(tmp_path / "set" / name)
    place = tmp_path / "set.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.write(path, name)
    assert can_open(path)
    assert can_open(tmp_path / "set")
    assert can_open(place)


def test_probe_leaves_zips_of_other_files_alone(tmp_path):
    place = tmp_path / "set.zip"
    with zipfile.ZipFile(place, "w") as archive:
        for name, content in OTHERS.items():
            archive.writestr(name, content)
    assert not can_open(place)


def test_set_keeps_its_identity_when_it_is_moved(tmp_path):
    first = open_dataset(write(tmp_path / "one" / "runs" / "a.raw").parent)
    other = open_dataset(write(tmp_path / "two" / "runs" / "a.raw").parent)
    changed = open_dataset(write(tmp_path / "three" / "runs" / "a.raw", seed=9).parent)
    assert first.identity == other.identity
    assert first.identity != changed.identity


def test_rows_know_every_ending_of_the_formats():
    endings = {e for f in EVENT_FORMATS.values() for e in f.endings}
    assert {f".{suffix}" for suffix in EVENT_SUFFIXES} == endings


@pytest.mark.parametrize("dropped", ["digits.h5", "."])
def test_recordings_inside_one_file_are_samples_of_their_own(tmp_path, dropped):
    import h5py

    kind = np.dtype([("x", "u2"), ("y", "u2"), ("ts", "i8"), ("p", "i1")])
    (tmp_path / "set").mkdir()
    with h5py.File(tmp_path / "set" / "digits.h5", "w") as file:
        for number, path in enumerate(("0/a", "0/b", "1/a")):
            events, table = made(number), np.zeros(COUNT, kind)
            for ours, theirs in zip("txyp", ("ts", "x", "y", "p"), strict=True):
                table[theirs] = getattr(events, ours)
            file[path] = table
    dataset = open_dataset(tmp_path / "set" / dropped)
    names = ["0/a", "0/b", "1/a"]
    assert [s.image for s in dataset.samples] == [f"digits.h5/{n}.h5" for n in names]
    for seed, sample in enumerate(dataset.samples):
        assert same(events_of(dataset, sample), made(seed))
        assert dataset.read_picture(sample).pixels.std() > 0
    held = place_on_disk(dataset.tree, dataset.samples[2].image)
    assert held == tmp_path / "set" / "digits.h5"
    assert dataset.problems == []


def test_file_on_disk_that_holds_a_recording_is_known(tmp_path):
    path = write(tmp_path / "set" / "a.raw")
    with zipfile.ZipFile(tmp_path / "set" / "inner.zip", "w") as archive:
        archive.write(path, "deep/b.raw")
    dataset = open_dataset(tmp_path / "set")
    held = {s.name: place_on_disk(dataset.tree, s.image) for s in dataset.samples}
    assert held["a"] == path
    assert held["inner.zip/deep/b"] == tmp_path / "set" / "inner.zip"


def test_napari_offers_every_ending_of_recordings_to_the_reader():
    import yaml

    manifest = yaml.safe_load((ROOT / "napari.yaml").read_text(encoding="utf-8"))
    (reader,) = manifest["contributions"]["readers"]
    patterns = set(reader["filename_patterns"])
    assert {f"*.{suffix}" for suffix in EVENT_SUFFIXES} <= patterns
