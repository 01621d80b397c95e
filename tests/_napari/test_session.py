from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cellsets._napari.session import get_session
from napari_cellsets.core.errors import CellsetsError
from small_sets import NAMES, SHAPE, labels_of, write_set

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets._napari.session import Session


def second_view(path: Path) -> Session:
    """What a napari started afterwards shows."""
    viewer = ViewerModel()
    session = get_session(viewer)
    session._keep = viewer
    session.open(path)
    return session


def test_one_viewer_has_one_session(viewer: ViewerModel) -> None:
    assert get_session(viewer) is get_session(viewer)


def test_session_dies_with_its_viewer() -> None:
    viewer = ViewerModel()
    session = weakref.ref(get_session(viewer))
    del viewer
    gc.collect()
    assert session() is None


def test_opening_shows_picture_and_truth(opened: Session) -> None:
    assert opened.image_layer.rgb
    assert opened.image_layer.name == NAMES[0]
    np.testing.assert_array_equal(opened.truth_layer.data, labels_of(0))
    assert opened.cells_layer is None
    assert opened.cells is None


def test_opening_tells_data_set_then_sample(session: Session, set_path: Path) -> None:
    told = []
    session.dataset_changed.connect(lambda dataset: told.append(len(dataset.samples)))
    session.sample_changed.connect(lambda index: told.append(f"sample {index}"))
    session.open(set_path)
    assert told == [4, "sample 0"]


def test_all_layers_carry_scale_units_and_axes(opened: Session) -> None:
    opened.set_cells(labels_of(0), {})
    for layer in (opened.image_layer, opened.truth_layer, opened.cells_layer):
        assert layer.axis_labels == ("y", "x")
        assert [str(unit) for unit in layer.units] == ["pixel", "pixel"]
        assert tuple(layer.scale) == (1, 1)


def test_next_keeps_the_same_layers(opened: Session, viewer: ViewerModel) -> None:
    opened.set_cells(labels_of(0), {})
    before = list(viewer.layers)
    assert opened.step(1)
    assert list(viewer.layers) == before
    np.testing.assert_array_equal(opened.truth_layer.data, labels_of(1))


def test_step_stops_at_both_ends(opened: Session) -> None:
    assert not opened.step(-1)
    opened.show(3)
    assert not opened.step(1)
    assert opened.index == 3


def test_truth_hides_where_a_sample_has_none(opened: Session) -> None:
    opened.show(3)
    assert opened.truth is None
    assert not opened.truth_layer.visible
    opened.show(0)
    assert opened.truth_layer.visible


def test_truth_hidden_by_the_person_stays_hidden(opened: Session) -> None:
    opened.truth_layer.visible = False
    opened.show(3)
    opened.show(1)
    assert not opened.truth_layer.visible


def test_other_kind_of_picture_replaces_the_image_layer_alone(
    session: Session, viewer: ViewerModel, tmp_path: Path
) -> None:
    session.open(write_set(tmp_path / "mixed", last_shape=(30, 40), last_grey=True))
    image, truth = session.image_layer, session.truth_layer
    session.show(3)
    assert session.image_layer is not image
    assert not session.image_layer.rgb
    assert session.truth_layer is truth
    assert len(viewer.layers) == 2
    assert viewer.layers[0] is session.image_layer


def test_deleted_image_comes_back_below_the_labels(
    opened: Session, viewer: ViewerModel
) -> None:
    opened.set_cells(labels_of(0), {})
    viewer.layers.remove(opened.image_layer)
    opened.step(1)
    assert list(viewer.layers) == [
        opened.image_layer,
        opened.truth_layer,
        opened.cells_layer,
    ]


def test_deleted_truth_comes_back(opened: Session, viewer: ViewerModel) -> None:
    viewer.layers.remove(opened.truth_layer)
    assert opened.truth is None
    opened.step(1)
    np.testing.assert_array_equal(opened.truth.labels, labels_of(1))


