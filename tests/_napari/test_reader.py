from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.components import ViewerModel

from annotated_sets import write_annotated_set
from event_files import SIZE, bar, write_recording
from napari_cellsets._napari.reader import (
    build_layers,
    get_reader,
    read,
    recording_layer,
)
from napari_cellsets._napari.session import get_session
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.errors import CellsetsError
from small_sets import NAMES, labels_of, write_set

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets._napari.session import Session


def drop(session: Session, viewer: ViewerModel, path: Path) -> None:
    """What a drop does in a window: the reader's layers arrive one by one."""
    dataset = open_dataset(path)
    for layer in build_layers(session.loader(dataset.start, dataset)()):
        viewer.add_layer(layer)


def test_probe_takes_folder_archive_and_picture(set_path: Path, tmp_path: Path) -> None:
    archive = tmp_path / "set.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in sorted(set_path.rglob("*.png")):
            packed.write(file, file.relative_to(set_path.parent))
    for path in (set_path, archive, set_path / "images" / "a1.png"):
        assert get_reader(str(path)) is read


@pytest.mark.parametrize("name", ["a.txt", "a.json", "words.zip", "words", ""])
def test_probe_refuses_what_is_not_ours(tmp_path: Path, name: str) -> None:
    (tmp_path / "words").mkdir()
    for file in ("a.txt", "a.json", "words/a.txt"):
        (tmp_path / file).write_text("no picture")
    with zipfile.ZipFile(tmp_path / "words.zip", "w") as packed:
        packed.write(tmp_path / "a.txt", "a.txt")
    assert get_reader(str(tmp_path / name)) is None
    assert get_reader("https://example.org/set.zip") is None
    assert get_reader("a\0b.png") is None


REFUSED = {
    "missing.png": "there is no such file or folder. Check the path",
    "empty": "no picture here, and no other file. Copying or unpacking may not",
    "nothing.zip": "no picture here, and no other file. Copying or unpacking may not",
    "text.png": "this is no picture but something unknown",
    "none.png": "this is no picture but an empty file",
    "cut.zip": "this is no complete zip archive",
    "page.tgz": "this is no complete tar archive",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_should_be_ours_and_cannot_be_read_is_told(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "none.png").touch()
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04")
    (tmp_path / "page.tgz").write_text("<html>not found")
    zipfile.ZipFile(tmp_path / "nothing.zip", "w").close()
    reader = get_reader(str(tmp_path / name))
    assert reader is read
    with pytest.raises(CellsetsError, match=f"{re.escape(name)}: .*{REFUSED[name]}"):
        reader(str(tmp_path / name))


def test_list_of_one_is_opened(set_path: Path) -> None:
    assert get_reader([str(set_path)]) is read
    assert len(read([str(set_path)])) == 2
    with pytest.raises(CellsetsError, match="2 places were given"):
        read([str(set_path), str(set_path)])


def test_reading_without_viewer_returns_picture_and_truth(set_path: Path) -> None:
    image, truth = read(str(set_path))
    assert image.rgb
    np.testing.assert_array_equal(truth.data, labels_of(0))
    assert not truth.editable


def test_one_picture_opens_its_set_there(set_path: Path) -> None:
    image, truth = read(str(set_path / "images" / "a10.png"))
    assert image.name == "a10"
    np.testing.assert_array_equal(truth.data, labels_of(2))


def test_unreadable_single_picture_is_said(tmp_path: Path) -> None:
    file = tmp_path / "broken.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n broken")
    with pytest.raises(CellsetsError, match=r"broken\.png"):
        read(str(file))


def test_dropped_set_becomes_the_sessions(
    session: Session, viewer: ViewerModel, set_path: Path
) -> None:
    drop(session, viewer, set_path / "images" / "a2.png")
    assert session.index == 1
    assert session.image_layer in viewer.layers
    assert session.truth_layer in viewer.layers
    assert session.step(1)
    assert len(viewer.layers) == 2
    assert session.image_layer.name == NAMES[2]


