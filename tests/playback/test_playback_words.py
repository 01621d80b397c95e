from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.playback.words import (
    clock_words,
    count_words,
    read_count,
    read_speed,
    read_time,
    speed_words,
    time_words,
)


@pytest.mark.parametrize(
    ("us", "words"),
    [
        (0, "0 µs"),
        (250, "250 µs"),
        (12_500, "12.5 ms"),
        (3_000_000, "3 s"),
        (1_000_001, "1.000001 s"),
    ],
)
def test_times_are_written_in_the_unit_that_suits(us: int, words: str) -> None:
    assert time_words(us) == words


@given(st.integers(0, 10**10))
def test_times_read_back_as_written(us: int) -> None:
    assert round(read_time(time_words(us))) == us


@given(st.integers(0, 10**10), st.integers(0, 10**10))
def test_moments_read_back_as_written(us: int, span_us: int) -> None:
    assert round(read_time(clock_words(us, span_us))) == us


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("250us", 250),
        ("250 μs", 250),
        (" 12,5 ms ", 12_500),
        (".5s", 500_000),
        ("3 sec", 3_000_000),
        ("2 min", 120_000_000),
        ("1 h", 3_600_000_000),
        ("1:02.5", 62_500_000),
        ("1:00:01", 3_601_000_000),
        ("7", 7_000),
    ],
)
def test_times_are_understood_as_people_write_them(text: str, us: int) -> None:
    assert read_time(text) == pytest.approx(us)


@pytest.mark.parametrize("text", ["", "soon", "3 m", "-1 s", "1.2.3 s", "1e3 s"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(CellsetsError, match="is no time"):
        read_time(text)


@pytest.mark.parametrize(
    ("speed", "words"),
    [(1e-4, "1:10,000"), (0.002, "1:500"), (0.4, "1:2.5"), (1.0, "1×"), (10, "10×")],
)
def test_speeds_are_slow_motion_or_times(speed: float, words: str) -> None:
    assert speed_words(speed) == words


@pytest.mark.parametrize(
    ("text", "speed"),
    [("1:10,000", 1e-4), ("1/20", 0.05), ("2x", 2), ("×2", 2), ("0.25", 0.25)],
)
def test_speeds_are_understood_as_people_write_them(text: str, speed: float) -> None:
    assert read_speed(text) == pytest.approx(speed)


@given(st.floats(1e-4, 10))
def test_speeds_read_back_within_a_hundredth(speed: float) -> None:
    assert read_speed(speed_words(speed)) == pytest.approx(speed, rel=0.01)


@pytest.mark.parametrize("text", ["", "fast", "1:0", "0", "2:1", "-1"])
def test_what_is_no_speed_is_refused(text: str) -> None:
    with pytest.raises(CellsetsError, match="is no speed"):
        read_speed(text)


@given(st.integers(0, 10**9))
def test_numbers_of_events_read_back_as_written(count: int) -> None:
    assert read_count(count_words(count)) == count


@pytest.mark.parametrize(
    ("text", "count"), [("20k", 20_000), ("1.5 M", 1_500_000), ("300 events", 300)]
)
def test_numbers_of_events_may_be_short(text: str, count: int) -> None:
    assert read_count(text) == count


@pytest.mark.parametrize("text", ["", "many", "-3", "2 G"])
def test_what_is_no_number_of_events_is_refused(text: str) -> None:
    with pytest.raises(CellsetsError, match="is no number of events"):
        read_count(text)
