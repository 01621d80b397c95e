"""Pairs are found, read and split without a picture on both sides."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from napari_cellsets.training.prepare import prepare_fields
from napari_cellsets.training.sources import (
    Pair,
    dsb_pairs,
    fnc_pairs,
    simulated_pairs,
    split_by_name,
)


def write_dsb(folder, name, image, labels):
    for part, array in (("images", image), ("labels", labels)):
        (folder / part).mkdir(exist_ok=True)
        Image.fromarray(array).save(folder / part / f"{name}.png")


def blob_labels():
    labels = np.zeros((64, 64), np.uint16)
    labels[10:20, 10:20], labels[30:44, 30:44] = 1, 2
    return labels


def test_dsb_pairs_know_their_typical_diameter(tmp_path):
    labels = blob_labels()
    write_dsb(tmp_path, "a", (labels * 90).astype(np.uint8), labels)
    (pair,) = dsb_pairs(tmp_path)
    assert pair.diameter == pytest.approx(np.sqrt(148 * 4 / np.pi))
    image, read = pair.load()
    assert image.shape == (64, 64, 3)
    assert read.max() == 2


def test_fnc_masks_become_one_label_an_object(tmp_path):
    one = tmp_path / "samples" / "fluorescent_neuronal_cells_v1"
    for part in ("all_images/images", "all_masks/masks"):
        (one / part).mkdir(parents=True)
    mask = ((blob_labels() > 0) * 65535).astype(np.uint16)
    Image.fromarray(mask).save(one / "all_masks/masks/x_y.png")
    rgb = np.zeros((64, 64, 3), np.uint8)
    Image.fromarray(rgb).save(one / "all_images/images/x_y.png")
    (pair,) = fnc_pairs(tmp_path)
    assert pair.name == "yellow/x_y"
    assert pair.load()[1].max() == 2


def test_labels_of_another_size_are_refused(tmp_path):
    np.save(tmp_path / "a.image.npy", np.zeros((8, 8, 3), np.uint8))
    np.save(tmp_path / "a.labels.npy", np.zeros((8, 9), np.uint16))
    with pytest.raises(ValueError, match="its picture"):
        simulated_pairs(tmp_path)[0].load()


def test_split_is_stable_and_complete(tmp_path):
    rng = np.random.default_rng(0)
    for index in range(40):
        image = rng.integers(0, 255, (64, 64), np.uint8)
        write_dsb(tmp_path, f"n{index}", image, blob_labels())
    pairs = dsb_pairs(tmp_path)
    kept, held = split_by_name(pairs, 0.3)
    assert 0 < len(held) < 40
    assert {pair.name for pair in kept} | {pair.name for pair in held} == {
        pair.name for pair in pairs
    }
    assert split_by_name(pairs, 0.3) == (kept, held)


def test_near_duplicates_of_held_out_pictures_are_not_trained_on(tmp_path):
    rng = np.random.default_rng(1)
    image = rng.integers(0, 200, (64, 64), np.uint8)
    for index in range(20):
        write_dsb(tmp_path, f"n{index}", image + np.uint8(index), blob_labels())
    kept, held = split_by_name(dsb_pairs(tmp_path), 0.3)
    assert held
    assert kept == []


def test_prepare_draws_only_what_is_missing(tmp_path):
    prepare_fields(tmp_path, 2, shape=(64, 64), seed=3)
    first = tmp_path / "00000.image.npy"
    before = np.load(first)
    stamp = first.stat().st_mtime_ns
    (tmp_path / "00001.image.npy").unlink()
    prepare_fields(tmp_path, 2, shape=(64, 64), seed=3)
    assert first.stat().st_mtime_ns == stamp
    assert [pair.name for pair in simulated_pairs(tmp_path)] == ["00000", "00001"]
    np.testing.assert_array_equal(before, np.load(first))


def test_pairs_are_values():
    assert Pair("a", "x", "y", "dsb") == Pair("a", "x", "y", "dsb")
