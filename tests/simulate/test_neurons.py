"""The simulator: same seed same picture, truth that is true, published statistics."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellsets.simulate import simulate_neurons

SMALL = (320, 400)


@pytest.fixture(scope="module")
def fields():
    return [
        simulate_neurons(seed, (600, 800), 12, colour="yellow", crowding=0.0)
        for seed in range(4)
    ]


def test_same_arguments_give_the_same_field():
    one = simulate_neurons(5, SMALL, 4)
    two = simulate_neurons(5, SMALL, 4)
    np.testing.assert_array_equal(one.image, two.image)
    np.testing.assert_array_equal(one.labels, two.labels)
    assert one.parameters == two.parameters


def test_another_seed_gives_another_field():
    one, two = simulate_neurons(5, SMALL, 4), simulate_neurons(6, SMALL, 4)
    assert (one.image != two.image).any()


def test_parameters_are_enough_to_draw_the_field_again():
    first = simulate_neurons(9, SMALL, colour="red", gain=1.1)
    told = dict(first.parameters)
    told.pop("placed")
    again = simulate_neurons(**told)
    np.testing.assert_array_equal(first.image, again.image)


def test_arrays_have_the_promised_form():
    field = simulate_neurons(1, (123, 211), 2)
    assert field.image.shape == (123, 211, 3)
    assert field.image.dtype == np.uint8
    assert field.labels.shape == (123, 211)
    assert field.labels.dtype == np.int32
    assert field.centres.shape == (field.count, 2)


def test_labels_are_numbered_without_gaps_and_counted(fields):
    for field in fields:
        present = np.unique(field.labels)
        np.testing.assert_array_equal(present, np.arange(field.count + 1))
        assert 0 < field.count <= 12


def test_centres_are_the_centroids_of_their_labels(fields):
    for field in fields:
        for number, centre in enumerate(field.centres, start=1):
            inside = np.argwhere(field.labels == number)
            np.testing.assert_allclose(centre, inside.mean(axis=0))


def test_counted_cells_are_brighter_than_the_background(fields):
    for field in fields:
        grey = field.image.max(axis=2).astype(float)
        background = grey[field.labels == 0].mean()
        for number in range(1, field.count + 1):
            assert grey[field.labels == number].mean() > background + 15


def test_no_cells_asked_for_gives_an_empty_truth():
    field = simulate_neurons(3, SMALL, 0)
    assert field.count == 0
    assert field.centres.shape == (0, 2)
    assert not field.labels.any()
    assert field.image.any()


def test_yellow_statistics_lie_near_those_of_published_pictures(fields):
    inside = np.concatenate([field.image[field.labels > 0] for field in fields])
    outside = np.concatenate([field.image[field.labels == 0] for field in fields])
    areas = np.concatenate([np.bincount(f.labels.ravel())[1:] for f in fields])
    red, green, blue = inside.mean(axis=0)
    assert 55 < red < 140
    assert 0.6 < green / red < 0.95
    assert blue < 20
    assert 0.5 < outside[:, 0].mean() < 15
    assert outside[:, 2].mean() < 2
    assert 700 < np.median(areas) < 5000


@pytest.mark.parametrize(
    ("colour", "bright"),
    [("red", [0]), ("green", [1]), ("grey", [0, 1, 2]), ("yellow", [0, 1])],
)
def test_colour_lights_its_own_channels(colour, bright):
    field = simulate_neurons(2, SMALL, 6, colour=colour)
    means = field.image[field.labels > 0].mean(axis=0)
    assert all(means[channel] > 40 for channel in bright)
    others = [channel for channel in range(3) if channel not in bright]
    assert all(means[channel] < 0.45 * max(means) for channel in others)


def test_grey_pictures_have_three_equal_channels():
    image = simulate_neurons(2, SMALL, 3, colour="grey").image
    assert (image == image[..., :1]).all()


def test_crowding_brings_cells_together():
    def nearest(crowding):
        field = simulate_neurons(4, (600, 800), 30, crowding=crowding)
        apart = np.linalg.norm(field.centres[:, None] - field.centres[None], axis=2)
        np.fill_diagonal(apart, np.inf)
        return np.median(apart.min(axis=1))

    assert nearest(1.0) < nearest(0.0)


def test_gain_brightens_the_whole_field():
    dim = simulate_neurons(8, SMALL, 5, gain=0.5).image.mean()
    assert simulate_neurons(8, SMALL, 5).image.mean() > 1.5 * dim


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"colour": "blue"}, "colour must be one of"),
        ({"shape": (10, 400)}, "at least 64 px"),
        ({"n_cells": -1}, "must not be negative"),
        ({"crowding": 1.5}, "between 0 and 1"),
    ],
)
def test_impossible_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate_neurons(**{"seed": 1, "shape": SMALL, **arguments})
