"""Cells grow from a click, and outlines snap, to the edges of a picture."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from made_labels import applied, disc
from napari_cellsets.editing import growing, shaping
from napari_cellsets.editing.objects import ObjectIndex


def test_a_click_adds_a_cell_as_far_as_it_looks_alike() -> None:
    cell = disc((50, 50), 25, 25, 8)
    noise = np.random.default_rng(0).normal(0, 4, cell.shape)
    picture = np.where(cell, 200, 50) + noise
    labels = np.zeros(cell.shape, np.int32)
    edit = growing.add_from_click(ObjectIndex(labels), picture, (25, 25), 0.3)
    added = applied(labels, edit) > 0
    assert (added & cell).sum() / (added | cell).sum() > 0.97


@pytest.mark.parametrize("brightness", [90, 140, 200])
def test_the_likely_tolerance_ends_at_the_edge_of_the_cell(brightness: int) -> None:
    cell = disc((90, 90), 45, 45, 14)
    noise = np.random.default_rng(1).normal(0, 5, cell.shape)
    picture = ndimage.gaussian_filter(np.where(cell, brightness, 30.0), 1.5) + noise
    labels = np.zeros(cell.shape, np.int32)
    tolerance = growing.likely_tolerance(picture, labels, (45, 45), 40)
    box, mask = growing.grown_from(picture, labels, (45, 45), tolerance, 40)
    assert (mask & cell[box]).sum() / (mask | cell[box]).sum() > 0.8


def test_on_a_flat_picture_the_tolerance_is_the_usual_one() -> None:
    flat, labels = np.zeros((90, 90)), np.zeros((90, 90), np.int32)
    found = growing.likely_tolerance(flat, labels, (45, 45), 20)
    assert found == growing.USUAL_TOLERANCE
    box, mask = growing.grown_from(flat, labels, (45, 45), found, 20)
    assert growing.runs_out(box, mask, labels.shape)


def test_an_outline_snaps_to_the_edge_of_the_cell() -> None:
    cell = disc((60, 60), 30, 30, 12)
    picture = np.where(cell, 180.0, 40.0)
    labels = disc((60, 60), 31, 29, 10).astype(np.int32)
    edit = shaping.snap_to_edge(ObjectIndex(labels), [1], picture, 5)
    snapped = applied(labels, edit) > 0
    assert (snapped & cell).sum() / (snapped | cell).sum() > 0.95


def test_a_picture_of_one_colour_has_no_edge_to_grow_to() -> None:
    picture, labels = np.full((20, 30), 7.0), np.zeros((20, 30), np.int32)
    found = growing.likely_tolerance(picture, labels, (5.0, 5.0))
    assert found == growing.USUAL_TOLERANCE
