from __future__ import annotations

import numpy as np
import pytest

from napari_cellsets.core.errors import ModelError
from napari_cellsets.inference import choice, metadata
from napari_cellsets.inference.choice import choose_for_set, choose_model, looks_of

COLOURS = {
    "red": (1, 0, 0),
    "green": (0, 1, 0),
    "blue": (0, 0, 1),
    "yellow": (1, 0.8, 0),
    "magenta": (1, 0, 1),
    "cyan": (0, 1, 1),
}


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """Both models are installed."""
    nuclei = tmp_path / "cresunet_nuclei.onnx"
    nuclei.write_bytes(b"")
    monkeypatch.setitem(choice.SHIPPED, "nuclei", nuclei)
    return nuclei


def field(side: int, radius: float, count: int, seed: int = 0) -> np.ndarray:
    """Discs of 200 on a ground of 10, on a grid so that none touch."""
    rng = np.random.default_rng(seed)
    picture = np.full((side, side), 10, np.uint8)
    y, x = np.indices(picture.shape)
    cells = int(np.ceil(np.sqrt(count)))
    step = side / cells
    for k in rng.permutation(cells * cells)[:count]:
        row, column = (np.array(divmod(int(k), cells)) + 0.5) * step
        picture[(y - row) ** 2 + (x - column) ** 2 <= radius**2] = 200
    return picture


def coloured(grey: np.ndarray, hue: str) -> np.ndarray:
    return (grey[..., None] * np.array(COLOURS[hue])).astype(np.uint8)


def test_small_grey_spots_go_to_nuclei(zoo):
    chosen = choose_model(field(256, 7, 30))
    assert (chosen.kind, chosen.path) == ("nuclei", zoo)
    assert "grey, with spots about 1" in chosen.reason


def test_a_crowd_of_large_grey_objects_goes_to_nuclei(zoo):
    assert choose_model(field(360, 22, 16)).kind == "nuclei"


def test_few_large_grey_objects_go_to_neurons(zoo):
    assert choose_model(field(1000, 22, 9)).kind == "neurons"


@pytest.mark.parametrize("hue", ["red", "green", "yellow"])
def test_fields_in_one_colour_go_to_neurons(zoo, hue):
    chosen = choose_model(coloured(field(1000, 22, 9), hue))
    assert chosen.kind == "neurons"
    assert chosen.reason.startswith(hue)


def test_blue_goes_to_nuclei(zoo):
    assert choose_model(coloured(field(1000, 22, 9), "blue")).kind == "nuclei"


def test_a_crowd_of_small_green_spots_goes_to_nuclei(zoo):
    chosen = choose_model(coloured(field(256, 7, 60), "green"))
    assert chosen.kind == "nuclei"
    assert chosen.reason.startswith("crowded with green spots")


@pytest.mark.parametrize("hue", COLOURS)
def test_the_colour_is_that_of_the_bright_parts(hue):
    assert looks_of(coloured(field(400, 10, 9), hue)).hue == hue


def test_a_bright_ground_suits_neither_and_decides_for_no_set(zoo):
    chosen = choose_model(255 - field(400, 15, 9))
    assert "neither model" in chosen.reason
    assert not chosen.sure


def test_an_empty_picture_decides_for_no_set(zoo):
    chosen = choose_model(np.zeros((300, 400), np.uint16))
    assert not chosen.sure


@pytest.mark.parametrize("kind", [np.uint16, np.float32, np.float64, np.int32, bool])
def test_any_number_type_is_looked_at(zoo, kind):
    picture = (field(256, 7, 30) > 100).astype(kind)
    assert choose_model(picture).kind == "nuclei"


def test_pixels_that_are_no_number_do_no_harm(zoo):
    picture = field(256, 7, 30).astype(np.float32)
    picture[0, :5] = np.nan, np.inf, -np.inf, np.nan, np.nan
    assert choose_model(picture).kind == "nuclei"


def test_of_a_stack_the_middle_plane_is_looked_at(zoo):
    empty = np.zeros((256, 256, 1), np.uint8)
    stack = np.stack([empty, field(256, 7, 30)[..., None], empty])
    assert choose_model(stack).kind == "nuclei"


def test_a_large_picture_is_read_in_steps_and_keeps_its_scale():
    small = looks_of(field(500, 20, 9)).diameter
    large = looks_of(np.kron(field(500, 20, 9), np.ones((10, 10), np.uint8))).diameter
    assert large == pytest.approx(10 * small, rel=0.1)


def test_the_word_of_the_row_wins(zoo):
    nuclei = field(256, 7, 30)
    assert choose_model(nuclei, "neurons").kind == "neurons"
    assert choose_model(coloured(field(1000, 22, 9), "red"), "nuclei").path == zoo


def test_a_row_that_names_no_kind_decides_nothing(zoo):
    assert choose_model(field(256, 7, 30), "cats").kind == "nuclei"


def test_where_one_model_is_installed_it_is_taken(tmp_path, monkeypatch):
    monkeypatch.setitem(choice.SHIPPED, "nuclei", tmp_path / "away.onnx")
    chosen = choose_model(field(256, 7, 30))
    assert chosen.path == metadata.DEFAULT_MODEL
    assert chosen.reason == "the only model installed"
    assert choose_for_set([field(256, 7, 30)]).path == metadata.DEFAULT_MODEL


def test_an_installation_without_models_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(choice.SHIPPED, "nuclei", tmp_path / "away.onnx")
    monkeypatch.setattr(metadata, "DEFAULT_MODEL", tmp_path / "away too.onnx")
    with pytest.raises(ModelError, match="not in this installation"):
        choose_model(field(256, 7, 30))


def test_most_pictures_of_a_set_decide(zoo):
    few, many = field(1000, 22, 9), field(256, 7, 30)
    chosen = choose_for_set([many, few, many])
    assert chosen.kind == "nuclei"
    assert "2 of 3 pictures" in chosen.reason


def test_pictures_that_are_not_typical_do_not_decide(zoo):
    empty = np.zeros((300, 300), np.uint8)
    assert choose_for_set([empty, empty, field(256, 7, 30)]).kind == "nuclei"


def test_a_set_of_one_picture_is_that_picture(zoo):
    few = field(1000, 22, 9)
    assert choose_for_set([few]) == choose_model(few)


def test_a_set_without_a_picture_gets_the_first_model(zoo):
    assert not choose_for_set([]).sure
    assert choose_for_set([], "nuclei").kind == "nuclei"
