"""Brushes: noise of the asked scale, points of the asked height."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellsets.simulate._splat import SplatCanvas, smooth_noise, wander


@pytest.mark.parametrize("scale", [2.0, 8.0, 40.0])
def test_smooth_noise_has_unit_spread_and_the_asked_shape(scale):
    noise = smooth_noise(np.random.default_rng(0), (300, 280), scale)
    assert noise.shape == (300, 280)
    assert noise.dtype == np.float32
    assert 0.5 < noise.std() < 1.5


@pytest.mark.parametrize("sigma", [0.9, 1.8, 3.5, 6.0, 12.0, 25.0])
def test_a_point_has_its_peak_where_it_was_put(sigma):
    canvas = SplatCanvas((200, 240))
    canvas.add(np.array([[96.0, 120.0]], np.float32), sigma, 10.0, line=False)
    image = canvas.render()
    peak = np.unravel_index(image.argmax(), image.shape)
    assert np.hypot(peak[0] - 96, peak[1] - 120) <= 1
    assert image.max() == pytest.approx(10, rel=0.35)


def test_a_line_has_its_height_along_it():
    canvas = SplatCanvas((100, 100))
    path = np.stack([np.full(100, 50.0), np.arange(100.0)], axis=1).astype(np.float32)
    canvas.add(path, 1.8, 7.0)
    assert canvas.render()[50, 50] == pytest.approx(7, rel=0.1)


def test_points_outside_are_left_out():
    canvas = SplatCanvas((50, 50))
    canvas.add(np.array([[-9.0, 5.0], [5.0, 900.0]], np.float32), 0.9, 5.0)
    assert canvas.render().max() == 0


def test_wander_takes_steps_of_one_pixel():
    path = wander(np.random.default_rng(1), (3.0, 4.0), 0.5, 50)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    np.testing.assert_allclose(steps, 1, rtol=1e-3)
