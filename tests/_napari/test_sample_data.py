from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets._napari import sample_data
from napari_cellsets._napari.sample_data import (
    FIELDS,
    ROW,
    simulated_channel,
    simulated_neurons,
    write_fields,
    write_recording,
)
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.errors import ExportError

if TYPE_CHECKING:
    from pathlib import Path

    from napari.components import ViewerModel

    from napari_cellsets._napari.session import Session

SHAPE = (128, 160)


@pytest.fixture
def fields(tmp_path: Path) -> Path:
    return write_fields(tmp_path, SHAPE)


def test_simulated_fields_are_a_complete_set(fields: Path) -> None:
    dataset = open_dataset(fields)
    assert dataset.recipe.key == ROW
    assert "simulated" in dataset.recipe.title
    assert len(dataset.samples) == len(FIELDS)
    assert not dataset.problems


def test_simulated_truth_is_what_was_drawn(fields: Path) -> None:
    from napari_cellsets.simulate import simulate_neurons

    dataset = open_dataset(fields)
    truth = dataset.read_truth(dataset.samples[0])
    drawn = simulate_neurons(shape=SHAPE, **FIELDS[0])
    np.testing.assert_array_equal(truth.labels, drawn.labels)
    picture = dataset.read_picture(dataset.samples[0])
    np.testing.assert_array_equal(picture.pixels, drawn.image)


def test_fields_are_drawn_once(fields: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in fields.rglob("*.png")}
    write_fields(fields.parent, SHAPE)
    assert {file: file.stat().st_mtime_ns for file in fields.rglob("*.png")} == before


def test_half_drawn_field_is_drawn_again(fields: Path) -> None:
    mask = fields / "masks" / "simulated_2.png"
    mask.unlink()
    write_fields(fields.parent, SHAPE)
    assert mask.exists()


def test_open_sample_returns_picture_and_truth(
    fields: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_data, "write_fields", lambda: fields)
    image, truth = simulated_neurons()
    assert [image[2], truth[2]] == ["image", "labels"]
    assert truth[0].shape == SHAPE


def test_sample_in_a_viewer_is_the_sessions(
    fields: Path,
    monkeypatch: pytest.MonkeyPatch,
    session: Session,
    viewer: ViewerModel,
) -> None:
    monkeypatch.setattr(sample_data, "write_fields", lambda: fields)
    monkeypatch.setattr("napari.current_viewer", lambda: viewer)
    for data, options, kind in simulated_neurons():
        getattr(viewer, f"add_{kind}")(data, **options)
    assert [layer.name for layer in viewer.layers] == ["simulated_1", "ground truth"]
    assert not session.truth_layer.editable
    assert session.step(1)
    assert len(viewer.layers) == 2


def test_cache_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(ExportError, match="could not be written"):
        write_fields(blocked, SHAPE)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write_recording(tmp_path, 0.05)


def test_simulated_recording_opens_and_is_drawn_once(recording: Path) -> None:
    dataset = open_dataset(recording)
    assert dataset.holds_events(dataset.samples[0])
    before = recording.stat().st_mtime_ns
    assert write_recording(recording.parent, 0.05) == recording
    assert recording.stat().st_mtime_ns == before


def test_open_sample_returns_the_recording_as_frames(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_data, "write_recording", lambda: recording)
    ((frames, options, kind),) = simulated_channel()
    assert kind == "image"
    assert frames.shape[1:] == (480, 640)
    assert options["rgb"] is False


def test_recording_of_open_sample_plays_in_a_viewer(
    recording: Path,
    monkeypatch: pytest.MonkeyPatch,
    session: Session,
    viewer: ViewerModel,
) -> None:
    monkeypatch.setattr(sample_data, "write_recording", lambda: recording)
    monkeypatch.setattr("napari.current_viewer", lambda: viewer)
    for data, options, kind in simulated_channel():
        getattr(viewer, f"add_{kind}")(data, **options)
    assert session.film.recording is not None
    assert session.film.layer is viewer.layers[0]
    assert session.film.recording.header.format == "EVT3"
