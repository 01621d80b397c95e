from __future__ import annotations

from functools import wraps

import numpy as np
import pytest

pytest.importorskip("napari")

from napari.components import ViewerModel
from napari.layers import Labels

from napari_cellsets._napari.slots import (
    add_aside,
    assign,
    put_layer,
    replace_labels,
)


def test_layer_of_another_rank_takes_place_and_name_of_the_old_one() -> None:
    viewer = ViewerModel()
    flat = Labels(np.zeros((4, 5), np.int32), name="cells")
    viewer.add_layer(flat)
    viewer.add_labels(np.zeros((4, 5), np.int32), name="top")
    deep = Labels(np.zeros((2, 4, 5), np.int32), name="cells")
    put_layer(viewer, deep, flat)
    assert [layer.name for layer in viewer.layers] == ["cells", "top"]
    assert viewer.layers[0] is deep


def test_layer_that_only_shows_something_leaves_the_person_where_they_work() -> None:
    viewer = ViewerModel()
    cells = viewer.add_labels(np.zeros((4, 5), np.int32), name="cells")
    heard: list[object] = []
    viewer.layers.selection.events.active.connect(heard.append)
    add_aside(viewer, Labels(np.zeros((4, 5), np.int32), name="shown"))
    assert viewer.layers[-1].name == "shown"
    assert viewer.layers.selection.active is cells
    assert viewer.layers.selection == {cells}
    assert not heard


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One number each time that a viewer measures all its layers."""
    times: list[int] = []
    own = ViewerModel._on_layers_change

    @wraps(own)  # napari connects by name
    def counted(viewer: ViewerModel) -> None:
        times.append(len(viewer.layers))
        own(viewer)

    monkeypatch.setattr(ViewerModel, "_on_layers_change", counted)
    return times


def test_labels_of_the_same_size_are_shown_and_nothing_is_measured_anew(
    measured: list[int],
) -> None:
    layer = ViewerModel().add_labels(np.zeros((4, 5), np.int32))
    measured.clear()
    assign(layer, np.full((4, 5), 2, np.int32))
    assert layer.get_value((1, 1)) == 2
    assert not measured


def test_labels_of_another_size_change_what_the_viewer_spans() -> None:
    viewer = ViewerModel()
    layer = viewer.add_labels(np.zeros((4, 5), np.int32))
    assign(layer, np.zeros((40, 50), np.int32))
    assert [axis.stop for axis in viewer.dims.range] == [39, 49]


def test_whoever_listens_for_other_data_hears_of_them() -> None:
    layer = Labels(np.zeros((4, 5), np.int32))
    heard: list[object] = []
    layer.events.data.connect(lambda event: heard.append(event.value))
    other = np.ones((4, 5), np.int32)
    assign(layer, other)
    assert len(heard) == 1
    assert heard[0] is other


def test_nothing_of_labels_before_can_be_undone_and_the_tool_stays_in_hand() -> None:
    layer = Labels(np.zeros((4, 5), np.int32))
    layer.mode = "paint"
    layer.paint((1, 1), 3)
    other = np.ones((4, 5), np.int32)
    replace_labels(layer, other, locked=False)
    layer.undo()
    assert (layer.data == 1).all()
    assert layer.mode == "paint"


@pytest.mark.parametrize(("before", "told"), [(True, 1), (False, 0)])
def test_locking_is_told_where_the_layer_could_be_edited_before(
    before: bool, told: int
) -> None:
    layer = Labels(np.zeros((4, 5), np.int32))
    layer.editable = before
    heard: list[object] = []
    layer.events.editable.connect(heard.append)
    replace_labels(layer, np.ones((4, 5), np.int32), locked=True)
    assert not layer.editable
    assert len(heard) == told
