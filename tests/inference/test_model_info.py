from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from napari_cellsets.core.errors import ModelError
from napari_cellsets.inference import metadata
from napari_cellsets.inference.metadata import (
    DivideBy,
    PercentileStretch,
    default_model,
    model_hash,
    read_model_info,
    shipped_models,
)
from tiny_models import OURS, save


def test_our_metadata_leaves_nothing_to_ask(make_pointwise):
    info = read_model_info(make_pointwise())
    assert info.missing == ()
    assert info.normalisation == DivideBy(value=255)
    assert (info.threshold, info.min_area, info.halo) == (0.6, 40, 96)
    assert (info.input, info.output, info.layout) == ("image", "map", "nchw")


def test_keys_that_a_later_version_may_add_are_passed_over(make_pointwise):
    info = read_model_info(make_pointwise(metadata={**OURS, "colour": "mauve"}))
    assert info.name == "tiny"


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_bare_graph_tells_layout_channels_and_names(make_pointwise, layout, channels):
    path = make_pointwise(
        np.ones((1, channels), np.float32), metadata=None, layout=layout
    )
    info = read_model_info(path)
    assert (info.layout, info.channels) == (layout, channels)
    assert (info.input, info.output) == ("image", "map")
    assert info.size == (None, None)


def test_a_bare_graph_leaves_open_what_it_cannot_tell(make_pointwise):
    info = read_model_info(make_pointwise(metadata=None))
    assert info.missing == ("channel_order", "normalisation", "output_kind")


def test_a_bare_graph_is_thought_hungrier_than_ours(make_pointwise):
    ours = read_model_info(make_pointwise())
    bare = read_model_info(make_pointwise(metadata=None, name="bare.onnx"))
    assert bare.bytes_per_pixel > ours.bytes_per_pixel


def test_the_order_of_one_channel_is_not_asked(make_pointwise):
    one = np.ones((1, 1), np.float32)
    info = read_model_info(make_pointwise(one, metadata=None))
    assert info.missing == ("normalisation", "output_kind")


def test_a_graph_of_fixed_size_tells_its_size(make_pointwise):
    info = read_model_info(make_pointwise(metadata=None, size=(64, 96)))
    assert info.size == (64, 96)


def test_answers_complete_a_bare_model(make_pointwise):
    info = read_model_info(make_pointwise(metadata=None)).replace(
        channel_order="bgr",
        normalisation={"kind": "percentile", "low": 1, "high": 99, "floor": 0.1},
        output_kind="logit",
    )
    assert info.missing == ()
    assert info.normalisation == PercentileStretch(low=1, high=99, floor=0.1)


def test_an_answer_that_means_nothing_is_refused(make_pointwise):
    info = read_model_info(make_pointwise())
    with pytest.raises(ModelError, match="output_kind is not usable"):
        info.replace(output_kind="guess")


@pytest.mark.parametrize(
    ("content", "match"),
    [(b"", "not an ONNX model"), (b"\x89PNG\r\n", "not an ONNX model")],
)
def test_a_file_that_is_no_model_is_refused(tmp_path, content, match):
    path = tmp_path / "picture.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=match):
        read_model_info(path)


def test_half_a_model_is_refused(make_pointwise):
    path = make_pointwise()
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ModelError, match="not an ONNX model"):
        read_model_info(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"away\.onnx: the model cannot be read"):
        read_model_info(tmp_path / "away.onnx")


def test_a_file_without_the_right_to_read_it_is_told(tmp_path, monkeypatch):
    path = tmp_path / "locked.onnx"
    path.write_bytes(b"x")

    def refused(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refused)
    with pytest.raises(ModelError, match="cannot be read: Permission denied"):
        read_model_info(path)


