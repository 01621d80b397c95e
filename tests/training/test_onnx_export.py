"""The exported file answers as torch does, for any size, and describes itself."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training is an optional extra")
pytest.importorskip("onnx", reason="training is an optional extra")

import onnxruntime  # noqa: E402

from napari_cellsets.inference.metadata import read_model_info  # noqa: E402
from napari_cellsets.training.cresunet import CResUnet  # noqa: E402
from napari_cellsets.training.export import (  # noqa: E402
    export_onnx,
    fold,
    load_checkpoint,
    main,
)

METADATA = {
    "format": 1,
    "name": "test",
    "version": "0",
    "task": "segmentation",
    "layout": "nchw",
    "channels": 3,
    "channel_order": "rgb",
    "normalisation": {"kind": "divide", "value": 255},
    "output_kind": "probability",
    "multiple_of": 8,
    "threshold": 0.6,
}


@pytest.fixture(scope="module")
def model():
    """Return a network whose norms have seen something, so that folding matters."""
    torch.manual_seed(0)
    network = CResUnet(4).train()
    with torch.no_grad():
        for _ in range(30):
            network(torch.rand(2, 3, 64, 64))
    return network.eval()


@pytest.mark.parametrize("shape", [(1, 3, 64, 64), (2, 3, 40, 96)])
def test_onnx_equals_torch(tmp_path, model, shape):
    path = tmp_path / "model.onnx"
    export_onnx(model, path, METADATA)
    image = np.random.default_rng(1).random(shape, dtype=np.float32)
    session = onnxruntime.InferenceSession(path)
    (answer,) = session.run(["probability"], {"image": image})
    with torch.no_grad():
        expected = torch.sigmoid(model(torch.from_numpy(image))).numpy()
    assert answer.shape == (shape[0], 1, *shape[2:])
    np.testing.assert_allclose(answer, expected, atol=1e-4)


def test_folding_removes_norms_and_changes_nothing(model):
    folded = fold(model)
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        np.testing.assert_allclose(folded(image), model(image), atol=1e-4)
    kept = [m for m in folded.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert len(kept) == 7


def test_the_file_describes_itself(tmp_path, model):
    path = tmp_path / "model.onnx"
    export_onnx(model, path, METADATA)
    info = read_model_info(path)
    assert info.missing == ()
    assert (info.input, info.output) == ("image", "probability")
    assert info.threshold == 0.6


def test_the_command_line_exports_a_checkpoint(tmp_path):
    network = CResUnet(16)
    torch.save({"model": network.state_dict(), "step": 1}, tmp_path / "best.pt")
    (tmp_path / "meta.json").write_text(json.dumps(METADATA), encoding="utf-8")
    out = tmp_path / "model.onnx"
    main(
        [str(tmp_path / "best.pt"), str(out), "--metadata", str(tmp_path / "meta.json")]
    )
    assert out.stat().st_size < 12e6
    assert not load_checkpoint(tmp_path / "best.pt").training