def test_view_is_fitted_when_the_size_changes(
    session: Session, viewer: ViewerModel, tmp_path: Path
) -> None:
    session.open(write_set(tmp_path / "sizes", last_shape=(300, 400)))
    viewer.scene.camera.zoom = 7.0
    session.step(1)
    assert viewer.scene.camera.zoom == 7.0
    session.show(3)
    assert viewer.scene.camera.zoom != 7.0


def test_cells_are_kept_for_the_next_napari(opened: Session, set_path: Path) -> None:
    opened.set_cells(labels_of(5), {"model": "m"})
    later = second_view(set_path)
    np.testing.assert_array_equal(later.cells, labels_of(5))


def test_cells_of_one_sample_do_not_show_on_another(opened: Session) -> None:
    opened.set_cells(labels_of(0), {})
    opened.step(1)
    assert opened.cells is None
    assert not opened.cells_layer.data.any()
    opened.step(-1)
    np.testing.assert_array_equal(opened.cells, labels_of(0))


def test_set_cells_does_not_share_its_array(opened: Session) -> None:
    labels = labels_of(0)
    opened.set_cells(labels, {})
    labels[:] = 9
    np.testing.assert_array_equal(opened.cells, labels_of(0))


def test_set_cells_twice_keeps_the_second(opened: Session, set_path: Path) -> None:
    opened.set_cells(labels_of(0), {})
    opened.set_cells(labels_of(3), {})
    np.testing.assert_array_equal(second_view(set_path).cells, labels_of(3))


def test_set_cells_after_the_layer_was_deleted(
    opened: Session, viewer: ViewerModel, set_path: Path
) -> None:
    opened.set_cells(labels_of(0), {})
    viewer.layers.remove(opened.cells_layer)
    assert opened.cells_layer is None
    opened.set_cells(labels_of(3), {})
    np.testing.assert_array_equal(second_view(set_path).cells, labels_of(3))
    assert not opened.unsaved


def test_set_cells_can_wait_for_a_timer(opened: Session, set_path: Path) -> None:
    waiting = []
    opened.deferrer = waiting.append
    opened.set_cells(labels_of(0), {})
    assert second_view(set_path).cells is None
    waiting.pop()()
    np.testing.assert_array_equal(second_view(set_path).cells, labels_of(0))


def test_cells_waiting_for_a_timer_are_saved_by_next(
    opened: Session, set_path: Path
) -> None:
    opened.deferrer = [].append
    opened.set_cells(labels_of(0), {})
    opened.step(1)
    np.testing.assert_array_equal(second_view(set_path).cells, labels_of(0))


def test_set_cells_without_image_is_refused(session: Session) -> None:
    with pytest.raises(CellsetsError, match="no image to put cells on"):
        session.set_cells(np.zeros(SHAPE, np.int32), {})


def test_showing_without_data_set_is_refused(session: Session) -> None:
    with pytest.raises(CellsetsError, match="no data set is open"):
        session.show(0)


def test_showing_a_sample_beyond_the_end_is_refused(opened: Session) -> None:
    with pytest.raises(CellsetsError, match="has 4 samples, number 5 was asked for"):
        opened.show(4)


def test_drawn_cells_survive(opened: Session, set_path: Path) -> None:
    opened.start_cells()
    opened.cells_layer.paint((20, 20), 1)
    assert second_view(set_path).cells[20, 20] == 1


def test_truth_is_locked_until_asked_for(opened: Session) -> None:
    assert not opened.truth_layer.editable
    opened.correcting_truth = True
    assert opened.truth_layer.editable
    opened.step(1)
    assert opened.truth_layer.editable
    opened.correcting_truth = False
    assert not opened.truth_layer.editable


def test_truth_of_another_set_is_locked_again(
    opened: Session, set_path: Path, tmp_path: Path
) -> None:
    opened.correcting_truth = True
    opened.open(write_set(tmp_path / "other"))
    assert not opened.correcting_truth
    assert not opened.truth_layer.editable
    opened.open(set_path)
    assert not opened.truth_layer.editable


