"""``napari-cellsets train``: what is typed becomes a request, the answer a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_cellsets.cli import main
from napari_cellsets.training import api
from napari_cellsets.training.request import TrainingResult


@pytest.fixture
def asked(monkeypatch):
    """Catch requests instead of training."""
    requests = []

    def answer(request, *, token, progress):
        requests.append(request)
        progress(1.0, "done")
        report = {"split": ["All is well."], "metrics": {"before": {"f1": 0.5}}}
        stopped = request.name == "stopped"
        return TrainingResult(
            Path("m.onnx"), Path("m.md"), {"f1": 0.75}, stopped, report
        )

    monkeypatch.setattr(api, "check_installed", lambda: None)
    monkeypatch.setattr(api, "train", answer)
    return requests


def test_it_trains_from_the_shipped_model_for_ten_minutes(asked, capsys):
    assert main(["train", "segmenter", "fields"]) == 0
    (request,) = asked
    assert (request.kind, request.dataset) == ("segmenter", Path("fields"))
    assert (request.start, request.limit_minutes, request.steps) == (
        "shipped",
        10,
        None,
    )
    said = capsys.readouterr()
    assert said.out == "held out: f1 0.500 to 0.750 -> m.onnx\n"
    assert "All is well." in said.err


def test_every_option_reaches_the_request(asked, tmp_path):
    start = tmp_path / "start.onnx"
    start.write_bytes(b"")
    options = ["--from", str(start), "--out", "run", "--minutes", "2.5", "--steps", "7"]
    options += ["--seed", "3", "--corrected", "--row", "plain", "--channel", "1"]
    options += ["--name", "mine", "--architecture", "cresunet"]
    assert main(["train", "segmenter", "fields", *options]) == 0
    (request,) = asked
    assert request.start == start
    assert (request.out, request.minutes, request.steps) == (Path("run"), 2.5, 7)
    assert (request.seed, request.corrected, request.row) == (3, True, "plain")
    assert (request.channel, request.name, request.network) == (1, "mine", "cresunet")


def test_a_stopped_run_has_the_exit_code_of_one(asked):
    assert main(["train", "classifier", "cells", "--name", "stopped"]) == 130


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--from", "nowhere.onnx"], "an ONNX file was expected"),
        (["--minutes", "0"], "minutes above 0 were expected"),
        (["--minutes", "soon"], "minutes above 0 were expected"),
        (["--steps", "0"], "1 or more was expected"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, message, capsys):
    with pytest.raises(SystemExit):
        main(["train", "segmenter", "fields", *options])
    assert message in capsys.readouterr().err


def test_without_torch_it_tells_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setattr(api, "find_spec", lambda name: None)
    assert main(["train", "segmenter", "fields"]) == 1
    assert "pip install 'napari-cellsets[train]'" in capsys.readouterr().err


def test_a_network_of_the_other_kind_is_refused(capsys, monkeypatch):
    monkeypatch.setattr(api, "check_installed", lambda: None)
    options = ["--architecture", "densenet121"]
    assert main(["train", "segmenter", "fields", *options]) == 1
    assert "is no network for a segmenter" in capsys.readouterr().err
