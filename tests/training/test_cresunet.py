"""The network is the published one."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="training is an optional extra")

from napari_cellsets.training.cresunet import (  # noqa: E402
    PUBLISHED_PARAMETERS,
    CResUnet,
    parameter_count,
)


def test_it_has_the_published_number_of_parameters():
    assert parameter_count(CResUnet()) == PUBLISHED_PARAMETERS == 1_707_287


def test_it_keeps_the_statistics_that_were_published():
    model = CResUnet()
    statistics = sum(
        buffer.numel()
        for name, buffer in model.named_buffers()
        if name.endswith(("running_mean", "running_var"))
    )
    assert statistics == 1_890


@pytest.mark.parametrize("size", [(64, 64), (40, 72)])
def test_logits_have_the_size_of_the_picture(size):
    with torch.no_grad():
        logits = CResUnet(2).eval()(torch.zeros(2, 3, *size))
    assert logits.shape == (2, 1, *size)