def test_metadata_of_another_format_is_refused(make_pointwise):
    with pytest.raises(ModelError, match="should be of format 1, found 2"):
        read_model_info(make_pointwise(metadata={**OURS, "format": 2}))


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_metadata_that_is_no_object_is_refused(make_pointwise, text):
    with pytest.raises(ModelError, match="metadata"):
        read_model_info(make_pointwise(metadata=text))


def test_a_graph_that_the_engine_does_not_know_says_why(tmp_path):
    nodes = [helper.make_node("Mystery", ["image"], ["map"])]
    path = save(tmp_path / "odd.onnx", nodes, {}, [1, 1, 8, 8], [1, 1, 8, 8], None)
    with pytest.raises(ModelError, match=r"cannot load this model.*Mystery"):
        read_model_info(path)


@pytest.mark.parametrize("key", ["input", "output"])
def test_metadata_that_names_nothing_of_the_graph_is_refused(make_pointwise, key):
    with pytest.raises(ModelError, match=f"names the {key} 'nowhere'"):
        read_model_info(make_pointwise(metadata={**OURS, key: "nowhere"}))


def test_a_wrong_value_in_the_metadata_is_named(make_pointwise):
    with pytest.raises(ModelError, match=r"threshold is not usable.*found 7"):
        read_model_info(make_pointwise(metadata={**OURS, "threshold": 7}))


def test_two_inputs_are_refused(tmp_path):
    second = helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1, 1, 8, 8])
    path = save(
        tmp_path / "two.onnx",
        [helper.make_node("Add", ["image", "mask"], ["map"])],
        {},
        [1, 1, 8, 8],
        [1, 1, 8, 8],
        None,
        extra_inputs=[second],
    )
    with pytest.raises(ModelError, match="wants 2 inputs"):
        read_model_info(path)


@pytest.mark.parametrize("shape", [[1, 1, 8, 8, 8], [8, 8], [4, 1, 8, 8]])
def test_an_input_of_another_rank_or_batch_is_refused(tmp_path, shape):
    nodes = [helper.make_node("Identity", ["image"], ["map"])]
    path = save(tmp_path / "rank.onnx", nodes, {}, shape, shape, None)
    with pytest.raises(ModelError, match="expected one image of rank four"):
        read_model_info(path)


def test_a_classifier_is_refused(tmp_path):
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["a"]),
        helper.make_node("Flatten", ["a"], ["map"]),
    ]
    path = save(tmp_path / "class.onnx", nodes, {}, [1, 3, "h", "w"], [1, 3], None)
    with pytest.raises(ModelError, match="classifiers cannot be used"):
        read_model_info(path)


def test_the_hash_is_that_of_the_bytes_and_follows_them(make_pointwise):
    path = make_pointwise()
    assert model_hash(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(path.read_bytes() + b"\0")
    assert model_hash(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_hash_of_a_missing_file_names_it(tmp_path):
    with pytest.raises(ModelError, match="the model cannot be read"):
        model_hash(tmp_path / "away.onnx")


def test_a_model_that_was_replaced_is_read_anew(make_pointwise):
    path = make_pointwise()
    assert read_model_info(path).name == "tiny"
    make_pointwise(metadata={**OURS, "name": "newer"})
    os.utime(path, ns=(1, 1))
    assert read_model_info(path).name == "newer"


def test_the_shipped_models_begin_with_the_default(monkeypatch, tmp_path):
    for name in ("a.onnx", "z.onnx"):
        (tmp_path / name).touch()
    monkeypatch.setattr(metadata, "MODELS", tmp_path)
    monkeypatch.setattr(metadata, "DEFAULT_MODEL", tmp_path / "z.onnx")
    assert [p.name for p in shipped_models()] == ["z.onnx", "a.onnx"]
    assert default_model() == tmp_path / "z.onnx"


def test_an_installation_without_the_model_says_so(monkeypatch):
    monkeypatch.setattr(metadata, "DEFAULT_MODEL", Path("nowhere.onnx"))
    with pytest.raises(ModelError, match="shipped model is not in this installation"):
        default_model()
