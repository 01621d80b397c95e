"""What our writers write our readers read, whole or in stretches, both ways."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prophesee_words import (
    ALL,
    RAW,
    SENSOR,
    SIZES,
    SLOW,
    all_of,
    recording,
    recordings,
    rows,
    tally_of,
    words_file,
)

from napari_cellsets.core.events import Events
from napari_cellsets.formats.events import evt21_write
from napari_cellsets.formats.events.base import Tally
from napari_cellsets.formats.events.opening import open_event_file
from napari_cellsets.formats.events.raw_source import RawSource

if TYPE_CHECKING:
    from collections.abc import Iterator

MANY = settings(max_examples=25, deadline=None)
BOTH_WAYS = pytest.mark.parametrize("compiled", [True, False], ids=["loops", "numpy"])


@contextmanager
def way(compiled: bool) -> Iterator[None]:
    """Decode by compiled loops or by numpy, whichever would be taken otherwise."""

    def chosen(cls: type[RawSource]) -> SimpleNamespace:
        kind = "loops" if compiled else "plain"
        name = f"napari_cellsets.formats.events.{cls.loops}_{kind}"
        return SimpleNamespace(now=lambda: import_module(name))

    with patch.object(RawSource, "_loops", classmethod(chosen)):
        yield


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def opened(folder: Path, key: str, events: Events, cut: int | None = None) -> RawSource:
    return open_event_file(recording(folder, key, events, cut))


@BOTH_WAYS
@pytest.mark.parametrize("key", ALL)
@MANY
@given(events=recordings(), cut=st.integers(0, 60))
def test_what_is_written_is_read_again(folder, key, compiled, events, cut):
    with way(compiled):
        assert rows(all_of(opened(folder, key, events, cut))) == rows(events)


@BOTH_WAYS
@pytest.mark.parametrize("key", ALL)
@MANY
@given(events=recordings(backward=100_000))
def test_backward_steps_are_kept(folder, key, compiled, events):
    with way(compiled):
        assert rows(all_of(opened(folder, key, events))) == rows(events)


@BOTH_WAYS
@pytest.mark.parametrize("key", RAW)
@MANY
@given(events=recordings(longest=1 << 36))
def test_pauses_of_hours_are_kept(folder, key, compiled, events):
    with way(compiled):
        assert rows(all_of(opened(folder, key, events))) == rows(events)


@pytest.mark.parametrize("key", ALL)
def test_a_time_at_the_beginning_is_added_to_all(folder, key):
    events = Events.of([5, 7], [1, 2], [3, 4], [0, 1])
    place = folder / f"later{'.dat' if key == 'dat' else '.raw'}"
    from napari_cellsets.formats.events.registry import EVENT_FORMATS

    written = EVENT_FORMATS[key].write(place, [events], SENSOR, start_us=40_000_000)
    assert written == 2
    assert all_of(open_event_file(place)).t.tolist() == [40_000_005, 40_000_007]


@MANY
@given(events=recordings(backward=1000))
def test_words_in_legacy_order_are_read_too(folder, events):
    place = folder / "legacy.raw"
    evt21_write.write_evt21(place, [events], SENSOR, legacy=True)
    assert rows(all_of(open_event_file(place))) == rows(events)


@BOTH_WAYS
@pytest.mark.parametrize("key", ALL)
@MANY
@given(events=recordings(backward=1000), data=st.data())
def test_decoding_goes_on_from_any_kept_state(folder, key, compiled, events, data):
    source = opened(folder, key, events)
    cuts = sorted(data.draw(st.lists(st.integers(0, source.units), max_size=5)))
    state, parts, sums = source.start(), [], Tally()
    with way(compiled):
        for first, stop in zip([0, *cuts], [*cuts, source.units], strict=True):
            source.tally(first, stop, state.copy(), sums)
            while first < stop:
                out = Events.empty(source.most_per_unit + data.draw(st.integers(0, 9)))
                first, written = source.decode(first, stop, state, out)
                parts.append(out.take(slice(written)))
    assert rows(Events.joined(parts)) == rows(events)
    assert sums.values.tolist() == tally_of(source).values.tolist()


@BOTH_WAYS
@pytest.mark.parametrize("key", ALL)
@MANY
@given(events=recordings(backward=1000))
def test_sums_are_those_of_the_decoded_events(folder, key, compiled, events):
    expected = Tally()
    expected.add(events)
    with way(compiled):
        found = tally_of(opened(folder, key, events))
    wraps = found.wraps
    found.values[Tally.WRAPS] = 0
    assert found.values.tolist() == expected.values.tolist()
    assert wraps >= 0


@BOTH_WAYS
@pytest.mark.parametrize("encoding", SLOW)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_words_are_read_as_one_by_one(folder, encoding, compiled, data):
    words = data.draw(any_words(encoding))
    expected = list(SLOW[encoding](words))
    source = open_event_file(words_file(folder / place_of(encoding), encoding, words))
    if source.header.format.split()[0] != encoding:
        return  # the words fit another format alone, and that was said
    with way(compiled):
        assert rows(all_of(source)) == expected
        sums = tally_of(source)
    assert sums.events == len(expected)
    with way(not compiled):
        assert tally_of(source).values.tolist() == sums.values.tolist()


def place_of(encoding: str) -> str:
    return "any.dat" if encoding == "DAT" else "any.raw"


def any_words(encoding: str) -> st.SearchStrategy[list[int]]:
    """Words of every kind, after what every file begins with."""
    bits = np.dtype(SIZES[encoding]).itemsize * 8
    if encoding == "DAT":
        place = st.integers(0, (1 << 29) - 1)
        record = st.builds(
            lambda t, at: t | at << 32, st.integers(0, (1 << 32) - 1), place
        )
        return st.lists(record, min_size=1, max_size=40)
    first = {
        "EVT2": [0x80000001],
        "EVT2.1": [8 << 60 | 1 << 32],
        "EVT3": [0x8001, 0x0005, 0x3010],
    }
    kinds = (
        (0, 2, 3, 4, 5, 6, 7, 8, 10, 14)
        if encoding == "EVT3"
        else (0, 1, 8, 10, 14, 15)
    )
    word = st.builds(
        lambda kind, rest: kind << (bits - 4) | rest,
        st.sampled_from(kinds),
        st.integers(0, (1 << (bits - 4)) - 1),
    )
    return st.lists(word, max_size=60).map(lambda words: first[encoding] + words)
