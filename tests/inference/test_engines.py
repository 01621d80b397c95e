"""Which engine is chosen, what replaces one that fails, and what is told of it."""

from __future__ import annotations

import sys
import threading
from types import ModuleType

import numpy as np
import onnxruntime
import pytest

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, ModelError
from napari_cellsets.inference import engines, sessions
from napari_cellsets.inference.engine import predict
from napari_cellsets.inference.engines import (
    CPU_PROVIDER,
    OPENVINO,
    engine_title,
    preferred_provider,
    use_engine,
)
from napari_cellsets.inference.sessions import engine_of, open_session

CUDA = "CUDAExecutionProvider"
PICTURE = np.random.default_rng(0).integers(0, 256, (21, 33, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def _nothing_asked():
    yield
    use_engine(None)
    sessions.release_sessions()


class FakeTensor:
    def __init__(self, data):
        self.data = data


class FakeRequest:
    """Gives the first channel; waits to be cancelled where it is told to be slow."""

    def __init__(self, slow):
        self.slow, self.stopped, self.cancels = slow, threading.Event(), 0

    def start_async(self, feed, share_inputs):
        assert share_inputs
        self.answer = next(iter(feed.values()))[:, :1]

    def wait_for(self, milliseconds):
        return not self.slow or self.stopped.wait(milliseconds / 1000)

    def wait(self):
        if self.slow:
            raise RuntimeError("Infer Request was canceled")

    def cancel(self):
        self.cancels += 1
        if self.cancels > 1:  # as OpenVINO does while it prepares, lose the first
            self.stopped.set()

    def get_tensor(self, name):
        return FakeTensor(self.answer)


class FakeStep:
    def __init__(self, kind):
        self.get_type_name = lambda: kind


class FakeCore:
    """What we use of OpenVINO's core."""

    abilities: tuple[str, ...] = ("FP32", "BF16")
    steps: tuple[str, ...] = ("Parameter", "Convolution", "Result")
    fails = slow = False
    asked: dict[str, object]

    def get_property(self, device, name):
        return list(self.abilities)

    def read_model(self, path):
        if self.fails:
            raise RuntimeError(
                "Exception from src/core.cpp:84:\nan operation is unknown\n"
            )
        return self

    def get_ops(self):
        return [FakeStep(kind) for kind in self.steps]

    def compile_model(self, model, device, settings):
        type(self).asked = settings
        return self

    def create_infer_request(self):
        return FakeRequest(self.slow)


@pytest.fixture
def core(monkeypatch):
    """Pretend that OpenVINO is installed."""

    class Core(FakeCore):
        pass

    module = ModuleType("openvino")
    module.Core = Core
    monkeypatch.setitem(sys.modules, "openvino", module)
    monkeypatch.setattr(engines, "_openvino_is_installed", lambda: True)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU_PROVIDER])
    return Core


@pytest.fixture
def without_openvino(monkeypatch):
    monkeypatch.setattr(engines, "_openvino_is_installed", lambda: False)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU_PROVIDER])


@pytest.fixture
def broken_cuda(monkeypatch):
    """An onnxruntime that offers CUDA but cannot start it."""
    real = onnxruntime.InferenceSession

    def no_driver(path, *, providers, **rest):
        if providers[0] == CUDA:
            raise RuntimeError("CUDA failure 35: the driver is too old\nmore")
        return real(path, providers=providers, **rest)

    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: [CUDA, CPU_PROVIDER]
    )
    monkeypatch.setattr(onnxruntime, "InferenceSession", no_driver)


def test_openvino_is_used_where_it_is_installed(core):
    assert preferred_provider() == OPENVINO


def test_a_graphics_card_comes_before_openvino(core, monkeypatch):
    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: [CUDA, CPU_PROVIDER]
    )
    assert preferred_provider() == CUDA


@pytest.mark.usefixtures("core")
def test_onnxruntime_can_be_asked_for():
    use_engine("onnxruntime")
    assert preferred_provider() == CPU_PROVIDER
    use_engine("auto")
    assert preferred_provider() == OPENVINO


@pytest.mark.usefixtures("without_openvino")
def test_what_is_not_installed_is_refused_with_advice():
    with pytest.raises(ModelError, match="OpenVINO is not installed") as found:
        use_engine("openvino")
    assert "napari-cellsets[openvino]" in found.value.advice
    with pytest.raises(ModelError, match="onnxruntime on CUDA is not installed"):
        use_engine("cuda")


def test_an_engine_nobody_knows_is_refused():
    with pytest.raises(ModelError, match="no engine is called 'abacus'"):
        use_engine("abacus")


def test_openvino_answers_and_is_named(core, make_pointwise):
    path = make_pointwise()
    np.testing.assert_allclose(predict(PICTURE, path), PICTURE[..., 0] / 255, atol=1e-6)
    assert engine_of(path).title == "OpenVINO"
    assert engine_of(path).note == ""


