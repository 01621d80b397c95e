"""``count --engine`` chooses what runs the model."""

from __future__ import annotations

import argparse

import pytest

from napari_cellsets.cli.engines import NAMES, add_engine, choose_engine
from napari_cellsets.core.errors import ModelError
from napari_cellsets.inference import engines
from napari_cellsets.inference.engines import (
    CPU_PROVIDER,
    ENGINES,
    engine_choice,
    use_engine,
)


@pytest.fixture
def parser():
    command = argparse.ArgumentParser()
    add_engine(command)
    yield command
    use_engine(None)


def test_every_engine_can_be_named():
    assert NAMES == ("auto", *ENGINES)


def test_the_fastest_is_used_where_none_is_named(parser):
    choose_engine(parser.parse_args([]))
    assert engine_choice().provider is None
    assert not engine_choice().fast


def test_the_named_engine_is_used(parser):
    choose_engine(parser.parse_args(["--engine", "onnxruntime", "--fast"]))
    assert engine_choice().provider == CPU_PROVIDER
    assert engine_choice().fast


def test_a_missing_engine_is_told(parser, monkeypatch):
    monkeypatch.setattr(engines, "_openvino_is_installed", lambda: False)
    with pytest.raises(ModelError, match="OpenVINO is not installed"):
        choose_engine(parser.parse_args(["--engine", "openvino"]))
