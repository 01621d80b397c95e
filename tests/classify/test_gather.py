from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_cellsets.classify.gather import Gathered
from napari_cellsets.classify.model import ClassifyModel
from napari_cellsets.inference.classifier import ClassifierInfo
from napari_cellsets.inference.scoring import Scores

INFO = ClassifierInfo(
    path=Path("none.onnx"),
    input="cells",
    output="logits",
    distance_output="far",
    distance_limit=1.0,
    classes=("a", "b"),
)


def scores(*rows: tuple[float, float]) -> Scores:
    shares = np.array([[1 - b, b] for b, _ in rows], np.float32)
    return Scores(shares, np.array([far for _, far in rows], np.float32))


def gathered() -> Gathered:
    room = Gathered(["one", "two", "three", "four"], INFO)
    room.put([2, 0], scores((0.9, 0.1), (0.2, 0.1)))
    room.put([3], scores((0.6, 5.0)))
    return room


def test_answers_are_kept_in_the_order_of_the_set() -> None:
    room = gathered()
    assert room.done.tolist() == [0, 2, 3]
    assert room.waiting.tolist() == [1]
    table = room.table()
    assert table.names == ("one", "three", "four")
    assert [table.answer(i) for i in range(3)] == ["a", "b", table.unknown]


def test_a_later_answer_takes_the_place_of_an_earlier_one() -> None:
    room = gathered()
    room.put(np.array([0]), scores((0.9, 0.1)))
    assert room.table().answer(0) == "b"


def test_a_whole_row_and_a_whole_column_can_be_shown() -> None:
    model = ClassifyModel()
    model.take(gathered().table(), ["a", "a", "b"])
    model.field = ("a", None)
    assert sorted(model.shown().tolist()) == [0, 1]
    model.field = (None, "b")
    assert model.shown().tolist() == [1]


def test_cells_of_a_span_of_confidence_hold_both_its_ends() -> None:
    model = ClassifyModel()
    table = gathered().table()
    model.take(table)
    model.between = (float(table.confidence[2]), float(table.confidence[0]))
    assert sorted(model.shown().tolist()) == [0, 2]
    model.between = (float(table.confidence[2]), float(np.nextafter(0.8, 0)))
    assert model.shown().tolist() == [2]