def test_openvino_is_told_to_keep_full_precision(core, make_pointwise):
    predict(PICTURE, make_pointwise())
    assert core.asked["INFERENCE_PRECISION_HINT"] == "f32"


def test_half_precision_comes_only_where_it_was_allowed(core, make_pointwise):
    path = make_pointwise()
    use_engine(None, fast=True)
    predict(PICTURE, path)
    assert core.asked["INFERENCE_PRECISION_HINT"] == "bf16"
    assert engine_of(path).title == "OpenVINO, half precision"


def test_a_processor_without_half_precision_keeps_full(core, make_pointwise):
    core.abilities = ("FP32",)
    path = make_pointwise()
    predict(PICTURE, path, fast=True)
    assert core.asked["INFERENCE_PRECISION_HINT"] == "f32"
    assert open_session(path, fast=True).title == "OpenVINO"


@pytest.mark.timeout(60)
def test_cancel_stops_inside_a_call_of_openvino(core, make_pointwise):
    core.slow = True
    token = CancelToken()
    threading.Timer(0.05, token.cancel).start()
    with pytest.raises(CancelledError):
        predict(PICTURE, make_pointwise(), token=token)


def test_a_run_stopped_before_it_began_does_not_begin(core, make_pointwise):
    call = open_session(make_pointwise()).engine.call()
    call.stop()
    with pytest.raises(RuntimeError, match="stopped before it began"):
        call.run(["map"], {"image": np.zeros((1, 3, 8, 8), np.float32)})


def test_a_model_that_openvino_cannot_read_runs_in_onnxruntime(core, make_pointwise):
    core.fails = True
    path = make_pointwise()
    np.testing.assert_allclose(predict(PICTURE, path), PICTURE[..., 0] / 255, atol=1e-6)
    assert engine_of(path).title == "onnxruntime"
    assert engine_of(path).note == (
        "onnxruntime is used instead of OpenVINO: an operation is unknown"
    )


@pytest.mark.usefixtures("broken_cuda")
def test_a_graphics_card_that_cannot_be_started_is_replaced(make_pointwise):
    path = make_pointwise()
    np.testing.assert_allclose(predict(PICTURE, path), PICTURE[..., 0] / 255, atol=1e-6)
    assert engine_of(path).title == "onnxruntime"
    assert engine_of(path).note == (
        "onnxruntime is used instead of onnxruntime on CUDA:"
        " CUDA failure 35: the driver is too old"
    )


def test_a_card_that_is_left_out_in_silence_is_told(make_pointwise, monkeypatch):
    real = onnxruntime.InferenceSession

    def on_cpu(path, *, providers, **rest):
        return real(path, providers=[CPU_PROVIDER], **rest)

    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: [CUDA, CPU_PROVIDER]
    )
    monkeypatch.setattr(onnxruntime, "InferenceSession", on_cpu)
    note = open_session(make_pointwise(), CUDA).note
    assert note.endswith("on CUDA: it cannot be started on this machine")


@pytest.mark.usefixtures("without_openvino")
def test_a_back_end_that_is_not_there_is_told(make_pointwise):
    opened = open_session(make_pointwise(), CUDA)
    assert opened.provider == CPU_PROVIDER
    assert opened.note.endswith("on CUDA: it is not installed")


@pytest.mark.usefixtures("broken_cuda")
def test_a_file_that_is_no_model_is_not_blamed_on_the_card(tmp_path):
    path = tmp_path / "text.onnx"
    path.write_text("no model", encoding="utf-8")
    with pytest.raises(ModelError, match="not an ONNX model"):
        open_session(path, CUDA)


@pytest.mark.usefixtures("core")
def test_the_engine_is_named_before_it_is_opened(tmp_path):
    assert engine_of(tmp_path / "unopened.onnx").title == "OpenVINO"


def test_an_engine_without_a_title_goes_by_its_name():
    assert engine_title("RocmExecutionProvider") == "Rocm"


def test_openvino_itself_gives_what_onnxruntime_gives(far_seeing):
    pytest.importorskip("openvino", reason="OpenVINO is an optional extra")
    picture = np.random.default_rng(1).integers(0, 256, (96, 120, 3), dtype=np.uint8)
    ours = predict(picture, far_seeing, provider=OPENVINO)
    assert open_session(far_seeing, OPENVINO).title == "OpenVINO"
    theirs = predict(picture, far_seeing, provider=CPU_PROVIDER)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_model_with_loops_runs_where_it_can_be_stopped(core, make_pointwise):
    core.steps = ("Parameter", "Loop", "Result")
    path = make_pointwise()
    predict(PICTURE, path)
    assert engine_of(path).title == "onnxruntime"
    assert engine_of(path).note.endswith("has loops, which it cannot interrupt")
