from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.layers import Image, Labels, Points, Shapes
from napari.utils.notifications import notification_manager

from annotated_sets import SIZE, write_annotated_set
from napari_cellsets._napari.comparison import COMPARISON_NAME, show_comparison
from napari_cellsets._napari.reader import build_layers
from napari_cellsets._napari.regions import REGIONS_NAME, add_regions_layer
from small_sets import write_set

if TYPE_CHECKING:
    from pathlib import Path

    from napari.components import ViewerModel

    from napari_cellsets._napari.session import Session


@pytest.fixture
def annotated(session: Session, tmp_path: Path) -> Session:
    """A session with the annotated set open at its first picture."""
    session.open(write_annotated_set(tmp_path / "annotated"))
    return session


def amounts(session: Session) -> dict[str, str]:
    return {entry.name: entry.amount for entry in session.annotations.entries}


def test_every_kind_has_a_layer_of_its_own(
    annotated: Session, viewer: ViewerModel
) -> None:
    assert isinstance(viewer.layers["outlines"], Shapes)
    assert isinstance(viewer.layers["boxes"], Shapes)
    assert isinstance(viewer.layers["class mask"], Labels)
    assert isinstance(viewer.layers["masks"], Labels)
    assert isinstance(viewer.layers["stack"], Image)


def test_all_layers_carry_the_scale_and_units_of_the_picture(
    annotated: Session, viewer: ViewerModel
) -> None:
    for layer in viewer.layers:
        assert tuple(layer.scale[-2:]) == (0.5, 0.5)
        assert [str(unit) for unit in layer.units[-2:]] == ["micrometer"] * 2
        assert layer.axis_labels[-2:] == ("y", "x")


def test_what_lies_over_the_picture_takes_the_units_of_the_next_set(
    annotated: Session, viewer: ViewerModel, tmp_path: Path
) -> None:
    annotated.set_cells(np.ones(SIZE, np.int32))
    cells = annotated.cells_layer
    assert cells is not None
    show_comparison(viewer, np.ones(SIZE, np.uint8), cells)
    add_regions_layer(viewer, cells)
    annotated.open(write_set(tmp_path / "other"))
    for name in (COMPARISON_NAME, REGIONS_NAME):
        assert tuple(viewer.layers[name].scale) == (1.0, 1.0)
    assert {str(u) for one in viewer.layers for u in one.units[-2:]} == {"pixel"}


def test_overlapping_masks_get_an_axis_before_that_of_the_stack(
    annotated: Session, viewer: ViewerModel
) -> None:
    masks = viewer.layers["masks"]
    assert masks.data.shape == (2, 4, *SIZE)
    assert masks.axis_labels == ("overlap", "z", "y", "x")
    assert sorted(np.unique(masks.data).tolist()) == [0, 1, 2, 3]
    assert "2 planes" in annotated.annotations.notes[0]


def test_pictures_beside_are_hidden_and_read_when_asked(
    annotated: Session, viewer: ViewerModel
) -> None:
    stack = viewer.layers["stack"]
    assert not stack.visible
    assert stack.rgb
    assert stack.data.shape == (4, *SIZE, 3)
    np.testing.assert_array_equal(stack.data[3], viewer.layers[0].data + 3)
    np.testing.assert_array_equal(stack.data[1:3, 0, 0, 1], [1, 2])
    assert np.asarray(stack.data).shape == stack.data.shape


def test_plane_that_cannot_be_read_is_black_and_told(
    annotated: Session, viewer: ViewerModel, tmp_path: Path
) -> None:
    (tmp_path / "annotated/stacks/a_1.png").write_bytes(b"no picture")
    stack = viewer.layers["stack"].data
    told: list[str] = []
    notification_manager.notification_ready.connect(lambda n: told.append(n.message))
    assert not stack[1].any()
    assert not stack[1].any()
    assert len(told) == 1
    assert "a_1.png" in told[0]


def test_legend_names_counts_and_colours(annotated: Session) -> None:
    entries = {entry.name: entry for entry in annotated.annotations.entries}
    assert entries["nucleus"].amount == "1"
    assert entries["nucleus"].colour == "#ff0000"
    assert entries["debris"].amount == "12.5%"
    assert "class mask: 12.5%" in entries["nucleus"].details


