from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_cellsets.core.annotation import LabelImage
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, ModelError
from napari_cellsets.core.image import Picture
from napari_cellsets.counting import (
    CountRequest,
    CountSettings,
    Region,
    count,
    count_from_probability,
    predict_probability,
    segment,
)
from napari_cellsets.counting import job as module
from napari_cellsets.counting.job import chosen_channels, picture_of
from napari_cellsets.inference import read_model_info
from napari_cellsets.inference.choice import Choice

PLAIN = CountSettings(threshold=0.5, min_area_px=20, split_touching=False)


def spots(*places: tuple[int, int], value: int = 220) -> np.ndarray:
    """Return a grey picture of 11 px squares around places."""
    pixels = np.full((200, 300), 20, np.uint8)
    for y, x in places:
        pixels[y - 5 : y + 6, x - 5 : x + 6] = value
    return pixels


FIELD = spots((30, 40), (30, 150), (120, 150), (170, 280))


@pytest.fixture
def request_for(make_pointwise):
    """Make a request with a model that gives back the first channel."""
    model = make_pointwise()

    def make(pixels: np.ndarray, axes: str = "yx", **options) -> CountRequest:
        return CountRequest(Picture(pixels, axes), model, PLAIN, **options)

    return make


def left_half(name: str = "left") -> Region:
    return Region(name, np.array([[0, 0], [0, 100], [199, 100], [199, 0]]))


def test_a_picture_is_counted_measured_and_compared(request_for):
    request = request_for(FIELD, regions=(left_half(),))
    probability = predict_probability(request)
    truth = np.where(probability > 0.5, 1, 0).astype(np.int32)
    truth[:, 100:] *= 0
    found = count_from_probability(probability, request, LabelImage(truth))
    assert found.count == count(found.labels) == 4
    assert found.table.columns["area_px"].tolist() == [121] * 4
    assert found.table.columns["mean_intensity"].tolist() == [220] * 4
    assert found.region_counts == {"left": 1}
    assert found.evaluation.precision == 0.25
    assert found.evaluation.recall == 1


def test_without_truth_there_is_no_evaluation(request_for):
    request = request_for(FIELD)
    found = count_from_probability(predict_probability(request), request)
    assert found.evaluation is None


def test_a_recount_needs_no_network(request_for, monkeypatch):
    request = request_for(np.maximum(FIELD, spots((60, 60), value=100)))
    probability = predict_probability(request)
    monkeypatch.setattr(module, "predict", pytest.fail)
    low = request.with_settings(PLAIN.model_copy(update={"threshold": 0.3}))
    assert count_from_probability(probability, request).count == 4
    assert count_from_probability(probability, low).count == 5


def test_the_model_recommends_the_settings(make_pointwise):
    request = CountRequest(Picture(FIELD, "yx"), make_pointwise())
    assert request.chosen_settings().min_area_px == 40
    assert request.chosen_settings().threshold == 0.6


def test_no_model_stands_for_the_shipped_one_that_suits(make_pointwise, monkeypatch):
    path = make_pointwise()
    chosen = Choice(path, "nuclei", "because")
    monkeypatch.setattr(module, "choose_model", lambda pixels: chosen)
    assert CountRequest(Picture(FIELD, "yx")).info().path == path


TRUST = {
    "log_area": 5.0,
    "bias": -2.0,
    "weights": {"mean": 4.0},
    "interval": {"level": 0.8, "missed": 0.1, "low": 1.0, "high": 1.0},
}


def test_a_measured_model_tells_confidence_and_limits(request_for, make_pointwise):
    request = request_for(FIELD, "yx")
    info = request.info().replace(trust=TRUST)
    request = replace(request, model=info, settings=None)
    probability = predict_probability(request)
    found = count_from_probability(probability, request)
    assert found.interval.low <= found.count <= found.interval.high
    assert found.table.columns["confidence"].shape == (found.count,)
    other = request.with_settings(
        request.chosen_settings().model_copy(update={"min_area_px": 30})
    )
    assert count_from_probability(probability, other).interval is None


def test_one_channel_of_many_is_counted_in(request_for):
    pixels = np.stack([FIELD * 0, FIELD, FIELD * 0, FIELD * 0], axis=-1)
    request = request_for(pixels, "yxc", channel=1)
    found = count_from_probability(predict_probability(request), request)
    assert found.count == 4


