"""Weights out of an exported file make the same network again."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training is an optional extra")
pytest.importorskip("onnx", reason="training is an optional extra")

from napari_cellsets.core.errors import TrainingError  # noqa: E402
from napari_cellsets.inference.engine import predict  # noqa: E402
from napari_cellsets.inference.metadata import (  # noqa: E402
    default_model,
    shipped_models,
)
from napari_cellsets.simulate import simulate_neurons  # noqa: E402
from napari_cellsets.training.devices import keep_norms  # noqa: E402
from napari_cellsets.training.segmenter import segmenter_from_onnx  # noqa: E402
from napari_cellsets.training.start import (  # noqa: E402
    check_same_answer,
    load_layers,
    read_layers,
)


def test_the_shipped_weights_give_the_shipped_probabilities():
    image = simulate_neurons(3, (96, 128), 5).image
    network = segmenter_from_onnx(default_model())
    values = torch.from_numpy(image.astype(np.float32) / 255).permute(2, 0, 1)[None]
    with torch.no_grad():
        ours = torch.sigmoid(network(values))[0, 0].numpy()
    np.testing.assert_allclose(ours, predict(image, default_model()), atol=1e-4)


@pytest.mark.parametrize("path", shipped_models(), ids=lambda path: path.stem)
def test_every_shipped_segmenter_can_be_gone_on_with(path):
    assert not segmenter_from_onnx(path).training


def test_norms_keep_their_statistics_while_the_rest_learns():
    network = segmenter_from_onnx(default_model()).train()
    keep_norms(network)
    norms = [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    before = [norm.running_mean.clone() for norm in norms]
    network(torch.rand(2, 3, 32, 32)).mean().backward()
    assert norms
    assert all(
        torch.equal(norm.running_mean, mean)
        for norm, mean in zip(norms, before, strict=True)
    )
    assert norms[0].weight.grad is not None


def test_a_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"not a model at all")
    with pytest.raises(TrainingError, match="to begin with cannot be read"):
        read_layers(tmp_path / "a.onnx")


def test_a_network_of_another_form_is_refused(tmp_path):
    export_conv(tmp_path / "a.onnx", torch.nn.Conv2d(3, 1, 3, padding=1))
    with pytest.raises(TrainingError, match="not of the form"):
        segmenter_from_onnx(tmp_path / "a.onnx")


def test_layers_of_other_shapes_are_refused(tmp_path):
    export_conv(tmp_path / "a.onnx", torch.nn.Conv2d(3, 2, 3))
    layers = read_layers(tmp_path / "a.onnx")
    other = torch.nn.Conv2d(3, 2, 5)
    with pytest.raises(TrainingError, match="Conv has weights"):
        load_layers(other, layers, torch.zeros(1, 3, 8, 8), tmp_path / "a.onnx")


@pytest.mark.parametrize(
    ("count", "message"), [(0, "which are too few"), (2, "1 layers more than expected")]
)
def test_another_number_of_layers_is_refused(tmp_path, count, message):
    export_conv(tmp_path / "a.onnx", torch.nn.Conv2d(3, 2, 3))
    layers = read_layers(tmp_path / "a.onnx") * count
    conv = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3))
    with pytest.raises(TrainingError, match=message):
        load_layers(conv, layers, torch.zeros(1, 3, 8, 8), tmp_path / "a.onnx")


def test_the_same_layers_that_answer_differently_are_refused(tmp_path):
    conv = torch.nn.Conv2d(3, 2, 3)
    export_conv(tmp_path / "a.onnx", conv)
    image = np.ones((1, 3, 8, 8), np.float32)
    twice = torch.nn.Sequential(conv, torch.nn.Threshold(1e6, -9.0))
    with pytest.raises(TrainingError, match="answer differently"):
        check_same_answer(twice, tmp_path / "a.onnx", image, None)


def export_conv(path, network):
    from napari_cellsets.training.onnx_file import Graph, write_described

    graph = Graph(network, (torch.ones(1, 3, 8, 8),), ("image",), ("map",), {})
    write_described(graph, path, {"format": 1})
