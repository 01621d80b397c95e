"""Copies of a picture are known again; other pictures are not taken for copies."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from napari_cellsets.simulate import simulate_neurons
from napari_cellsets.training.duplicates import (
    HASH_BITS,
    fingerprint,
    perceptual_hash,
    same_picture,
)


@pytest.fixture(scope="module")
def fields():
    return [simulate_neurons(seed, (160, 192), 9).image for seed in range(6)]


def jpeg(picture):
    return cv2.imdecode(cv2.imencode(".jpg", picture, [1, 60])[1], cv2.IMREAD_COLOR)


def noisy(picture):
    noise = np.random.default_rng(0).normal(0, 4, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


COPIES = {
    "same": lambda p: p.copy(),
    "compressed": jpeg,
    "half the size": lambda p: cv2.resize(p, None, fx=0.5, fy=0.5, interpolation=3),
    "darker": lambda p: (p * 0.7).astype(np.uint8),
    "16 bits": lambda p: p.astype(np.uint16) * 257,
    "noisy": noisy,
    "turned": np.rot90,
    "mirrored": lambda p: p[:, ::-1],
    "turned and mirrored": lambda p: np.rot90(p[::-1]),
}


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_is_known_again(fields, how):
    prints = [fingerprint(picture) for picture in (*fields, COPIES[how](fields[2]))]
    assert set(same_picture(prints)) == {(2, 6)}


def test_different_pictures_are_not_duplicates(fields):
    assert not set(same_picture([fingerprint(picture) for picture in fields]))


def test_pictures_without_content_are_alike_only_if_equal():
    dark = [np.full((40, 40), value, np.uint8) for value in (0, 0, 9)]
    assert set(same_picture([fingerprint(picture) for picture in dark])) == {(0, 1)}


def test_a_hash_has_64_bits_half_of_them_set(fields):
    small = np.stack([fingerprint(picture).small for picture in fields])
    bits = perceptual_hash(small)
    assert bits.shape == (6, 64)
    assert set(bits.sum(axis=1).tolist()) <= {31, 32}


def test_hashes_of_different_pictures_lie_farther_apart_than_the_threshold(fields):
    small = np.stack([fingerprint(picture).small for picture in fields])
    bits = perceptual_hash(small)
    apart = [(bits[i] != bits[j]).sum() for i in range(6) for j in range(i)]
    assert min(apart) > HASH_BITS


def test_one_picture_has_no_duplicate(fields):
    assert not list(same_picture([fingerprint(fields[0])]))
