from __future__ import annotations

import threading
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, ModelError
from napari_cellsets.inference import engine, sessions
from napari_cellsets.inference.engine import predict
from napari_cellsets.inference.metadata import BYTES_PER_PIXEL, read_model_info
from tiny_models import OURS, save


def noise(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_the_first_channel_comes_back_as_a_share_of_white(make_pointwise):
    picture = noise((21, 33, 3))
    answer = predict(picture, make_pointwise())
    assert answer.dtype == np.float32
    np.testing.assert_allclose(answer, picture[..., 0] / 255, atol=1e-6)


@pytest.mark.parametrize("max_pixels", [120_000, 60_000, 40_000])
def test_strips_and_tiles_equal_the_whole_frame(far_seeing, max_pixels):
    picture = noise((333, 517, 3))
    parts: list[float] = []
    whole = predict(picture, far_seeing, memory_budget=10**9)
    tiled = predict(
        picture,
        far_seeing,
        memory_budget=max_pixels * BYTES_PER_PIXEL,
        progress=lambda share, _: parts.append(share),
    )
    assert len(parts) > 2
    assert np.abs(tiled - whole).max() < 1e-5


def test_a_halo_too_small_would_show(far_seeing):
    picture = noise((333, 517, 3))
    info = read_model_info(far_seeing).replace(halo=8)
    whole = predict(picture, info, memory_budget=10**9)
    tiled = predict(picture, info, memory_budget=40_000 * BYTES_PER_PIXEL)
    assert np.abs(tiled - whole).max() > 1e-3


@settings(deadline=None, max_examples=15)
@given(
    shape=st.tuples(st.integers(1, 260), st.integers(1, 260)),
    max_pixels=st.integers(1, 60_000),
)
def test_tiles_of_any_size_equal_the_whole_frame(far_seeing, shape, max_pixels):
    picture = noise((*shape, 3), seed=shape[0])
    whole = predict(picture, far_seeing, memory_budget=10**9)
    budget = max_pixels * BYTES_PER_PIXEL
    tiled = predict(picture, far_seeing, memory_budget=budget)
    assert np.abs(tiled - whole).max() < 1e-5


def test_percentiles_are_measured_once_and_not_tile_by_tile(far_seeing):
    picture = noise((333, 517, 3)) // np.linspace(1, 9, 517).astype(np.uint8)[:, None]
    rule = {"kind": "percentile", "low": 1, "high": 99}
    info = read_model_info(far_seeing).replace(normalisation=rule)
    whole = predict(picture, info, memory_budget=10**9)
    tiled = predict(picture, info, memory_budget=40_000 * BYTES_PER_PIXEL)
    assert np.abs(tiled - whole).max() < 1e-5


def test_a_window_equals_that_part_of_the_whole_frame(far_seeing):
    picture = noise((333, 517, 3))
    whole = predict(picture, far_seeing)
    part = predict(picture, far_seeing, window=((100, 180), (250, 390)))
    np.testing.assert_allclose(part[100:180, 250:390], whole[100:180, 250:390])
    assert part[:90].max() == 0


@pytest.mark.parametrize("shape", [(40, 200), (64, 96), (150, 111), (1, 1)])
def test_a_graph_of_fixed_size_runs_on_any_picture(make_pointwise, shape):
    picture = noise((*shape, 3))
    info = read_model_info(make_pointwise(size=(64, 96)))
    np.testing.assert_allclose(predict(picture, info), picture[..., 0] / 255, atol=1e-6)


def test_one_channel_feeds_every_channel_of_the_model(make_pointwise):
    picture = noise((9, 14))
    third = make_pointwise(np.float32([[0.2, 0.3, 0.5]]))
    np.testing.assert_allclose(predict(picture, third), picture / 255, atol=1e-6)


def test_blue_comes_first_where_the_model_wants_it(make_pointwise):
    picture = noise((9, 14, 3))
    info = read_model_info(make_pointwise()).replace(channel_order="bgr")
    np.testing.assert_allclose(predict(picture, info), picture[..., 2] / 255, atol=1e-6)


def test_channels_may_come_last(make_pointwise):
    picture = noise((9, 14, 3))
    path = make_pointwise(layout="nhwc", metadata={**OURS, "layout": "nhwc"})
    np.testing.assert_allclose(predict(picture, path), picture[..., 0] / 255, atol=1e-6)


def test_half_precision_is_fed_where_the_graph_wants_it(make_pointwise):
    picture = noise((9, 14, 3))
    answer = predict(picture, make_pointwise(element=TensorProto.FLOAT16))
    assert answer.dtype == np.float32
    np.testing.assert_allclose(answer, picture[..., 0] / 255, atol=1e-3)


def test_logits_become_probabilities(make_pointwise):
    info = read_model_info(make_pointwise(np.float32([[9, 0, 0]])))
    picture = noise((9, 14, 3))
    answer = predict(picture, info.replace(output_kind="logit"))
    expected = 1 / (1 + np.exp(-9.0 * (picture[..., 0] / 255)))
    np.testing.assert_allclose(answer, expected, atol=1e-5)


def test_class_scores_become_the_share_of_the_chosen_class(make_pointwise):
    mix = np.float32([[300, 0, 0], [0, 300, 0]])
    info = read_model_info(make_pointwise(mix))
    picture = noise((9, 14, 3))
    answer = predict(picture, info.replace(output_kind="softmax", output_channel=1))
    lead = (picture[..., 1] / 255.0 - picture[..., 0] / 255.0) * 300
    np.testing.assert_allclose(answer, 1 / (1 + np.exp(-lead)), atol=1e-4)


def test_sixteen_bits_and_floats_give_what_eight_bits_give(make_pointwise):
    eight = noise((12, 8, 3))
    eight[0, 0] = 255
    path = make_pointwise()
    expected = predict(eight, path)
    sixteen = eight.astype(np.uint16) * 257
    np.testing.assert_allclose(predict(sixteen, path), expected, atol=1e-6)
    floats = (eight / 255).astype(np.float32)
    np.testing.assert_allclose(predict(floats, path), expected, atol=1e-6)


class CancelsOnceInside(CancelToken):
    """A person who presses Cancel while the engine is at work."""

    @contextmanager
    def interrupting(self, interrupt):
        with super().interrupting(interrupt):
            timer = threading.Timer(0.05, self.cancel)
            timer.start()
            yield
            timer.join()


@pytest.mark.timeout(60)
def test_cancel_stops_inside_one_call(endless):
    with pytest.raises(CancelledError):
        predict(noise((64, 64)), endless, token=CancelsOnceInside())


def test_a_cancelled_token_stops_before_the_engine_starts(endless):
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        predict(noise((64, 64)), endless, token=token)


def test_the_engine_works_again_after_a_cancel(far_seeing):
    picture = noise((128, 128, 3))
    before = predict(picture, far_seeing)
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        predict(picture, far_seeing, token=token)
    np.testing.assert_array_equal(predict(picture, far_seeing), before)


def test_progress_goes_from_nothing_to_all(far_seeing):
    told: list[tuple[float, str]] = []
    predict(
        noise((333, 517, 3)),
        far_seeing,
        memory_budget=60_000 * BYTES_PER_PIXEL,
        progress=lambda share, text: told.append((share, text)),
    )
    shares = [share for share, _ in told]
    assert shares[0] == 0
    assert shares[-1] == 1
    assert shares == sorted(shares)
    assert told[1][1] == f"Segmenting, part 2 of {len(told) - 1}"


def test_a_model_is_opened_once(make_pointwise, monkeypatch):
    path = make_pointwise()
    predict(noise((8, 8, 3)), path)
    monkeypatch.setattr(sessions, "_new_session", pytest.fail)
    predict(noise((8, 8, 3)), path)


def test_released_sessions_are_opened_again(make_pointwise):
    path = make_pointwise()
    first = sessions.open_session(path)
    sessions.release_sessions()
    assert sessions.open_session(path) is not first


def test_an_answer_that_is_kept_holds_on_to_nothing_of_the_engine(make_pointwise):
    path = make_pointwise()
    model = sessions.open_session(path)
    (name,) = (one.name for one in model.engine.get_inputs())
    (wanted,) = (one.name for one in model.engine.get_outputs())
    feed = {name: np.zeros((1, 3, 8, 8), np.float32)}
    (answer,) = sessions.run_engine(model, [wanted], feed, CancelToken(), path)
    assert answer.flags.owndata


def test_an_unanswered_question_stops_the_run(make_pointwise):
    with pytest.raises(ModelError, match="does not say its channel_order, normal"):
        predict(noise((8, 8, 3)), make_pointwise(metadata=None))


@pytest.mark.parametrize("shape", [(8,), (2, 8, 8, 3), (0, 8)])
def test_what_is_no_plane_is_refused(make_pointwise, shape):
    with pytest.raises(ModelError, match="one picture"):
        predict(np.zeros(shape, np.uint8), make_pointwise())


def test_other_numbers_of_channels_are_refused(make_pointwise):
    with pytest.raises(ModelError, match="wants 3 channels, the picture has 4"):
        predict(noise((8, 8, 4)), make_pointwise())


def test_a_graph_of_integers_is_refused(tmp_path):
    nodes = [helper.make_node("Identity", ["image"], ["map"])]
    shape = [1, 3, "h", "w"]
    path = save(tmp_path / "int.onnx", nodes, {}, shape, shape, OURS, TensorProto.INT64)
    with pytest.raises(ModelError, match="wants numbers of type"):
        predict(noise((8, 8, 3)), path)


def test_a_map_of_another_size_is_refused(tmp_path):
    pool = helper.make_node(
        "AveragePool", ["image"], ["map"], kernel_shape=[2, 2], strides=[2, 2]
    )
    path = save(tmp_path / "half.onnx", [pool], {}, [1, 3, "h", "w"], [], OURS)
    with pytest.raises(ModelError, match="expected a map of that size"):
        predict(noise((8, 8, 3)), path)


def test_an_output_channel_that_is_not_there_is_refused(make_pointwise):
    info = read_model_info(make_pointwise()).replace(output_channel=1)
    with pytest.raises(ModelError, match="channel 1 was asked for"):
        predict(noise((8, 8, 3)), info)


def test_a_model_that_fails_says_on_what(make_pointwise):
    info = read_model_info(make_pointwise()).replace(channels=4)
    with pytest.raises(ModelError, match=r"failed on an input of shape \(1, 4, 8, 8\)"):
        predict(noise((8, 8, 4)), info)


def test_a_run_that_does_not_fit_is_tried_in_smaller_tiles(make_pointwise, monkeypatch):
    tried: list[int] = []
    real = engine._Run._call

    def short_of_memory(run, blob):
        tried.append(blob.shape[2] * blob.shape[3])
        if tried[-1] > 300_000:
            raise MemoryError
        return real(run, blob)

    monkeypatch.setattr(engine._Run, "_call", short_of_memory)
    picture = noise((800, 800, 3))
    answer = predict(picture, make_pointwise())
    np.testing.assert_allclose(answer, picture[..., 0] / 255, atol=1e-6)
    assert tried[0] == 800 * 800


def test_a_machine_too_small_for_any_tile_says_so(make_pointwise, monkeypatch):
    def no_memory(run, blob):
        raise MemoryError

    monkeypatch.setattr(engine._Run, "_call", no_memory)
    with pytest.raises(ModelError, match="does not fit into the memory"):
        predict(noise((300, 300, 3)), make_pointwise())


def test_an_allocation_that_fails_is_told_as_want_of_memory(tmp_path):
    nodes = [
        helper.make_node("ReduceMax", ["image"], ["one"], axes=[2, 3], keepdims=1),
        helper.make_node("Expand", ["one", "huge"], ["big"]),
        helper.make_node("ReduceMax", ["big"], ["least"], axes=[2, 3], keepdims=1),
        helper.make_node("Mul", ["image", "least"], ["map"]),
    ]
    huge = np.array([1, 3, 10**7, 10**7], np.int64)
    shape = [1, 3, "h", "w"]
    path = save(tmp_path / "big.onnx", nodes, {"huge": huge}, shape, shape, OURS)
    with pytest.raises(ModelError, match="does not fit into the memory"):
        predict(noise((16, 16, 3)), path)
