"""Little pictures to train on, drawn once."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellsets.simulate import simulate_neurons


@pytest.fixture(scope="session")
def simulated(tmp_path_factory):
    """Return a folder as ``prepare`` writes it: four small crowded yellow fields."""
    folder = tmp_path_factory.mktemp("simulated")
    for index in range(4):
        field = simulate_neurons(index, (160, 192), 8, crowding=0.25)
        np.save(folder / f"{index:05d}.labels.npy", field.labels.astype(np.uint16))
        np.save(folder / f"{index:05d}.image.npy", field.image)
    return folder


@pytest.fixture(scope="session")
def narrow_model(tmp_path_factory):
    """Return an exported c-ResUnet of two channels, quick to learn."""
    torch = pytest.importorskip("torch", reason="training is an optional extra")
    pytest.importorskip("onnx", reason="training is an optional extra")
    from napari_cellsets.training.cresunet import CResUnet
    from napari_cellsets.training.export import export_onnx

    torch.manual_seed(5)
    path = tmp_path_factory.mktemp("narrow") / "narrow.onnx"
    told = {
        "format": 1,
        "name": "narrow",
        "layout": "nchw",
        "channels": 3,
        "channel_order": "rgb",
        "normalisation": {"kind": "divide", "value": 255},
        "output_kind": "probability",
        "multiple_of": 8,
        "halo": 96,
        "licence": "CC0",
        "training_data": ["nothing"],
    }
    export_onnx(CResUnet(2).eval(), path, told)
    return path
