from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.classify import ClassTable
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.inference import Scores, read_classifier_info
from tiny_classifiers import gem_classifier

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import MakeTable

SURE, TORN = (0.1, 0.8, 0.1), (0.4, 0.35, 0.25)


def test_the_likeliest_class_is_the_answer(make_table: MakeTable) -> None:
    table = make_table(SURE, TORN)
    assert table.predicted.tolist() == [1, 0]
    assert table.confidence == pytest.approx([0.8, 0.4])
    assert [table.answer(i) for i in range(2)] == ["lymphocyte", "ig"]
    assert [table.shown(i) for i in range(2)] == ["lymphocyte", "immature granulocyte"]


def test_top_lists_the_best_classes_first(make_table: MakeTable) -> None:
    table = make_table(TORN)
    assert [name for name, _ in table.top(0)] == ["ig", "lymphocyte", "monocyte"]
    assert table.top(0, 1) == [("ig", pytest.approx(0.4))]


def test_cells_beyond_the_limit_are_not_known(make_table: MakeTable) -> None:
    far = np.array([1.0, 2.0, 3.0, np.nan], np.float32)
    table = make_table(SURE, SURE, SURE, SURE, distance=far, limit=2.0)
    assert table.known.tolist() == [True, True, False, False]
    assert table.shown(1) == "lymphocyte"
    assert (table.shown(2), table.answer(3)) == ("not known", "not known")


def test_all_cells_are_known_without_limit_or_distance(make_table: MakeTable) -> None:
    far = np.array([99.0], np.float32)
    assert make_table(SURE, distance=far).known.all()
    assert make_table(SURE, limit=1.0).known.all()


def test_counts_name_the_unknown_last(make_table: MakeTable) -> None:
    far = np.array([0, 9, 0], np.float32)
    table = make_table(SURE, SURE, TORN, distance=far, limit=1.0)
    assert dict(table.counts()) == {
        "ig": 1,
        "lymphocyte": 1,
        "monocyte": 0,
        "not known": 1,
    }


def test_an_empty_table_has_no_answers(make_table: MakeTable) -> None:
    table = make_table()
    assert (len(table), table.predicted.size, table.confidence.size) == (0, 0, 0)
    assert sum(table.counts().values()) == 0


def test_a_choice_keeps_the_order_asked_for(make_table: MakeTable) -> None:
    far = np.array([0, 9], np.float32)
    table = make_table(SURE, TORN, distance=far, limit=1.0).chosen(np.array([1, 0]))
    assert table.names == ("cell_1", "cell_0")
    assert table.predicted.tolist() == [0, 1]
    assert table.known.tolist() == [False, True]


def test_classes_can_be_called_otherwise(make_table: MakeTable) -> None:
    table = make_table(SURE).called(["IG", "LYT", "MON"])
    assert (table.answer(0), table.shown(0)) == ("LYT", "lymphocyte")


def test_a_table_takes_over_what_the_classifier_says(tmp_path: Path) -> None:
    info = read_classifier_info(gem_classifier(tmp_path / "m.onnx"))
    scores = Scores(np.eye(3, dtype=np.float32), np.zeros(3, np.float32))
    table = ClassTable.of(["a", "b", "c"], scores, info)
    assert table.titles == ("red gem", "emerald", "sapphire")
    assert (table.limit, table.unknown) == (0.7, "not a gem I know")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"names": ("a", "b")}, "2 cells and 3 classes need a table of that shape"),
        ({"titles": ("a",)}, "1 cells and 3 classes need"),
        ({"distance": np.zeros(2, np.float32)}, "1 cells need as many distances"),
    ],
)
def test_arrays_of_different_length_are_refused(
    make_table: MakeTable, more: dict[str, object], message: str
) -> None:
    with pytest.raises(CellsetsError, match=message):
        make_table(SURE, **more)
