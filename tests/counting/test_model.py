from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydantic import ValidationError

from batch_models import bright_model
from napari_cellsets.core.image import Picture
from napari_cellsets.counting.model import (
    CountModel,
    MapKey,
    MapShelf,
    channel_choices,
)
from napari_cellsets.inference.metadata import read_model_info

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.inference.metadata import ModelInfo


@pytest.fixture
def info(tmp_path: Path) -> ModelInfo:
    return read_model_info(bright_model(tmp_path / "bright.onnx"))


def picture(axes: str, shape: tuple[int, ...], names: tuple[str, ...] = ()) -> Picture:
    return Picture(np.zeros(shape, np.uint8), axes, names)


def test_another_model_brings_its_own_settings(info: ModelInfo) -> None:
    model = CountModel()
    model.choose_model(info)
    assert model.settings.min_area_px == 20
    assert not model.settings.split_touching


def test_change_tells_who_listens_once() -> None:
    model = CountModel()
    heard: list[float] = []
    model.events.settings.connect(lambda settings: heard.append(settings.threshold))
    model.change("threshold", 0.7)
    model.change("threshold", 0.7)
    assert heard == [0.7]


def test_reset_goes_back_to_what_the_model_recommends(info: ModelInfo) -> None:
    model = CountModel()
    model.choose_model(info)
    model.change("min_area_px", 999)
    model.reset_settings()
    assert model.settings.min_area_px == 20


def test_reset_without_a_model_changes_nothing() -> None:
    model = CountModel()
    model.change("min_area_px", 999)
    model.reset_settings()
    assert model.settings.min_area_px == 999


def test_setting_out_of_range_is_refused() -> None:
    model = CountModel()
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        model.change("threshold", 1.5)


@pytest.mark.parametrize(
    ("axes", "shape", "names", "expected"),
    [
        ("yx", (4, 4), (), [("rgb", "Grey")]),
        (
            "yxc",
            (4, 4, 3),
            (),
            [
                ("rgb", "Colour (RGB)"),
                (0, "Red only"),
                (1, "Green only"),
                (2, "Blue only"),
            ],
        ),
        ("yxc", (4, 4, 2), (), [(0, "Channel 1"), (1, "Channel 2")]),
        (
            "zyxc",
            (2, 4, 4, 2),
            ("DAPI", "FITC"),
            [(0, "DAPI only"), (1, "FITC only")],
        ),
    ],
)
def test_channels_offered_are_those_of_the_picture(
    axes: str, shape: tuple[int, ...], names: tuple[str, ...], expected: object
) -> None:
    assert channel_choices(picture(axes, shape, names)) == expected


def test_channel_that_the_next_picture_lacks_falls_back() -> None:
    model = CountModel(channel=3)
    model.fit_channel(picture("yxc", (4, 4, 2)))
    assert model.channel == 0


def test_channel_that_the_next_picture_has_stays() -> None:
    model = CountModel(channel=1)
    model.fit_channel(picture("yxc", (4, 4, 3)))
    assert model.channel == 1


def key(sample: str) -> MapKey:
    return MapKey("set", sample, "model", "rgb")


def map_of(value: float) -> np.ndarray:
    return np.full((10, 10), value, np.float32)


def test_map_is_found_again_for_the_same_key() -> None:
    shelf = MapShelf()
    kept = map_of(0.5)
    shelf.put(key("a"), kept)
    assert shelf.get(MapKey("set", "a", "model", "rgb")) is kept
    assert shelf.get(MapKey("set", "a", "model", 0)) is None


def test_map_used_longest_ago_makes_room() -> None:
    shelf = MapShelf(count=2)
    for name in "ab":
        shelf.put(key(name), map_of(0))
    shelf.get(key("a"))
    shelf.put(key("c"), map_of(0))
    assert [name for name in "abc" if key(name) in shelf] == ["a", "c"]


def test_newest_map_stays_however_large() -> None:
    shelf = MapShelf(size=100)
    shelf.put(key("a"), map_of(0))
    shelf.put(key("b"), map_of(0))
    assert key("a") not in shelf
    assert key("b") in shelf