def test_many_channels_need_a_choice(request_for):
    pixels = np.stack([FIELD] * 4, axis=-1)
    with pytest.raises(ModelError, match="has 4 channels, not red, green and blue"):
        predict_probability(request_for(pixels, "yxc"))


@pytest.mark.parametrize("channel", [-1, 3])
def test_a_channel_that_is_not_there_is_refused(channel):
    picture = Picture(np.zeros((4, 4, 3), np.uint8), "yxc")
    with pytest.raises(ModelError, match=f"channel {channel} was chosen"):
        chosen_channels(picture, channel)


def test_a_stack_is_counted_plane_by_plane(request_for):
    stack = np.stack([FIELD, FIELD * 0, spots((50, 50))])
    request = request_for(stack, "zyx")
    told: list[tuple[float, str]] = []
    probability = predict_probability(
        request, progress=lambda share, text: told.append((share, text))
    )
    found = count_from_probability(probability, request)
    assert probability.shape == stack.shape
    assert found.count == 5
    assert found.table.columns["plane"].tolist() == [0, 0, 0, 0, 2]
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert told[-1][0] == 1
    assert told[-1][1].startswith("Plane 3 of 3")


def test_planes_share_one_white_so_that_an_empty_one_stays_dark(request_for):
    bright = FIELD.astype(np.uint16) * 16
    stack = np.stack([bright, np.full_like(bright, 180)])
    probability = predict_probability(request_for(stack, "zyx"))
    assert probability[1].max() < 0.1


def test_regions_only_leaves_out_the_rest_and_looks_no_further(request_for):
    request = request_for(FIELD, regions=(left_half(),), only_regions=True)
    probability = predict_probability(request)
    assert probability[:, 120:].max() == 0
    found = count_from_probability(probability, request)
    assert found.count == 1
    assert found.labels.max() == 1


def test_an_object_across_an_outline_is_in_by_its_centroid(request_for):
    region = Region("r", np.array([[0, 0], [0, 42], [199, 42], [199, 0]]))
    request = request_for(FIELD, regions=(region,), only_regions=True)
    found = count_from_probability(predict_probability(request), request)
    assert found.table.columns["area_px"].tolist() == [121]


def test_regions_outside_the_picture_hold_nothing(request_for):
    far = Region("far", np.array([[900, 900], [900, 950], [950, 950]]))
    request = request_for(FIELD, regions=(far,), only_regions=True)
    found = count_from_probability(predict_probability(request), request)
    assert found.count == 0
    assert found.region_counts == {"far": 0}


@pytest.mark.parametrize("step", [predict_probability, None])
def test_a_cancelled_token_stops_either_step(request_for, step):
    token = CancelToken()
    request = request_for(FIELD)
    probability = predict_probability(request)
    token.cancel()
    step = step or (lambda r, t: count_from_probability(probability, r, None, t))
    with pytest.raises(CancelledError):
        step(request, token)


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((5, 6), "yx"),
        ((5, 6, 3), "yxc"),
        ((5, 6, 4), "yxc"),
        ((9, 50, 60), "zyx"),
        ((9, 50, 60, 2), "zyxc"),
    ],
)
def test_axes_of_a_bare_array_are_guessed_as_documented(shape, axes):
    assert picture_of(np.zeros(shape, np.uint8)).axes == axes


@pytest.mark.parametrize(
    "bad",
    [np.zeros(3), np.zeros((0, 4)), np.zeros((2, 2), complex), np.zeros((1,) * 5)],
)
def test_what_is_no_image_is_refused(bad):
    with pytest.raises(ModelError, match="an image of numbers"):
        segment(bad)


def test_segment_gives_labels_for_arrays_and_pictures(make_pointwise):
    model = read_model_info(make_pointwise())
    labels = segment(FIELD, model, PLAIN)
    assert labels.dtype == np.int32
    assert count(labels) == 4
    picture = Picture(np.stack([FIELD, FIELD], axis=-1), "yxc")
    np.testing.assert_array_equal(segment(picture, model, PLAIN, channel=1), labels)