def test_corrected_truth_is_kept_and_the_file_is_not_touched(
    opened: Session, set_path: Path
) -> None:
    file = set_path / "masks" / "a1.png"
    before = file.read_bytes()
    opened.correcting_truth = True
    opened.truth_layer.fill((5, 5), 0)
    opened.correcting_truth = False
    later = second_view(set_path)
    assert not (later.truth.labels == 1).any()
    assert later.truth.source.endswith("corrected")
    assert file.read_bytes() == before


def test_looking_at_truth_writes_nothing(opened: Session) -> None:
    opened.correcting_truth = True
    opened.step(1)
    opened.correcting_truth = False
    identity = opened.dataset.identity
    assert opened.project.load_labels(identity, NAMES[0], "truth") is None


def test_unreadable_picture_shows_black_and_can_be_left(
    session: Session, set_path: Path
) -> None:
    (set_path / "images" / "a2.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    session.open(set_path)
    session.step(1)
    assert session.picture is None
    assert session.problems
    assert not session.image_layer.data.any()
    session.step(1)
    assert session.sample.name == NAMES[2]
    assert session.picture is not None


def test_unreadable_mask_still_shows_the_picture(
    session: Session, set_path: Path
) -> None:
    (set_path / "masks" / "a1.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    session.open(set_path)
    assert session.picture is not None
    assert session.truth is None
    assert len(session.problems) == 1


def test_cells_in_the_store_of_another_size_are_said_and_not_shown(
    opened: Session, set_path: Path
) -> None:
    opened.show(3)
    opened.set_cells(labels_of(0), {})
    larger = np.zeros((80, 90, 3), np.uint8)
    cv2.imwrite(str(set_path / "images" / f"{NAMES[3]}.png"), larger)
    later = second_view(set_path)
    later.show(3)
    assert later.picture.plane_shape == (80, 90)
    assert later.cells is None
    with pytest.raises(CellsetsError, match="64×48 pixels, the image has 90×80"):
        raise later.problems[0]


def test_contrast_follows_each_grey_picture(session: Session, tmp_path: Path) -> None:
    for number, brightest in enumerate((40, 250)):
        ramp = np.linspace(0, brightest, 40 * 50).reshape(40, 50).astype(np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), ramp)
    session.open(tmp_path)
    layer = session.image_layer
    assert layer.contrast_limits[1] == pytest.approx(40, abs=2)
    session.step(1)
    assert session.image_layer is layer
    assert layer.contrast_limits[1] == pytest.approx(250, abs=2)


def test_walk_follows_the_filter(opened: Session) -> None:
    opened.order = [0, 2]
    opened.walk(1)
    assert opened.index == 2
    opened.walk(1)
    assert opened.index == 2


def test_walk_hands_over_to_the_navigator_and_counts_on(opened: Session) -> None:
    asked = []
    opened.navigator = asked.append
    opened.walk(1)
    opened.walk(1)
    assert asked == [1, 2]
    opened.stay()
    opened.walk(1)
    assert asked[-1] == 1


def test_page_keys_are_bound(opened: Session, viewer: ViewerModel) -> None:
    keys = {str(key) for key in viewer.keymap}
    assert {"PageDown", "PageUp"} <= keys


def test_sample_painted_while_it_was_loading_is_not_undone(opened: Session) -> None:
    opened.set_cells(labels_of(0), {})
    loaded = opened.loader(0)()
    opened.cells_layer.paint((20, 20), 7)
    opened.display(loaded)
    assert opened.cells[20, 20] == 7
    opened.cells_layer.paint((40, 50), 8)
    assert not opened.unsaved


def test_the_view_is_fitted_to_what_is_seen_not_to_what_is_hidden(
    viewer: ViewerModel, session: Session, set_path: Path
) -> None:
    viewer.add_labels(np.ones((900, 900), np.int32), visible=False)
    session.open(set_path)
    height, width = session.picture.plane_shape
    centre = tuple(viewer.scene.camera.center)[-2:]
    np.testing.assert_allclose(centre, ((height - 1) / 2, (width - 1) / 2), atol=1)
