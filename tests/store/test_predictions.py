"""Predictions are kept with model and time: on SQLite, and on a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from napari_cellsets.store import PredictionKey, Project

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = PredictionKey("set", "3fa2", "a", "cells")


@pytest.fixture
def project(place: str) -> Iterator[Project]:
    with Project.open(place, author="ada") as opened:
        yield opened


def answers(project: Project, key: PredictionKey = KEY) -> list[bytes]:
    return [one.answers for one in project.predictions(key)]


def test_a_prediction_comes_back_with_who_how_and_when(project: Project) -> None:
    project.save_prediction(KEY, b"\x00\xff", {"model": "m.onnx"})
    (found,) = project.predictions(KEY)
    assert found[:3] == (b"\x00\xff", {"model": "m.onnx"}, "ada")
    assert abs(datetime.now(UTC) - found.when) < timedelta(minutes=5)


def test_a_new_run_takes_the_place_of_the_last_one(project: Project) -> None:
    project.save_prediction(KEY, b"1", {})
    project.save_prediction(KEY, b"2", {})
    assert answers(project) == [b"2"]


def test_parts_are_kept_in_order_until_a_whole_run(project: Project) -> None:
    for part in (b"1", b"2"):
        project.save_prediction(KEY, part, {}, anew=False)
    assert answers(project) == [b"1", b"2"]
    project.save_prediction(KEY, b"3", {})
    assert answers(project) == [b"3"]


@pytest.mark.parametrize(
    "other",
    [
        KEY._replace(dataset_id="other"),
        KEY._replace(model_hash="77"),
        KEY._replace(sample="b"),
        KEY._replace(layer="truth"),
    ],
)
def test_each_model_image_and_layer_has_its_own(
    project: Project, other: PredictionKey
) -> None:
    project.save_prediction(KEY, b"1", {})
    assert answers(project, other) == []
    project.save_prediction(other, b"2", {})
    assert answers(project) == [b"1"]