def test_hidden_class_is_hidden_in_all_layers_and_stays_so(
    annotated: Session, viewer: ViewerModel
) -> None:
    annotated.annotations.set_shown("nucleus", False)
    assert viewer.layers["boxes"].edge_color[0, 3] == 0
    classes = viewer.layers["class mask"]
    assert classes.colormap.map(1)[3] == 0
    assert classes.colormap.map(2)[3] == 1
    annotated.show(2)
    annotated.show(0)
    assert viewer.layers["boxes"].edge_color[0, 3] == 0
    annotated.annotations.set_shown("nucleus", True)
    assert viewer.layers["boxes"].edge_color[0].tolist() == [1, 0, 0, 1]


def test_next_sample_uses_the_same_layers(
    annotated: Session, viewer: ViewerModel
) -> None:
    before = {layer.name: layer for layer in viewer.layers if layer.name != "stack"}
    annotated.show(1)
    annotated.show(2)
    assert viewer.layers["outlines"] is before["outlines"]
    assert viewer.layers["class mask"] is before["class mask"]
    assert viewer.layers["outlines"].features["class"].tolist() == ["debris"]
    assert amounts(annotated)["debris"] == "1"


def test_sample_without_marks_shows_none(
    annotated: Session, viewer: ViewerModel
) -> None:
    annotated.show(1)
    assert annotated.annotations.entries == ()
    assert not viewer.layers["outlines"].visible
    assert len(viewer.layers["outlines"].data) == 0
    annotated.show(0)
    assert viewer.layers["outlines"].visible


def test_layer_that_the_person_hid_stays_hidden(
    annotated: Session, viewer: ViewerModel
) -> None:
    viewer.layers["outlines"].visible = False
    annotated.show(1)
    annotated.show(0)
    assert not viewer.layers["outlines"].visible


def test_other_set_takes_the_layers_away(
    annotated: Session, viewer: ViewerModel, tmp_path: Path
) -> None:
    annotated.open(write_set(tmp_path / "small"))
    names = [layer.name for layer in viewer.layers]
    assert names[1:] == ["ground truth"]
    assert annotated.annotations.entries == ()


@pytest.mark.parametrize(
    ("chosen", "then"), [("masks", "ground truth"), ("boxes", "a1")]
)
def test_of_another_set_a_layer_of_the_kind_in_hand_is_chosen_else_the_picture(
    annotated: Session, viewer: ViewerModel, tmp_path: Path, chosen: str, then: str
) -> None:
    viewer.layers.selection.active = viewer.layers[chosen]
    annotated.open(write_set(tmp_path / "small"))
    assert viewer.layers.selection.active.name == then


def test_removed_layer_comes_back_with_the_next_sample(
    annotated: Session, viewer: ViewerModel
) -> None:
    viewer.layers.remove("outlines")
    annotated.show(2)
    assert len(viewer.layers["outlines"].data) == 1


def test_broken_annotation_is_told_and_the_rest_is_shown(
    session: Session, viewer: ViewerModel, tmp_path: Path
) -> None:
    path = write_annotated_set(tmp_path / "annotated")
    whole = (path / "all.json").read_text(encoding="utf-8")
    (path / "all.json").write_text(whole[:-40], encoding="utf-8")
    session.open(path)
    assert "all.json" in str(session.problems[0])
    assert "class mask" in viewer.layers
    assert "outlines" not in viewer.layers


def test_annotations_are_locked(annotated: Session, viewer: ViewerModel) -> None:
    assert not viewer.layers["outlines"].editable
    assert not viewer.layers["class mask"].editable


def test_layers_of_the_reader_are_looked_after(
    session: Session, viewer: ViewerModel, tmp_path: Path
) -> None:
    session.open(write_annotated_set(tmp_path / "annotated"))
    layers = build_layers(session.loader(0)())
    viewer.layers.clear()
    viewer.layers.extend(layers)
    assert viewer.layers["outlines"] in session.annotations.layers
    outlines = viewer.layers["outlines"]
    session.show(2)
    assert viewer.layers["outlines"] is outlines
    assert not any(isinstance(layer, Points) for layer in viewer.layers)
