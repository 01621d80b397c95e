"""The model in the package: described, small, and able to count what it is for."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellsets.core.image import Picture
from napari_cellsets.counting import (
    CountRequest,
    count_from_probability,
    evaluate,
    predict_probability,
    summarise,
)
from napari_cellsets.inference.metadata import default_model, read_model_info
from napari_cellsets.simulate import simulate_neurons


def counted(pixels):
    request = CountRequest(Picture(pixels, "yxc"))
    return count_from_probability(predict_probability(request), request)


def test_it_is_complete_and_small():
    info = read_model_info(default_model())
    assert info.missing == ()
    assert info.classes == ("neuron",)
    assert info.licence
    assert info.metrics
    assert default_model().stat().st_size < 12e6


def test_its_card_lies_beside_it():
    card = default_model().with_suffix(".md").read_text(encoding="utf-8")
    for word in ("CC BY-SA 4.0", "CC0", "simulat", "Limits"):
        assert word in card


@pytest.mark.parametrize("colour", ["yellow", "red", "green", "grey"])
def test_it_counts_simulated_fields_of_every_colour(colour):
    found = []
    for seed in (501, 502):
        field = simulate_neurons(seed, (512, 640), 8, colour=colour, crowding=0.0)
        found.append(evaluate(counted(field.image).labels, field.labels))
    assert summarise(found).f1 > 0.7


def test_a_dark_frame_with_noise_has_no_cells():
    rng = np.random.default_rng(0)
    dark = np.clip(rng.normal(3, 1.5, (512, 512, 3)), 0, 255).astype(np.uint8)
    assert counted(dark).count == 0


def test_real_pictures_are_counted_as_the_people_did(real_samples):
    from napari_cellsets.training.sources import fnc_pairs

    found = []
    for pair in fnc_pairs(real_samples.parent):
        if pair.name.startswith("yellow"):
            image, truth = pair.load()
            found.append(evaluate(counted(image).labels, truth))
    assert summarise(found).f1 > 0.8
