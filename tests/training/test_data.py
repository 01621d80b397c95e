"""Batches: the same for a step, light within range, gaps between touching cells."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellsets.training.data import (
    Mixture,
    make_batch,
    pad_to_multiple,
    target_and_weight,
)
from napari_cellsets.training.sources import simulated_pairs


@pytest.fixture
def mixture(simulated):
    return Mixture((tuple(simulated_pairs(simulated)),), (1.0,))


def test_batch_follows_from_seed_and_step(mixture):
    one = make_batch(mixture, 1, 7, size=3, crop=64)
    two = make_batch(mixture, 1, 7, size=3, crop=64)
    np.testing.assert_array_equal(one.image, two.image)
    other = make_batch(mixture, 1, 8, size=3, crop=64)
    assert (one.image != other.image).any()


def test_batch_has_the_promised_form(mixture):
    batch = make_batch(mixture, 0, 0, size=5, crop=96)
    assert batch.image.shape == (5, 3, 96, 96)
    assert batch.target.shape == batch.weight.shape == (5, 1, 96, 96)
    assert batch.image.dtype == batch.target.dtype == np.float32
    assert 0 <= batch.image.min() <= batch.image.max() <= 1
    assert set(np.unique(batch.target)) <= {0.0, 1.0}


def test_every_step_has_cells_more_often_than_not(mixture):
    seen = [make_batch(mixture, 2, step, size=2, crop=64) for step in range(8)]
    assert sum(batch.target.any() for batch in seen) >= 5


def test_touching_cells_are_parted_in_the_target():
    labels = np.zeros((40, 40), np.int32)
    labels[10:30, 5:20], labels[10:30, 20:35] = 1, 2
    target, weight = target_and_weight(labels)
    assert not target[20, 19:21].any()
    assert target[20, 12] == target[20, 28] == 1
    assert weight[20, 20] > weight[20, 12] > weight[2, 2]


def test_a_lone_cell_keeps_its_outline():
    labels = np.zeros((40, 40), np.int32)
    labels[10:30, 5:20] = 4
    target, _ = target_and_weight(labels)
    np.testing.assert_array_equal(target, labels > 0)


def test_groups_without_pictures_are_refused():
    with pytest.raises(ValueError, match="needs pictures and a share"):
        Mixture(((),), (1.0,))


def test_padding_reaches_the_next_multiple():
    padded = pad_to_multiple(np.zeros((13, 16, 3), np.float32))
    assert padded.shape == (16, 16, 3)
