"""Sentences about a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_cellsets.training.model import Material, TrainModel
from napari_cellsets.training.request import TrainingPoint, TrainingResult
from napari_cellsets.training.words import (
    clock_words,
    counted,
    curve_title,
    is_better,
    left_words,
    outcome_words,
    plan_words,
)


def result(after, before=None):
    report = {"metrics": {"after": after, **({"before": before} if before else {})}}
    return TrainingResult(Path("a.onnx"), Path("a.md"), after, False, report)


def point(step, steps, seconds, score=None, best=None):
    return TrainingPoint(step, steps, seconds, 0.5, "F1 of windows", score, best)


def test_fields_are_told_before_and_after():
    found = result(
        {"images": 2, "f1": 0.91, "count_mae": 1.25},
        {"images": 2, "f1": 0.5, "count_mae": None},
    )
    assert outcome_words(found) == (
        "On 2 held-out pictures: F1 0.50 before, 0.91 now; counts off by 1.2."
    )
    assert is_better(found) is True


def test_cells_are_told_by_how_many_are_right():
    found = result(
        {"cells": 1200, "accuracy": 0.985, "worst recall": 0.97},
        {"cells": 1200, "accuracy": 0.99, "worst recall": 0.98},
    )
    assert outcome_words(found) == (
        "On 1,200 held-out cells: right 99.0 % before, 98.5 % now; worst class"
        " 98.0 % before, 97.0 % now."
    )
    assert is_better(found) is False


def test_figures_that_are_missing_are_not_made_up():
    found = result({"images": 1, "f1": None, "count_mae": None})
    assert outcome_words(found) == ("On 1 held-out picture: nothing could be measured.")
    assert is_better(found) is None
    assert "Nothing was held out" in outcome_words(result({}))


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0:00"), (65, "1:05"), (3723.4, "1:02:03")]
)
def test_times_are_told_as_clocks_do(seconds, words):
    assert clock_words(seconds) == words


def test_time_left_follows_the_clock_between_points():
    assert left_words(point(5, None, 60.0), 10.0, 30.0) == "8:30 left"
    assert left_words(point(5, None, 660.0), 10.0, 0.0) == "0:00 left"


def test_steps_end_a_run_before_its_minutes():
    assert left_words(point(5, 10, 50.0), 10.0, 5.0) == "0:45 left"
    assert left_words(point(5, 10, 50.0), None, 0.0) == "0:50 left"


def test_time_left_is_not_guessed():
    assert left_words(None, 10.0, 3.0) == ""
    assert left_words(point(0, 10, 0.0), None, 3.0) == ""


def test_a_score_says_its_best():
    assert curve_title(point(3, 9, 1.0, 0.5, 0.625)) == "F1 of windows, best 0.625"
    assert curve_title(point(3, 9, 1.0, 0.5)) == "F1 of windows"


@pytest.mark.parametrize(("number", "words"), [(1, "1 cell"), (17092, "17,092 cells")])
def test_numbers_take_their_plural(number, words):
    assert counted(number, "cell") == words


def test_a_plan_says_what_is_learnt_and_from_where():
    material = Material(path=Path("a"), title="My discs", truth=4, corrected=2)
    model = TrainModel(material=material, labels="corrected", minutes=3)
    assert plan_words(model) == (
        "A segmenter learns from corrected cells of 2 pictures of My discs, for"
        " 3 min, beginning with the shipped model."
    )
    model.start = Path("models/mine.onnx")
    assert plan_words(model).endswith("beginning with mine.")
