"""What a table of objects is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")

from napari_cellsets._napari.label_editor import LabelEditor
from napari_cellsets._napari.object_source import other_layer, source_of
from napari_cellsets.store import Project

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_cellsets._napari.object_source import ObjectSource
    from napari_cellsets._napari.session import Session

STACK = (3, 20, 30)


def source(viewer: ViewerModel, labels: np.ndarray, **more: object) -> ObjectSource:
    layer = viewer.add_labels(labels, **more)
    found = source_of(viewer, LabelEditor(viewer, layer))
    assert found is not None
    return found


def test_labels_of_the_sample_lie_on_its_picture(
    viewer: ViewerModel, opened: Session
) -> None:
    assert opened.truth_layer is not None
    assert opened.picture is not None
    found = source_of(viewer, LabelEditor(viewer, opened.truth_layer))
    assert found is not None
    assert found.picture is not None
    np.testing.assert_array_equal(found.picture.pixels, opened.picture.pixels)
    assert found.picture.axes == "yxc"


def test_own_labels_lie_on_the_uppermost_image_of_their_size(
    viewer: ViewerModel,
) -> None:
    for grey in (1.0, 2.0):
        viewer.add_image(np.full(STACK[1:], grey, np.float32))
    viewer.add_image(np.zeros((5, 5), np.float32))
    picture = source(viewer, np.ones(STACK[1:], np.int32)).picture
    assert picture is not None
    assert float(picture.pixels.max()) == 2.0


def test_of_a_stack_the_plane_on_screen_is_taken(viewer: ViewerModel) -> None:
    planes = np.arange(3, dtype=np.float32)[:, None, None]
    viewer.add_image(np.broadcast_to(planes, STACK).copy())
    viewer.dims.set_current_step(0, 2)
    found = source(viewer, np.ones(STACK, np.int32))
    assert found.plane == (2,)
    assert found.labels.shape == STACK[1:]
    assert found.picture is not None
    assert float(found.picture.pixels.min()) == 2.0


def test_colour_images_keep_their_channels(viewer: ViewerModel) -> None:
    viewer.add_image(np.zeros((*STACK[1:], 3), np.uint8), rgb=True)
    picture = source(viewer, np.ones(STACK[1:], np.int32)).picture
    assert picture is not None
    assert picture.axes == "yxc"


def test_the_scale_of_own_labels_is_known_in_micrometres(viewer: ViewerModel) -> None:
    where = {"scale": (0.5, 0.5), "units": ("um", "um")}
    viewer.add_image(np.zeros(STACK[1:], np.float32), **where)
    picture = source(viewer, np.ones(STACK[1:], np.int32), **where).picture
    assert picture is not None
    assert picture.pixel_size_um == 0.5


def test_labels_without_an_image_have_no_picture(viewer: ViewerModel) -> None:
    assert source(viewer, np.ones(STACK[1:], np.int32)).picture is None


def test_ground_truth_and_cells_lie_over_each_other(opened: Session) -> None:
    truth = opened.truth_layer
    assert truth is not None
    assert other_layer(opened, truth) is None
    opened.set_cells(np.array(truth.data))
    assert opened.cells_layer is not None
    assert other_layer(opened, truth) is opened.cells_layer
    assert other_layer(opened, opened.cells_layer) is truth


def test_labels_nobody_has_corrected_are_stored_where_that_is_asked_for(
    opened: Session,
) -> None:
    layer = opened.truth_layer
    assert layer is not None
    place = opened.place_of(layer)
    assert place is not None
    assert place.layer == "truth"
    with Project.open() as project:
        assert project.load_labels(*place) is None
        assert opened.place_of(layer, stored=True) == place
        stored = project.load_labels(*place)
    assert stored is not None
    np.testing.assert_array_equal(stored.labels, layer.data)


def test_layers_of_others_have_no_place_in_the_store(
    viewer: ViewerModel, opened: Session
) -> None:
    layer = viewer.add_labels(np.ones((4, 4), np.int32))
    assert opened.place_of(layer, stored=True) is None
