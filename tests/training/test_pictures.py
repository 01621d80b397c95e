"""Fields of a set as the recipes take them."""

from __future__ import annotations

import numpy as np
import pytest
from learnable_sets import write_fields
from PIL import Image

pytest.importorskip("torch", reason="training is an optional extra")

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import TrainingError
from napari_cellsets.inference import (
    PercentileStretch,
    default_model,
    read_model_info,
)
from napari_cellsets.training import pictures
from napari_cellsets.training.pictures import (
    FieldSource,
    StretchedPairs,
    as_bytes,
    gather,
    network_values,
    pairs_of,
)


@pytest.fixture
def info():
    return read_model_info(default_model())


@pytest.fixture
def source(tmp_path):
    return FieldSource(open_dataset(write_fields(tmp_path / "set", 3)))


def looked_at(source):
    told = []
    found = gather(
        source,
        source.candidates(),
        CancelToken(),
        lambda done, text: told.append(text),
    )
    return found, told


def test_every_picture_is_looked_at_once(source):
    found, told = looked_at(source)
    assert told[-1] == "Looking at picture 3 of 3"
    assert len(found.prints) == len(found.samples) == 3
    assert all(9 < diameter < 16 for diameter in found.diameters.values())
    assert 9 < found.typical_diameter(["field0", "field2"]) < 16


def test_sixteen_bits_are_seen_as_the_engine_sees_them(info):
    deep = np.array([[[4095], [2048], [0]]], np.uint16)
    assert as_bytes(deep, info).tolist() == [[[255] * 3, [128] * 3, [0] * 3]]


def test_a_stretch_is_that_of_the_model(info):
    stretch = info.replace(normalisation=PercentileStretch(low=0, high=100))
    values = network_values(np.array([[[10], [30], [50]]], np.uint8), stretch)
    np.testing.assert_allclose(values[..., 0], [[0, 0.5, 1]], atol=1e-6)


def test_stretched_pairs_are_read_when_asked_for(source, info):
    found, _ = looked_at(source)
    pairs = StretchedPairs(pairs_of(source, found, ["field1", "field2"], info))
    assert len(pairs) == len(pairs[:]) == 2
    assert pairs[0].image.shape == pairs[0].labels.shape == (64, 80)


def test_memory_holds_the_last_picture_only_when_it_is_short(source, monkeypatch):
    monkeypatch.setattr(pictures, "CACHE_BYTES", 1)
    first, second = source.candidates()[:2]
    one = source.read(first)
    assert source.read(first) is one
    source.read(second)
    assert source.read(first) is not one


def test_labels_of_another_size_are_left_out_and_told(tmp_path):
    folder = write_fields(tmp_path / "set", 2)
    Image.fromarray(np.ones((9, 9), np.uint16)).save(folder / "masks" / "field0.png")
    found, _ = looked_at(FieldSource(open_dataset(folder)))
    assert [sample.name for sample in found.samples] == ["field1"]
    assert len(found.problems) == 1


def test_a_picture_without_truth_has_nothing_to_learn_from(tmp_path):
    folder = write_fields(tmp_path / "set", 2)
    (folder / "masks" / "field0.png").unlink()
    dataset = open_dataset(folder)
    source = FieldSource(dataset)
    assert [sample.name for sample in source.candidates()] == ["field1"]
    with pytest.raises(TrainingError, match="there are no labels to learn from"):
        source.read(dataset.samples[0])


def test_a_set_without_truth_is_told(tmp_path):
    folder = write_fields(tmp_path / "set", 1) / "images"
    for file in (tmp_path / "set" / "masks").iterdir():
        file.unlink()
    with pytest.raises(TrainingError, match="has ground truth to learn from"):
        FieldSource(open_dataset(folder)).candidates()
