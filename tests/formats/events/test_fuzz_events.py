"""Any bytes under the name of any format: decoded within bounds, or refused."""

from __future__ import annotations

import hashlib
import io
import random
import sys
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sound_event_files import REAL, SEEDS

from damage import damaged
from napari_cellsets.core import late_loops
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.core.events import Events
from napari_cellsets.formats.events.base import Tally, pieces
from napari_cellsets.formats.events.opening import find_format, open_events
from napari_cellsets.formats.events.registry import EVENT_FORMATS
from napari_cellsets.formats.files import FileTree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.formats.events.base import EventSource

ROUNDS = 60
MOST_BYTES = 96 << 20
GUARD = 64
ROOM = 5_000
MARK = 0x55
KEYS = tuple(EVENT_FORMATS)
EVENTS = "napari_cellsets.formats.events."


class Held(FileTree):
    """One file in memory."""

    def __init__(self, name: str, content: bytes) -> None:
        # what was decoded once is known again by its place
        self.root = Path("/nowhere") / hashlib.sha256(content).hexdigest()
        self.problems = []
        self._name, self._content = name, content

    def names(self) -> Sequence[str]:
        return [self._name]

    def read(self, name: str) -> bytes:
        return self._content

    def size(self, name: str) -> int:
        return len(self._content)

    def local_path(self, name: str) -> Path | None:
        return None


def guarded(count: int) -> tuple[Events, list[np.ndarray]]:
    """Columns to decode into, with marked room around each."""
    whole = [
        np.full((count + 2 * GUARD) * np.dtype(kind).itemsize, MARK, np.uint8)
        for kind in ("i8", "u2", "u2", "u1")
    ]
    columns = [
        each.view(kind)[GUARD:-GUARD]
        for each, kind in zip(whole, ("i8", "u2", "u2", "u1"), strict=True)
    ]
    return Events(*columns), whole


def untouched(whole: list[np.ndarray]) -> bool:
    """Whether nothing was written around the columns."""
    for each, size in zip(whole, (8, 2, 2, 1), strict=True):
        edge = GUARD * size
        if (each[:edge] != MARK).any() or (each[-edge:] != MARK).any():
            return False
    return True


def decode_all(source: EventSource) -> int:
    """Decode from end to end and check all that is promised; how many events."""
    out, whole = guarded(max(ROOM, source.most_per_unit))
    state, unit, total = source.start(), 0, 0
    while unit < source.units:
        after, written = source.decode(unit, source.units, state, out)
        assert untouched(whole)
        assert 0 <= written <= len(out)
        assert unit < after <= source.units
        assert written <= (after - unit) * source.most_per_unit
        assert not written or out.p[:written].max() <= 1
        unit, total = after, total + written
    sums = Tally()
    source.tally(0, source.units, source.start(), sums)
    assert sums.events == total
    return total


def decoded_or_refused(key: str, content: bytes) -> int | None:
    """Open bytes as a format and decode them; None where they are refused."""
    known = EVENT_FORMATS[key]
    name = f"a{known.endings[0]}"
    tree = Held(name, content)
    tracemalloc.start()
    try:
        known.sniff(name, content[:4096], len(content))
        return decode_all(known.open(tree, name))
    except CellsetsError:
        return None
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        # the library of bags asks for what a damaged length says, and never fills it
        assert key == "rosbag" or peak < MOST_BYTES + 40 * len(content)


@pytest.fixture
def content(key: str, request: pytest.FixtureRequest) -> bytes:
    """A sound file of a format."""
    if key in SEEDS:
        return SEEDS[key]()
    return (request.getfixturevalue("real_samples") / REAL[key]).read_bytes()


def test_every_format_has_a_sound_file_to_damage():
    assert {*SEEDS, *REAL} == set(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_sound_file_is_known_by_its_content_and_decoded(key, content):
    name = f"a{EVENT_FORMATS[key].endings[0]}"
    tree = Held(name, content)
    found = find_format(tree, name)
    assert found is not None
    assert found.key == key
    assert decode_all(open_events(tree, name)) > 0


@pytest.mark.parametrize("key", KEYS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=st.binary(max_size=3_000))
def test_any_bytes_are_decoded_within_bounds_or_refused(key, content):
    decoded_or_refused(key, content)


@pytest.mark.parametrize("key", list(SEEDS))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(noise=st.binary(max_size=2_000), share=st.floats(0, 1))
def test_any_bytes_behind_a_sound_beginning_are_decoded_or_refused(key, noise, share):
    content = SEEDS[key]()
    kept = min(len(content), max(64, round(share * 1_200)))
    decoded_or_refused(key, content[:kept] + noise)


@pytest.mark.parametrize("key", KEYS)
def test_damaged_files_are_decoded_within_bounds_or_refused(key, content):
    outcomes = [
        decoded_or_refused(key, damaged("a.bin", content, (key, seed)))
        for seed in range(ROUNDS)
    ]
    assert len(outcomes) == ROUNDS


@pytest.mark.parametrize("key", KEYS)
def test_every_cut_of_a_file_is_decoded_within_bounds_or_refused(key, content):
    dice = random.Random(key)
    whole = decoded_or_refused(key, content)
    assert whole is not None
    for _ in range(ROUNDS):
        count = decoded_or_refused(key, content[: dice.randrange(len(content))])
        assert count is None or count <= whole


@pytest.mark.parametrize("key", KEYS)
def test_other_kinds_of_files_are_decoded_within_bounds_or_refused(key):
    held = io.BytesIO()
    np.save(held, np.zeros((30, 40), np.uint8))
    for other in (
        b"",
        b"\0",
        b"\xff" * 999,
        held.getvalue(),
        *(make() for make in SEEDS.values()),
    ):
        decoded_or_refused(key, other)


def all_events(key: str, content: bytes) -> Events | None:
    """All events of bytes as a format; None where they are refused."""
    name = f"a{EVENT_FORMATS[key].endings[0]}"
    try:
        source = EVENT_FORMATS[key].open(Held(name, content), name)
        return Events.joined(
            [part.take(np.arange(len(part))) for part in pieces(source)]
        )
    except CellsetsError:
        return None


@pytest.mark.parametrize("key", KEYS)
def test_damaged_files_read_alike_without_compiled_loops(key, content, monkeypatch):
    files = [content, *(damaged("a.bin", content, (key, -n)) for n in range(1, 30))]
    all_events(key, content)
    late_loops.wait_for_loops()
    compiled = [all_events(key, file) for file in files]
    monkeypatch.setattr(late_loops, "can_compile", lambda: False)
    for module in [m for n, m in sys.modules.items() if n.startswith(EVENTS)]:
        if hasattr(module, "can_compile"):
            monkeypatch.setattr(module, "can_compile", lambda: False)
    assert compiled[0] is not None
    for file, wanted in zip(files, compiled, strict=True):
        found = all_events(key, file)
        assert (found is None) == (wanted is None)
        if found is not None and wanted is not None:
            for column in "txyp":
                np.testing.assert_array_equal(
                    getattr(found, column), getattr(wanted, column), err_msg=column
                )
