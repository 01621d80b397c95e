from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_cellsets._napari import outlines as module
from napari_cellsets._napari.outlines import OutlinedLabels, outlines
from napari_cellsets._napari.slots import new_label_layer

if TYPE_CHECKING:
    from napari_cellsets._napari.session import Session

SMALL_LABELS = st.tuples(st.integers(1, 14), st.integers(1, 14)).flatmap(
    lambda shape: arrays(np.int32, shape, elements=st.integers(0, 3))
)


def shown(layer: Labels) -> np.ndarray:
    """What napari is about to draw."""
    return layer._slice.image.view


@settings(max_examples=60, deadline=None)
@given(labels=SMALL_LABELS, thickness=st.integers(1, 5))
def test_outlines_equal_naparis_own(labels: np.ndarray, thickness: int) -> None:
    ours, theirs = OutlinedLabels(labels.copy()), Labels(labels.copy())
    ours.contour = theirs.contour = thickness
    np.testing.assert_array_equal(shown(ours), shown(theirs))


@settings(max_examples=40, deadline=None)
@given(labels=SMALL_LABELS, thickness=st.integers(0, 3), chosen=st.booleans())
def test_outlines_of_one_colour_equal_naparis_own(
    labels: np.ndarray, thickness: int, chosen: bool
) -> None:
    colours = DirectLabelColormap(color_dict={None: "yellow", 0: "transparent"})
    ours = OutlinedLabels(labels.copy(), colormap=colours)
    theirs = Labels(labels.copy(), colormap=colours)
    for layer in (ours, theirs):
        layer.contour = thickness
        layer.selected_label = 2
        layer.show_selected_label = chosen
        layer.paint((0, 0), 2)
    np.testing.assert_array_equal(shown(ours), shown(theirs))
    assert shown(ours).dtype == shown(theirs).dtype


def test_outlines_of_several_colours_are_left_to_napari() -> None:
    labels = np.kron(np.arange(4, dtype=np.int32).reshape(2, 2), np.ones((5, 5), int))
    colours = DirectLabelColormap(color_dict={None: "yellow", 0: "red", 2: "blue"})
    ours, theirs = (
        kind(labels.astype(np.int32), colormap=colours)
        for kind in (OutlinedLabels, Labels)
    )
    ours.contour = theirs.contour = 1
    np.testing.assert_array_equal(shown(ours), shown(theirs))
    assert len(np.unique(shown(ours))) == 3


def test_colours_of_one_kind_are_not_looked_up_pixel_by_pixel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layer = new_label_layer("truth", np.ones((40, 40), np.int32), None)
    sizes = []
    own = DirectLabelColormap._data_to_texture
    monkeypatch.setattr(
        DirectLabelColormap,
        "_data_to_texture",
        lambda colours, values: sizes.append(np.size(values)) or own(colours, values),
    )
    layer.refresh()
    assert max(sizes, default=0) < 40 * 40
    layer.colormap = DirectLabelColormap(color_dict={None: "red", 0: "transparent"})
    assert 0 < max(sizes) < 40 * 40


def test_napari_uses_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    monkeypatch.setattr(
        "napari_cellsets._napari.outlines.outlines",
        lambda *args: called.append(1) or outlines(*args),
    )
    OutlinedLabels(np.ones((5, 5), np.int32)).contour = 2
    assert called


def test_painting_redraws_outlines_as_napari_does() -> None:
    labels = np.zeros((30, 40), np.int32)
    ours, theirs = OutlinedLabels(labels.copy()), Labels(labels.copy())
    for layer in (ours, theirs):
        layer.contour = 2
        layer.paint((10, 12), 3)
    np.testing.assert_array_equal(shown(ours), shown(theirs))


def test_labels_beyond_16_bits_are_left_to_napari() -> None:
    labels = np.zeros((9, 9), np.int32)
    labels[3:6, 3:6] = 70_000
    assert outlines(labels, 1) is None
    ours, theirs = OutlinedLabels(labels.copy()), Labels(labels.copy())
    ours.contour = theirs.contour = 1
    np.testing.assert_array_equal(shown(ours), shown(theirs))


@pytest.mark.parametrize(
    ("shape", "width"), [((48, 64), 1), ((520, 696), 1), ((1200, 1600), 3)]
)
def test_outlines_are_seen_in_large_and_leave_small_images(
    shape: tuple[int, int], width: int
) -> None:
    assert new_label_layer("truth", np.zeros(shape, np.int32), None).contour == width


def test_layer_is_labels_to_writers() -> None:
    assert OutlinedLabels(np.ones((5, 5), np.int32)).as_layer_data_tuple()[2] == (
        "labels"
    )


@pytest.fixture
def looked_for(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the labels whose outlines are looked for."""
    sizes: list[int] = []
    own = module.outlines

    def seen(labels: np.ndarray, *args: int) -> np.ndarray | None:
        sizes.append(labels.size)
        return own(labels, *args)

    monkeypatch.setattr(module, "outlines", seen)
    return sizes


def test_outlines_found_beside_the_window_are_not_looked_for_again(
    opened: Session, looked_for: list[int]
) -> None:
    loaded = opened.loader(1)()
    assert len(looked_for) == 1
    opened.display(loaded)
    assert len(looked_for) == 1
    plain = new_label_layer("truth", loaded.truth.labels, None)
    np.testing.assert_array_equal(shown(opened.truth_layer), shown(plain))


def test_outlines_of_labels_that_can_be_painted_follow_the_brush(
    opened: Session,
) -> None:
    opened.correcting_truth = True
    opened.show(1)
    opened.truth_layer.paint((5, 5), 7)
    plain = new_label_layer("truth", opened.truth_layer.data.copy(), None)
    np.testing.assert_array_equal(shown(opened.truth_layer), shown(plain))


def test_outlines_of_another_width_are_looked_for(opened: Session) -> None:
    opened.truth_layer.contour = 2
    loaded = opened.loader(1)()
    opened.display(loaded)
    plain = new_label_layer("truth", loaded.truth.labels, None)
    plain.contour = 2
    np.testing.assert_array_equal(shown(opened.truth_layer), shown(plain))
