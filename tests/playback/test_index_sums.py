from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_recordings import made, odd_events, recorded, same

from napari_cellsets.formats.events.base import Tally
from napari_cellsets.playback import index
from napari_cellsets.playback.index import joined, spacing_of

if TYPE_CHECKING:
    from napari_cellsets.core.events import Events


@given(odd_events(), st.integers(1, 50))
def test_sums_of_parts_are_those_of_the_whole(events: Events, cut: int) -> None:
    whole = Tally()
    whole.add(events)
    parts = [Tally()]

    for first in range(0, len(events), cut):
        parts += [Tally(), Tally()]
        parts[-1].add(events.take(slice(first, first + cut)))

    found = joined(np.array([part.values for part in parts]))
    assert found.tolist() == whole.values.tolist()


@pytest.mark.parametrize("units", [0, 1, 10**6, 10**9, 10**10, 10**12])
def test_the_index_stays_small_for_files_of_any_size(units: int) -> None:
    spacing = spacing_of(units)

    assert spacing >= index.SPACING
    assert spacing & (spacing - 1) == 0
    assert units / spacing <= index.MOST_STRETCHES


def test_an_error_half_way_leaves_the_index_as_it_was() -> None:
    recording = recorded(made(900), spacing=4, whole=False)
    source, reached = recording._reader._source, recording.event_count
    good, source._events = source._events, None

    with pytest.raises(AttributeError, match="take"):
        recording.build_index()
    source._events = good
    recording.build_index()

    assert reached == 64
    assert recording.event_count == 900
    assert same(recording.read(0, 10**6), recorded(made(900)).read(0, 10**6))
