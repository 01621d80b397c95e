"""Clouds are bounded and fair; hot pixels are found and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_recordings import SIZE, made, recorded, same

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, CellsetsError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.playback import reading
from napari_cellsets.playback.cloud import event_cloud
from napari_cellsets.playback.filters import FilterChain, HotPixels, Polarity, Turn
from napari_cellsets.playback.hot_pixels import find_hot_pixels

lightly = settings(deadline=None, max_examples=40)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recordings come in pieces of 64 events."""
    monkeypatch.setattr(reading, "EVENTS_AT_ONCE", 64)


def test_a_small_range_gives_every_event() -> None:
    recording = recorded(made())
    cloud = event_cloud(recording, 200, 900)
    assert same(cloud.events, recording.read(200, 900))
    assert (cloud.total, cloud.share) == (len(cloud.events), 1.0)


@lightly
@given(st.integers(1, 60), st.integers(0, 5))
def test_a_cloud_holds_as_many_points_as_allowed_in_order(most: int, seed: int) -> None:
    recording = recorded(made(300))
    cloud = event_cloud(recording, 0, 10**6, most=most, seed=seed)
    assert (len(cloud.events), cloud.total) == (most, 300)
    assert np.all(np.diff(cloud.events.t) >= 0)


def test_each_event_is_drawn_as_often_as_any_other() -> None:
    times = np.arange(200)
    events = Events.of(times, times % 7, times % 5, times % 2)
    recording = recorded(events)
    drawn = np.zeros(200)
    for seed in range(400):
        drawn[event_cloud(recording, 0, 200, most=50, seed=seed).events.t] += 1
    # 400 draws at one in four: 100 each, with a deviation of 8.7
    assert drawn.sum() == 400 * 50
    assert np.abs(drawn - 100).max() < 45
    assert abs(drawn[:100].sum() - 10_000) < 350


def test_the_same_seed_draws_the_same_points() -> None:
    recording = recorded(made(300))
    first, again, other = (
        event_cloud(recording, 0, 10**6, most=40, seed=seed) for seed in (1, 1, 2)
    )
    assert same(first.events, again.events)
    assert not same(first.events, other.events)


def test_filters_pass_before_the_cloud() -> None:
    recording = recorded(made())
    chain = FilterChain(filters=(Polarity(keep="off"), Turn(quarters=1)))
    cloud = event_cloud(recording, 0, 10**6, chain=chain)
    assert cloud.total == recording.off_count
    assert cloud.geometry == Geometry(SIZE.height, SIZE.width)
    assert not cloud.events.p.any()


def test_points_span_the_depth_that_was_asked_for() -> None:
    events = Events.of([0, 500, 999], [1, 2, 3], [4, 3, 2], [0, 1, 0])
    points = event_cloud(recorded(events), 0, 1000).points_tyx(200.0)
    assert points.dtype == np.float32
    np.testing.assert_allclose(points, [[0, 4, 1], [100, 3, 2], [199.8, 2, 3]], 1e-6)


def test_an_empty_range_gives_an_empty_cloud() -> None:
    cloud = event_cloud(recorded(made()), 10**7, 10**8)
    assert (len(cloud.events), cloud.total, cloud.share) == (0, 0, 1.0)


def test_a_cloud_without_room_is_refused() -> None:
    with pytest.raises(CellsetsError, match="room for at least one point, not 0"):
        event_cloud(recorded(made()), 0, 100, most=0)


def test_a_cancelled_cloud_stops() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError, match="Cancelled"):
        event_cloud(recorded(made()), 0, 10**6, token=token)


def test_drawing_points_tells_how_far_it_is() -> None:
    told: list[float] = []
    recording = recorded(made())
    event_cloud(recording, 0, 10**6, progress=lambda part, _: told.append(part))
    assert told == sorted(told)
    assert 0 <= told[-1] <= 1


BIG = Geometry(40, 30)


def noisy(extra: list[tuple[int, int, int]]) -> Events:
    """Two events a pixel within a second, and `extra` ones as (y, x, how many)."""
    y, x = np.indices((30, 40)).reshape(2, -1).repeat(2, 1)
    more = np.repeat([(y, x) for y, x, _ in extra], [n for *_, n in extra], 0)
    y, x = np.concatenate([y, more[:, 0]]), np.concatenate([x, more[:, 1]])
    order = np.random.default_rng(0).permutation(len(y))
    t = np.linspace(0, 999_999, len(y)).astype(np.int64)
    return Events.of(t, x[order], y[order], order % 2)


def test_hot_pixels_are_found_busiest_first() -> None:
    found = find_hot_pixels(
        recorded(noisy([(3, 4, 200), (20, 39, 900), (0, 0, 50)]), BIG)
    )
    assert [pixel[:3] for pixel in found] == [(20, 39, 902), (3, 4, 202), (0, 0, 52)]
    assert found[0].rate_hz == pytest.approx(902, rel=1e-4)


def test_two_hot_neighbours_do_not_hide_each_other() -> None:
    found = find_hot_pixels(recorded(noisy([(9, 9, 300), (9, 10, 300)]), BIG))
    assert {pixel[:2] for pixel in found} == {(9, 9), (9, 10)}


def test_the_edge_of_a_channel_is_not_hot() -> None:
    edge = [(15, x, 500) for x in range(40)]
    assert find_hot_pixels(recorded(noisy(edge), BIG)) == ()


def test_slow_pixels_are_not_hot() -> None:
    recording = recorded(noisy([(5, 5, 60)]), BIG)
    assert find_hot_pixels(recording, least_hz=70) == ()
    assert len(find_hot_pixels(recording, least_hz=50)) == 1


def test_found_hot_pixels_are_what_the_filter_takes_out() -> None:
    recording = recorded(noisy([(5, 5, 400)]), BIG)
    pixels = tuple((p.y, p.x) for p in find_hot_pixels(recording))
    chain = FilterChain(filters=(HotPixels(pixels_yx=pixels),))
    done = chain.apply(recording.read(0, 10**6), BIG)
    assert done.removed == {"hot_pixels": 402}


def test_looking_for_hot_pixels_can_be_watched_and_stopped() -> None:
    token, told = CancelToken(), []

    def stop(part: float, _: str) -> None:
        told.append(part)
        token.cancel()

    with pytest.raises(CancelledError, match="Cancelled"):
        find_hot_pixels(recorded(noisy([(0, 0, 1)]), BIG), token=token, progress=stop)
    assert len(told) == 1
