"""Marks on pictures are seen on their ground, and told apart with any colour vision."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("napari")

from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.colormaps.standardize_color import transform_color
from skimage.color import deltaE_ciede2000, rgb2lab

from napari_cellsets._napari.class_colours import class_colours, on_bright
from napari_cellsets._napari.edit_marks import SELECTED_NAME, EditMarks
from napari_cellsets._napari.looks import show_form
from napari_cellsets._napari.mark_colours import (
    BRIGHT_GROUND,
    DARK_GROUND,
    ON_BRIGHT,
    ON_DARK,
    class_shade,
    is_bright,
    mark_colours,
)
from napari_cellsets._napari.palette import Palette
from napari_cellsets._napari.regions import add_regions_layer
from napari_cellsets._napari.slots import new_label_layer, outline_truth
from napari_cellsets.core.image import Picture
from napari_cellsets.editing.objects import ObjectIndex

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Linear light without one kind of cone: Machado, Oliveira, Fernandes 2009, severity 1.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
#: CIEDE2000; 2.3 is what is just noticed of large fields.
APART = 15.0
#: WCAG 2.2, 1.4.11, for graphics.
SEEN = 3.0
#: CIEDE2000 of two classes; of the palette as published it is 10.9 (Okabe and Ito, with
#: one of Tol), which colours as dark as these cannot have without becoming black.
CLASSES_APART = 7.0
GROUNDS = {
    "dark": (ON_DARK, ("#000000", "#140f05", DARK_GROUND)),
    # between the cells of stained smears of blood and of the cervix
    "bright": (ON_BRIGHT, ("#ffffff", "#f5eef0", "#e9dfe3", BRIGHT_GROUND)),
}


def linear(colour: str) -> Any:
    values = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(
        values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4
    )


def seen_by(colour: str, vision: str) -> Any:
    """CIELAB of what somebody sees of a colour."""
    light = np.clip(VISIONS[vision] @ linear(colour), 0, 1)
    values = np.where(
        light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055
    )
    return rgb2lab(values)


def contrast(one: str, other: str) -> float:
    luminance = [linear(colour) @ (0.2126, 0.7152, 0.0722) for colour in (one, other)]
    return float((max(luminance) + 0.05) / (min(luminance) + 0.05))


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("colours", [ON_DARK, ON_BRIGHT])
def test_what_means_different_things_is_told_apart(
    colours: Mapping[str, str], vision: str
) -> None:
    pairs = [
        *combinations(("matched", "missed", "extra", "selected", "truth"), 2),
        ("selected", "drawn"),
        ("selected", "beside"),
        ("truth", "drawn"),
        ("truth", "beside"),
    ]
    apart = {
        pair: float(deltaE_ciede2000(*(seen_by(colours[one], vision) for one in pair)))
        for pair in pairs
    }
    assert min(apart.values()) >= APART, apart


@pytest.mark.parametrize("kind", GROUNDS)
def test_every_mark_is_seen_on_its_ground(kind: str) -> None:
    colours, grounds = GROUNDS[kind]
    seen = {
        (meaning, ground): contrast(colour, ground)
        for meaning, colour in colours.items()
        for ground in grounds
    }
    assert min(seen.values()) >= SEEN, seen


def picture(value: int) -> ViewerModel:
    viewer = ViewerModel()
    pixels = np.full((40, 40), value, np.uint8)
    pixels[10:20, 10:20] = 255 - value
    viewer.add_image(pixels, contrast_limits=(0, 255))
    return viewer


def test_colours_are_those_of_what_most_of_the_picture_is() -> None:
    assert mark_colours(picture(20)) is ON_DARK
    assert mark_colours(picture(235)) is ON_BRIGHT
    assert mark_colours(ViewerModel()) is ON_DARK


def test_a_hidden_picture_is_no_ground() -> None:
    viewer = picture(235)
    viewer.layers[0].visible = False
    assert mark_colours(viewer) is ON_DARK


def test_contrast_limits_count_not_the_values() -> None:
    viewer = picture(20)
    viewer.layers[0].contrast_limits = (0, 20)
    assert mark_colours(viewer) is ON_BRIGHT


def test_a_selection_takes_the_colour_of_the_next_ground() -> None:
    viewer = picture(20)
    labels = np.zeros((40, 40), np.int32)
    labels[10:20, 10:20] = 1
    layer = viewer.add_layer(Labels(labels))
    marks, objects = EditMarks(viewer), ObjectIndex(labels)
    marks.outline(layer, objects, [1])
    drawn = viewer.layers[SELECTED_NAME]
    assert np.allclose(drawn.edge_color, transform_color(ON_DARK["selected"]))
    viewer.layers[0].data = np.full((40, 40), 240, np.uint8)
    marks.outline(layer, objects, [1])
    assert drawn.edge_color[0].tolist() == [0, 0, 0, 1]
    marks.stop()


def test_a_selection_is_drawn_over_the_layers_of_another_set() -> None:
    viewer = picture(20)
    labels = np.zeros((40, 40), np.int32)
    labels[10:20, 10:20] = 1
    layer = viewer.add_layer(Labels(labels))
    marks, objects = EditMarks(viewer), ObjectIndex(labels)
    marks.outline(layer, objects, [1])
    drawn = viewer.layers[SELECTED_NAME]
    for _ in range(2):
        viewer.layers.remove(viewer.layers[0])
        viewer.add_image(np.zeros((40, 40), np.uint8))
        layer = viewer.add_layer(Labels(labels))
        marks.outline(layer, objects, [1])
        assert viewer.layers[-1] is drawn
        assert viewer.layers.selection.active is layer
    marks.stop()


def test_the_view_is_not_fitted_to_outlines_of_labels_that_are_gone() -> None:
    viewer = picture(20)
    labels = np.zeros((400, 400), np.int32)
    labels[300:390, 300:390] = 1
    layer = viewer.add_layer(Labels(labels))
    marks = EditMarks(viewer)
    marks.outline(layer, ObjectIndex(labels), [1])
    viewer.layers.remove(layer)
    assert not len(viewer.layers[SELECTED_NAME].data)
    assert viewer.layers.extent.world[1].max() < 300
    marks.stop()


def test_regions_and_their_names_are_seen_on_a_bright_picture() -> None:
    viewer = picture(235)
    layer = add_regions_layer(viewer, viewer.layers[0])
    layer.add_rectangles(np.array([[1, 1], [9, 9]]))
    assert layer.edge_color[0][:3].max() < 0.5
    assert np.asarray(layer.text.color.constant)[:3].max() < 0.5


def drawn_on(bright: bool, count: int) -> list[str]:
    palette = Palette()
    palette.bright = bright
    return [palette.colour(f"class {number}") for number in range(count)]


@pytest.mark.parametrize("bright", [False, True])
def test_every_class_is_seen_on_its_ground(bright: bool) -> None:
    grounds = GROUNDS["bright" if bright else "dark"][1]
    published = ("#0000ff", "#ffff00", "#00ffff", "#ffffff", "#000000", "#ff0000")
    colours = [
        *drawn_on(bright, 40),
        *(class_shade(colour, bright=bright) for colour in published),
    ]
    seen = {(c, ground): contrast(c, ground) for c in colours for ground in grounds}
    assert min(seen.values()) >= SEEN, seen


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("bright", [False, True])
def test_the_first_classes_are_told_apart(bright: bool, vision: str) -> None:
    apart = {
        pair: float(deltaE_ciede2000(*(seen_by(colour, vision) for colour in pair)))
        for pair in combinations(drawn_on(bright, 8), 2)
    }
    assert min(apart.values()) >= CLASSES_APART, apart


def hue(colour: str) -> float:
    _, a, b = seen_by(colour, "normal")
    return float(np.degrees(np.arctan2(b, a)))


def test_a_class_keeps_its_hue_on_bright_ground() -> None:
    for colour in class_colours(8):
        turned = abs(hue(on_bright(colour)) - hue(colour)) % 360
        assert min(turned, 360 - turned) <= 25, colour


def test_a_colour_that_is_seen_stays_as_it_was_published() -> None:
    assert class_shade("#ff0000", bright=False) == "#ff0000"
    assert class_shade("#800000", bright=True) == "#800000"


def flat(value: float, kind: type = np.uint8, channels: int = 3) -> Picture:
    """A picture of one value, with a dark corner, a little warmer than grey."""
    pixels = np.full((64, 64, channels), value, kind)
    pixels[:20, :20] = 0
    pixels[:20, :20, 0] = value / 20
    return Picture(pixels, "yxc")


def test_a_picture_is_bright_before_a_layer_shows_it() -> None:
    assert is_bright(show_form(flat(235)))
    assert not is_bright(show_form(flat(20)))
    assert is_bright(show_form(flat(0.9, np.float32)))
    assert not is_bright(show_form(flat(0.2, np.float32)))
    assert is_bright(show_form(flat(9, np.uint8, 1)))
    assert not is_bright(show_form(flat(np.nan, np.float32, 1)))
    assert not is_bright(None)


def test_ground_truth_takes_the_colour_of_the_next_ground() -> None:
    layer = new_label_layer("truth", np.ones((64, 64), np.int32), None)
    for value, colours in ((235, ON_BRIGHT), (20, ON_DARK)):
        outline_truth(layer, show_form(flat(value)))
        wanted = transform_color(colours["truth"])[0]
        np.testing.assert_allclose(layer.colormap.color_dict[None], wanted)


def test_a_colour_that_somebody_gave_ground_truth_stays() -> None:
    layer = new_label_layer("truth", np.ones((64, 64), np.int32), None)
    layer.colormap = {None: "red", 0: "transparent"}
    outline_truth(layer, show_form(flat(235)))
    assert layer.colormap.color_dict[None].tolist() == [1, 0, 0, 1]
