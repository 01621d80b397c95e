"""Times of Prophesee's words: overflows, steps back, and what comes before any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from prophesee_words import (
    SENSOR,
    copied,
    rows_of,
    tally_of,
    words_file,
)

from napari_cellsets.core.errors import ExportError, UnreadableFileError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.opening import open_event_file
from napari_cellsets.formats.events.registry import EVENT_FORMATS

if TYPE_CHECKING:
    from napari_cellsets.formats.events.base import Tally

ROUND = 1 << 24


def high(value: int) -> int:
    return 0x8000 | value


def low(value: int) -> int:
    return 0x6000 | value


def line(value: int) -> int:
    return value


def column(value: int, sign: int = 0) -> int:
    return 0x2000 | sign << 11 | value


@pytest.fixture
def times(tmp_path):
    """Times of the events that EVT3 words hold."""

    def found(*words: int) -> list[int]:
        return [
            row[0] for row in rows_of(words_file(tmp_path / "t.raw", "EVT3", words))
        ]

    return found


@pytest.fixture
def sums(tmp_path):
    """Sums over EVT3 words."""

    def found(*words: int) -> Tally:
        return tally_of(open_event_file(words_file(tmp_path / "s.raw", "EVT3", words)))

    return found


def test_a_large_step_back_of_the_upper_time_is_a_round_forward(times):
    assert times(high(4095), line(1), column(1), high(0), column(1)) == [
        ROUND - 4096,
        ROUND,
    ]


def test_a_small_step_back_of_the_upper_time_is_a_step_back(times):
    assert times(high(5), line(1), column(1), high(4), column(1)) == [5 << 12, 4 << 12]


def test_a_small_step_back_over_a_whole_round_is_one(times, sums):
    words = (
        high(4095),
        line(1),
        high(0),
        column(1),
        high(4095),
        column(1),
        high(1),
        column(1),
    )
    assert times(*words) == [ROUND, ROUND - 4096, ROUND + 4096]
    assert (sums(*words).wraps, sums(*words).backward_steps) == (1, 1)


def test_rounds_are_counted(sums):
    words = [high(0), line(1)]
    for _ in range(3):
        words += [high(1500), high(3000), high(10), column(1)]
    found = sums(*words)
    assert found.wraps == 3
    assert found.t_last == 3 * ROUND + (10 << 12)


def test_lower_time_that_goes_back_is_kept_and_counted(times, sums):
    words = (
        high(1),
        low(100),
        line(1),
        column(1),
        low(90),
        column(2),
        low(95),
        column(3),
    )
    assert times(*words) == [4196, 4186, 4191]
    assert sums(*words).backward_steps == 1
    assert sums(*words).largest_step_back == 10


def test_a_lost_word_of_upper_time_shows_as_a_step_back(sums):
    found = sums(high(1), low(4090), line(1), column(1), low(3), column(2))
    assert found.largest_step_back == 4087


def test_a_new_upper_time_sets_the_lower_to_zero(times):
    assert times(high(1), low(100), line(1), high(2), column(1)) == [2 << 12]


def test_the_same_upper_time_again_changes_nothing(times):
    assert times(high(1), low(100), line(1), high(1), column(1)) == [4196]


def test_events_before_any_time_are_left_out_and_told(tmp_path):
    words = [line(3), column(1), column(2), low(7), high(9), column(4)]
    place = words_file(tmp_path / "early.raw", "EVT3", words)
    assert rows_of(place) == [(9 << 12, 4, 3, 0)]
    doubts = open_event_file(place).header.doubts
    assert any(
        doubt.startswith("2 events before its first word of time") for doubt in doubts
    )


def test_a_row_begun_before_any_time_goes_on_after_it(tmp_path):
    words = [line(3), 0x3000 | 64, 0x4001, high(9), 0x4001]
    place = words_file(tmp_path / "early.raw", "EVT3", words)
    assert rows_of(place) == [(9 << 12, 76, 3, 0)]


def test_events_before_any_line_are_left_out_and_told(tmp_path):
    words = [high(9), low(7), column(4), low(8), line(3), column(5)]
    place = words_file(tmp_path / "early.raw", "EVT3", words)
    assert rows_of(place) == [(9 * 4096 + 8, 5, 3, 0)]
    assert "1 events" in open_event_file(place).header.doubts[0]


@pytest.mark.parametrize("encoding", ["EVT2", "EVT2.1"])
def test_words_without_upper_time_before_are_left_out_and_told(tmp_path, encoding):
    turn = 32 if encoding == "EVT2.1" else 0
    event = (3 << 22 | 32 << 11 | 5) << turn | (1 if turn else 0)
    words = [event, 0x80000002 << turn, event]
    place = words_file(tmp_path / "early.raw", encoding, words)
    assert rows_of(place) == [(131, 32, 5, 0)]
    assert "1 events" in open_event_file(place).header.doubts[-1]


@pytest.mark.parametrize("encoding", ["EVT2", "EVT2.1", "EVT3"])
def test_words_without_any_time_are_refused(tmp_path, encoding):
    place = words_file(tmp_path / "never.raw", encoding, [5, 0x20])
    with pytest.raises(
        UnreadableFileError, match="none of its first 2 words tells a time"
    ):
        open_event_file(place)


def test_rows_of_pixels_follow_on_each_other(tmp_path):
    words = [
        high(0),
        low(1),
        line(2),
        0x3000 | 1 << 11 | 64,
        0x4801,
        0x4002,
        0x5080,
        0x5001,
    ]
    assert rows_of(words_file(tmp_path / "v.raw", "EVT3", words)) == [
        (1, 64, 2, 1),
        (1, 75, 2, 1),
        (1, 77, 2, 1),
        (1, 95, 2, 1),
        (1, 96, 2, 1),
    ]


def test_triggers_padding_and_monitoring_are_no_events(tmp_path):
    words = [
        high(0),
        line(1),
        0xA001,
        0x9999,
        0xE123,
        0x7001,
        0xF00F,
        column(3),
        0xB000,
        0x9998,
    ]
    source = open_event_file(words_file(tmp_path / "o.raw", "EVT3", words))
    found = tally_of(source)
    assert (found.events, found.triggers, found.unknown) == (1, 1, 2)


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("EVT2", [0x80000001, 0xA0000001]),
        ("EVT2.1", [8 << 60 | 1 << 32, 0xA << 60]),
        ("EVT3", [0x8001, 0xA001]),
    ],
)
def test_a_file_of_triggers_alone_holds_no_events(tmp_path, encoding, words):
    source = open_event_file(words_file(tmp_path / "t.raw", encoding, words))
    assert (tally_of(source).events, tally_of(source).triggers) == (0, 1)


def test_places_beyond_the_declared_size_are_seen_in_the_sums(tmp_path):
    words = [high(0), line(1500), column(2000)]
    source = open_event_file(words_file(tmp_path / "w.raw", "EVT3", words))
    assert source.header.geometry == Geometry(1280, 720)
    assert (tally_of(source).x_max, tally_of(source).y_max) == (2000, 1500)


@pytest.mark.parametrize("encoding", ["EVT2", "EVT2.1"])
def test_time_of_34_bits_goes_round(tmp_path, encoding):
    turn = 32 if encoding == "EVT2.1" else 0
    event = 7 << turn | (1 if turn else 0)
    words = [0x8FFFFFFF << turn, event, 0x80000000 << turn, event]
    source = open_event_file(words_file(tmp_path / "r.raw", encoding, words))
    found = tally_of(source)
    assert (found.t_first, found.t_last, found.wraps) == ((1 << 34) - 64, 1 << 34, 1)


def test_time_of_dat_goes_round(tmp_path):
    words = [0xFFFFFFF0, 5, 0xFFFFFFF8, 6]
    place = words_file(tmp_path / "r.dat", "DAT", words)
    assert [row[0] for row in rows_of(place)] == [
        0xFFFFFFF0,
        (1 << 32) + 5,
        0xFFFFFFF8,
        (1 << 32) + 6,
    ]
    assert tally_of(open_event_file(place)).wraps == 1


def test_dat_of_before_version_2_packs_places_closer(tmp_path):
    place = tmp_path / "old.dat"
    record = 1000 | (300 | 200 << 9 | 1 << 17) << 32
    header = b"% Data file\n% Version 1\n" + bytes([0, 8])
    place.write_bytes(header + np.array([record], "<u8").tobytes())
    assert rows_of(place) == [(1000, 300, 200, 1)]
    assert open_event_file(place).header.format == "DAT 2d"


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (bytes([14, 8]), "it holds triggers"),
        (bytes([5, 8]), "events of type 5"),
        (bytes([12, 16]), "in records of 16 bytes"),
    ],
)
def test_dat_of_other_events_is_refused(tmp_path, head, said):
    place = tmp_path / "other.dat"
    place.write_bytes(b"% Data file\n" + head + bytes(16))
    with pytest.raises(UnreadableFileError, match=said):
        open_event_file(place)


def test_dat_cut_before_its_type_is_refused(tmp_path):
    place = tmp_path / "cut.dat"
    place.write_bytes(b"% Data file containing CD events.\n% Version 2\n" + bytes([12]))
    with pytest.raises(UnreadableFileError, match="it ends where the type"):
        open_event_file(place)


def test_dat_of_noise_is_refused(tmp_path):
    place = tmp_path / "noise.dat"
    noise = np.random.default_rng(1).bytes(80_000)
    place.write_bytes(b"% Data file\n" + bytes([12, 8]) + noise)
    with pytest.raises(
        UnreadableFileError, match="of its first records look like events"
    ):
        open_event_file(place)


@pytest.mark.parametrize("key", ["evt2", "evt21", "evt3", "dat"])
def test_places_outside_the_geometry_are_not_written(tmp_path, key):
    events = Events.of([0], [1280], [0], [0])
    with pytest.raises(ExportError, match="lies outside the geometry"):
        EVENT_FORMATS[key].write(tmp_path / "a.raw", [events], SENSOR)
    assert not (tmp_path / "a.raw").exists()


@pytest.mark.parametrize("key", ["evt2", "evt21", "evt3", "dat"])
def test_times_before_zero_are_not_written(tmp_path, key):
    with pytest.raises(ExportError, match="holds no times before zero"):
        EVENT_FORMATS[key].write(
            tmp_path / "a.raw", [Events.of([-1], [0], [0], [0])], SENSOR
        )


@pytest.mark.parametrize("key", ["evt2", "evt21", "evt3"])
def test_sensors_too_large_for_the_words_are_refused(tmp_path, key):
    with pytest.raises(ExportError, match="holds sensors of 1 to 2,048 pixels"):
        EVENT_FORMATS[key].write(tmp_path / "a.raw", [], Geometry(4096, 10))


def test_pauses_too_long_for_words_are_refused(tmp_path):
    events = Events.of([0, 1 << 62], [0, 0], [0, 0], [0, 0])
    with pytest.raises(ExportError, match="the recording pauses for"):
        EVENT_FORMATS["evt3"].write(tmp_path / "a.raw", [events], SENSOR)


@pytest.mark.parametrize("t", [[0, 1 << 31], [1 << 32]])
def test_pauses_too_long_for_dat_are_refused(tmp_path, t):
    events = Events.of(t, [0] * len(t), [0] * len(t), [0] * len(t))
    with pytest.raises(ExportError, match="DAT tells times of 32 bits"):
        EVENT_FORMATS["dat"].write(tmp_path / "a.dat", [events], SENSOR)


@pytest.mark.parametrize("key", ["evt2", "evt21", "evt3", "dat"])
def test_no_events_are_written_too(tmp_path, key):
    place = tmp_path / f"none{'.dat' if key == 'dat' else '.raw'}"
    assert EVENT_FORMATS[key].write(place, [Events.empty()], SENSOR) == 0
    assert rows_of(place) == []


def test_a_file_that_became_shorter_is_told(tmp_path):
    place = words_file(
        tmp_path / "shrinks.raw", "EVT3", [high(0), line(1)] + [column(3)] * 400_000
    )
    source = open_event_file(place)
    place.write_bytes(place.read_bytes()[:300_000])
    out, state = copied(Events.empty(1 << 19)), source.start()
    with pytest.raises(UnreadableFileError, match="became shorter"):
        source.decode(200_000, source.units, state, out)


def test_units_beyond_the_file_are_refused(tmp_path):
    source = open_event_file(words_file(tmp_path / "a.raw", "EVT3", [high(0), line(1)]))
    with pytest.raises(UnreadableFileError, match="units 1 to 9 of 2"):
        source.decode(0, 9, source.start(), Events.empty(99))


def test_a_file_may_be_renamed_while_it_is_open_and_is_missed_then(tmp_path):
    place = words_file(tmp_path / "a.raw", "EVT3", [high(0), line(1), column(1)])
    source = open_event_file(place)
    place.rename(tmp_path / "b.raw")
    from napari_cellsets.formats.events import words

    words._held.of = None
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        source.decode(0, 3, source.start(), Events.empty(99))


@pytest.mark.parametrize(
    ("key", "first"), [("evt2", 1 << 62), ("evt3", 1_600_000_000_000_000)]
)
def test_times_that_begin_too_late_are_refused_in_plain_words(tmp_path, key, first):
    events = Events.of([0, 5], [1, 2], [3, 4], [0, 1])
    with pytest.raises(ExportError, match="begin too late for EVT") as refused:
        EVENT_FORMATS[key].write(
            tmp_path / "a.raw", [events], Geometry(9, 9), start_us=first
        )
    assert "Cut it" in str(refused.value)
    assert not list(tmp_path.iterdir())