def test_adopted_layers_do_not_keep_the_sample(
    session: Session, viewer: ViewerModel, set_path: Path
) -> None:
    drop(session, viewer, set_path)
    assert not any(layer.metadata for layer in viewer.layers)


def test_second_drop_takes_the_place_of_the_first(
    opened: Session, viewer: ViewerModel, set_path: Path
) -> None:
    opened.set_cells(labels_of(0), {})
    drop(opened, viewer, set_path / "images" / "a2.png")
    assert [layer.name for layer in viewer.layers] == ["a2", "ground truth"]
    assert opened.index == 1


def test_labels_of_a_dropped_set_are_locked_whatever_was_unlocked_before(
    opened: Session, viewer: ViewerModel, tmp_path: Path
) -> None:
    opened.correcting_truth = True
    drop(opened, viewer, write_set(tmp_path / "other"))
    assert not opened.correcting_truth
    opened.step(1)
    assert not opened.truth_layer.editable


def test_masks_of_a_dropped_set_are_locked_whatever_was_unlocked_before(
    session: Session, viewer: ViewerModel, tmp_path: Path
) -> None:
    session.open(write_annotated_set(tmp_path / "one"))
    session.annotations.corrections.set_locked(viewer.layers["masks"], False)
    drop(session, viewer, write_set(tmp_path / "other"))
    drop(session, viewer, tmp_path / "one")
    assert not viewer.layers["masks"].editable


def test_earlier_corrections_arrive_with_the_drop(
    opened: Session, set_path: Path
) -> None:
    opened.set_cells(labels_of(0), {})
    opened.cells_layer.paint((20, 20), 7)
    viewer = ViewerModel()
    session = get_session(viewer)
    drop(session, viewer, set_path)
    assert session.cells[20, 20] == 7
    session.cells_layer.paint((40, 50), 8)
    assert not session.unsaved


def test_layers_of_others_are_left_alone(
    session: Session, viewer: ViewerModel, set_path: Path
) -> None:
    other = viewer.add_image(np.zeros((5, 5)))
    drop(session, viewer, set_path)
    assert other in viewer.layers
    assert session.image_layer is not other


def test_real_set_opens_with_its_instances(real_samples: Path) -> None:
    _, truth = read(str(real_samples / "fluorescent_neuronal_cells_v1"))
    assert truth.data.max() == 13


@pytest.mark.parametrize(
    "place",
    [
        "fluorescent_neuronal_cells_v1",
        "fluorescent_neuronal_cells_v2",
        "dsb2018",
    ],
)
def test_real_sets_pass_the_probe(real_samples: Path, place: str) -> None:
    assert get_reader(str(real_samples / place)) is read


@pytest.fixture
def recording_file(tmp_path: Path) -> Path:
    """A recording of an event camera."""
    return write_recording(tmp_path / "run.raw", bar())


def test_recording_read_without_viewer_is_indexed_and_plays(
    recording_file: Path,
) -> None:
    (layer,) = read(str(recording_file))
    assert layer.name == "run"
    assert layer.data.shape == (101, SIZE.height, SIZE.width)
    viewer = ViewerModel()
    viewer.add_layer(layer)
    viewer.dims.set_point(0, 200.0)
    shown = np.asarray(layer._slice.image.raw)
    assert shown.any()
    assert np.array_equal(shown, layer.data[20])


def test_recording_takes_the_place_of_the_set_before(
    session: Session, viewer: ViewerModel, set_path: Path, recording_file: Path
) -> None:
    session.open(set_path)
    dataset = open_dataset(recording_file)
    loaded = session.loader(dataset.start, dataset)()
    viewer.add_layer(recording_layer(loaded, viewer))
    assert [layer.name for layer in viewer.layers] == ["run"]
    assert session.film.recording is loaded.recording
    assert session.film.layer is session.image_layer is viewer.layers[0]
    assert viewer.dims.point[0] == 10.0


def test_picture_has_no_layer_of_a_recording(session: Session, set_path: Path) -> None:
    dataset = open_dataset(set_path)
    loaded = session.loader(dataset.start, dataset)()
    with pytest.raises(CellsetsError, match="no recording"):
        recording_layer(loaded, None)
