"""What cannot be meant is refused before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_cellsets.core.errors import TrainingError
from napari_cellsets.training import api
from napari_cellsets.training.request import TrainingRequest


def request(**more):
    return TrainingRequest(**{"kind": "segmenter", "dataset": Path("set"), **more})


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"kind": "poet"}, "can be trained, not 'poet'"),
        ({"architecture": "compact"}, "'compact' is no network for a segmenter"),
        ({"minutes": 0}, "lasts more than 0 minutes"),
        ({"steps": 0}, "takes 1 step or more, not 0"),
    ],
)
def test_it_is_refused(more, message):
    with pytest.raises(TrainingError, match=message):
        request(**more)


def test_ten_minutes_are_usual_and_steps_alone_have_no_clock():
    assert request().limit_minutes == 10
    assert request(steps=5).limit_minutes is None
    assert request(steps=5, minutes=1).limit_minutes == 1


def test_each_kind_has_its_usual_network():
    assert request().network == "cresunet"
    assert request(kind="classifier").network == "compact"


def test_without_torch_the_error_tells_how_to_install_it(monkeypatch):
    monkeypatch.setattr(api, "find_spec", lambda name: None)
    with pytest.raises(TrainingError, match="needs torch and onnx") as told:
        api.train(request())
    assert "pip install 'napari-cellsets[train]'" in str(told.value)
