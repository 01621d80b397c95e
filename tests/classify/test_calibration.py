from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.classify import calibrate, wilson
from napari_cellsets.core.errors import CellsetsError

ANSWERS = st.lists(
    st.tuples(st.sampled_from([0.3, 0.5, 0.7, 0.9, 0.95, 0.99, 1.0]), st.booleans()),
    min_size=1,
    max_size=60,
)


@given(ANSWERS, st.integers(1, 8))
def test_bins_hold_all_answers_and_part_no_equal_ones(
    answers: list[tuple[float, bool]], bins: int
) -> None:
    sure, right = (np.array(column) for column in zip(*answers, strict=True))
    told = calibrate(sure, right, bins)
    assert told.count.sum() == len(answers)
    assert len(told) <= bins
    total = 0.0
    for i in range(len(told)):
        last = i == len(told) - 1
        inside = (sure >= told.edges[i]) & (last | (sure < told.edges[i + 1]))
        assert inside.sum() == told.count[i] > 0
        assert sure[inside].mean() == pytest.approx(told.confidence[i])
        assert right[inside].mean() == pytest.approx(told.accuracy[i])
        total += inside.sum() * abs(right[inside].mean() - sure[inside].mean())
    assert told.ece == pytest.approx(total / len(answers))


def test_bins_of_different_answers_hold_equally_many() -> None:
    told = calibrate(np.linspace(0.2, 0.9, 100), np.ones(100, bool), 4)
    assert told.count.tolist() == [25, 25, 25, 25]


def test_a_classifier_that_is_as_good_as_it_says_has_no_error() -> None:
    right = np.array([True] * 8 + [False] * 2)
    assert calibrate(np.full(10, 0.8), right).ece == pytest.approx(0)


def test_one_that_is_always_sure_and_half_right_is_off_by_half() -> None:
    told = calibrate(np.ones(10), np.arange(10) % 2 == 0)
    assert told.ece == pytest.approx(0.5)
    assert told.interval(0) == wilson(5, 10)


def test_no_answers_make_no_bins() -> None:
    told = calibrate(np.zeros(0), np.zeros(0, bool))
    assert (len(told), told.ece) == (0, None)


def test_rows_of_different_length_are_refused() -> None:
    with pytest.raises(CellsetsError, match="two rows of equal length and one bin"):
        calibrate(np.zeros(3), np.zeros(2, bool))


@given(st.integers(0, 300), st.integers(0, 300))
def test_an_interval_holds_its_share_and_stays_within_bounds(a: int, b: int) -> None:
    hits, number = min(a, b), max(a, b, 1)
    low, high = wilson(hits, number)
    assert 0 <= low <= hits / number <= high <= 1
    assert low < high


@given(st.integers(1, 60), st.integers(1, 60))
def test_the_ends_solve_the_equation_of_wilson(a: int, b: int) -> None:
    hits, number = min(a, b), max(a, b) + 1
    share = hits / number
    for end in wilson(hits, number):
        spread = 1.959964**2 * end * (1 - end) / number
        assert (share - end) ** 2 == pytest.approx(spread, rel=1e-4)


def test_nothing_tells_nothing() -> None:
    assert wilson(0, 0) == (0, 1)
