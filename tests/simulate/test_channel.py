"""Cells past an event camera: the same from a seed, where and when the truth says."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.simulate import CHANNEL_CELLS, simulate_channel

SMALL = Geometry(320, 240)


def channel(**changes):
    given = {"geometry": SMALL, "cells_per_second": 20.0, "seed": 5, "seconds": 0.3}
    return simulate_channel(**(given | changes))


def all_events(recording):
    return Events.joined(list(recording.pieces()))


def test_same_seed_makes_the_same_recording_however_often_it_is_drawn():
    first, again = channel(), channel()
    drawn = [all_events(each) for each in (first, first, again)]
    assert first.cells == again.cells
    for other in drawn[1:]:
        for name in ("t", "x", "y", "p"):
            np.testing.assert_array_equal(getattr(drawn[0], name), getattr(other, name))


def test_another_seed_makes_another_recording():
    assert channel(seed=1).cells != channel(seed=2).cells


def test_times_never_decrease_and_places_lie_on_the_sensor():
    events = all_events(channel())
    assert (np.diff(events.t) >= 0).all()
    assert events.t[0] >= 0
    assert events.t[-1] < 300_000
    assert events.x.max() < SMALL.width
    assert events.y.max() < SMALL.height
    assert set(np.unique(events.p)) == {0, 1}


def test_pieces_hold_one_slice_of_time_each():
    pieces = list(channel().pieces())
    assert len(pieces) > 10
    assert max(np.ptp(piece.t) for piece in pieces) <= 16_000


def test_a_cell_gives_its_events_where_the_truth_says_it_is():
    recording = channel(noise_hz=0.0, hot_pixels=0, cells_per_second=12.0, seconds=0.5)
    events = all_events(recording)
    assert recording.cells
    far = np.ones(len(events), bool)
    for cell in recording.cells:
        middle = SMALL.width / 2 + cell.speed_px_ms / 1000 * (
            events.t - cell.crossing_us
        )
        near = np.abs(events.x - middle) < cell.diameter_px + 12
        near &= np.abs(events.y.astype(int) - cell.y) < cell.diameter_px + 4
        far &= ~near
        if 10_000 < cell.crossing_us < 490_000:
            assert near.any()
    assert far.mean() < 0.001


def test_truth_is_in_the_order_of_crossing_and_in_view():
    cells = channel(cells_per_second=60.0).cells
    crossings = [cell.crossing_us for cell in cells]
    assert crossings == sorted(crossings)
    assert [cell.number for cell in cells] == list(range(1, len(cells) + 1))
    assert {cell.name for cell in cells} <= set(CHANNEL_CELLS)
    for cell in cells:
        assert cell.enters_us < cell.crossing_us < cell.leaves_us
        assert cell.diameter_px == pytest.approx(cell.diameter_um / 0.3)


def test_leading_front_begins_lighter_and_dark_body_follows():
    recording = channel(
        noise_hz=0.0, hot_pixels=0, classes=["Lymphocyte"], cells_per_second=5.0,
        seconds=0.5,
    )  # fmt: skip
    cell = recording.cells[len(recording.cells) // 2]
    events = all_events(recording)
    row = events.take(events.y == cell.y)
    ahead = row.x - SMALL.width / 2
    ahead = ahead - cell.speed_px_ms / 1000 * (row.t - cell.crossing_us)
    front = row.take((ahead > 0) & (ahead < cell.diameter_px))
    first = np.array([front.p[front.x == x][0] for x in np.unique(front.x)])
    assert first.mean() > 0.9
    assert 0.2 < front.p.mean() < 0.8


def test_sizes_follow_the_classes():
    cells = channel(cells_per_second=400.0).cells
    mean = {
        name: np.mean([c.diameter_um for c in cells if c.name == name])
        for name in CHANNEL_CELLS
    }
    assert mean["Platelet"] < mean["RBC"] < mean["Neutrophil"] < mean["HUVEC"]


def test_hot_pixels_are_the_busiest_of_noise():
    recording = channel(cells_per_second=0.0, seconds=1.0, hot_pixels=5)
    events = all_events(recording)
    flat = events.y.astype(int) * SMALL.width + events.x
    counts = np.bincount(flat, minlength=SMALL.width * SMALL.height)
    busiest = {divmod(int(i), SMALL.width) for i in np.argsort(counts)[-5:]}
    assert busiest == set(recording.hot_pixels)


def test_no_cells_and_no_noise_make_no_events():
    assert not list(channel(cells_per_second=0.0, noise_hz=0.0, hot_pixels=0).pieces())


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"seconds": 0}, "lasts up to an hour"),
        ({"noise_hz": -1.0}, "no amount is below 0"),
        ({"speed_px_ms": 0.0}, "should be above 0"),
        ({"geometry": Geometry(1281, 720)}, "64 x 64 to 1280 x 720"),
        ({"classes": ["Amoeba"]}, "no class of cells is called Amoeba"),
        ({"classes": []}, "called nothing at all"),
    ],
)
def test_what_cannot_be_simulated_is_refused(changes, match):
    with pytest.raises(CellsetsError, match=match):
        simulate_channel(**({"seconds": 0.1, "geometry": SMALL} | changes))
