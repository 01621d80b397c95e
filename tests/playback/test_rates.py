from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_recordings import made, moments, odd_events, recorded

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, CellsetsError
from napari_cellsets.playback.rates import edges_between

if TYPE_CHECKING:
    from napari_cellsets.core.events import Events


@given(st.data(), odd_events(), st.integers(1, 30), st.sampled_from((1, 5, 64)))
def test_each_event_is_counted_in_its_own_span(
    data: st.DataObject, events: Events, bins: int, spacing: int
) -> None:
    recording = recorded(events, spacing=spacing)
    start, stop = sorted((data.draw(moments(events)), data.draw(moments(events))))

    curve = recording.rate(start, stop + 1, bins)

    t = events.t - events.t[0]
    for edge, end, on, off in zip(
        curve.edges_us[:-1], curve.edges_us[1:], curve.on, curve.off, strict=True
    ):
        inside = (t >= edge) & (t < end)
        assert on == np.count_nonzero(inside & (events.p == 1))
        assert off == np.count_nonzero(inside & (events.p == 0))


@given(odd_events(), st.integers(1, 30))
def test_a_curve_at_once_has_all_events_though_not_each_in_its_span(
    events: Events, bins: int
) -> None:
    recording = recorded(events, spacing=8)
    span = recording.start_us, recording.duration_us + 1

    curve = recording.rate(*span, bins, exact=False)

    assert curve.on.sum() == recording.on_count
    assert curve.off.sum() == recording.off_count
    assert not curve.exact


@given(st.integers(-(2**61), 2**61), st.integers(1, 2**61), st.integers(1, 500))
def test_edges_divide_the_range_into_spans_of_almost_the_same_length(
    start: int, length: int, bins: int
) -> None:
    edges = edges_between(start, start + length, bins)
    spans = np.diff(edges)

    assert (edges[0], edges[-1]) == (start, start + length)
    assert len(spans) == min(bins, length)
    assert spans.min() >= 1
    assert spans.max() - spans.min() <= 1


@pytest.mark.parametrize(("start", "stop", "bins"), [(5, 5, 3), (6, 5, 3), (0, 9, 0)])
def test_a_range_without_length_or_bins_is_refused(
    start: int, stop: int, bins: int
) -> None:
    with pytest.raises(CellsetsError, match="a rate needs a range and bins"):
        recorded(made(10)).rate(start, stop, bins)


def test_a_curve_can_be_stopped() -> None:
    token = CancelToken()
    token.cancel()

    with pytest.raises(CancelledError, match="Cancelled"):
        recorded(made(200)).rate(0, 500, 20, token)


def test_the_rate_a_second_takes_the_length_of_the_spans_into_account() -> None:
    curve = recorded(made(1000, mean_us=5)).rate(0, 5000, 4)

    assert curve.per_second == pytest.approx((curve.on + curve.off) / 1250e-6)
