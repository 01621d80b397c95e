from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.classify import ClassReport, ClassTable, compare, wilson
from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from conftest import MakeTable

CLASSES = ("ig", "lymphocyte", "monocyte")
LABELS = st.sampled_from(
    [None, "IG", "lymphocytes", "Monocyte", "smudge", "hairy cell"]
)
MEANT = {"IG": "ig", "lymphocytes": "lymphocyte", "Monocyte": "monocyte"}
CELLS = st.lists(
    st.tuples(st.integers(0, 2), st.floats(0.34, 1), st.booleans(), LABELS), max_size=40
)


def table_and_truth(cells: list[Any]) -> tuple[ClassTable, list[str | None]]:
    shares = np.zeros((len(cells), 3), np.float32)
    for row, (best, share, _, _) in zip(shares, cells, strict=True):
        row[:] = (1 - share) / 2
        row[best] = share
    far = np.array([0.0 if cell[2] else 5.0 for cell in cells], np.float32)
    names = tuple(map(str, range(len(cells))))
    table = ClassTable(names, CLASSES, CLASSES, shares, far, 1.0, "unknown")
    return table, [cell[3] for cell in cells]


@given(CELLS)
def test_the_report_equals_a_slow_obvious_one(cells: list[Any]) -> None:
    table, truth = table_and_truth(cells)
    report = compare(table, truth)
    said = [table.answer(i) for i in range(len(table))]
    meant = [None if t is None else MEANT.get(t, t) for t in truth]
    pairs = list(zip(meant, said, strict=True))
    for i, row in enumerate(report.rows):
        for j, column in enumerate(report.columns):
            members = [k for k, pair in enumerate(pairs) if pair == (row, column)]
            assert report.members(row, column).tolist() == members
            assert report.members_at(i, j).tolist() == members
            assert report.confusion[i, j] == len(members)
    assert set(meant) - {None} <= set(report.rows)
    judged = [(t, s) for t, s in pairs if t in CLASSES]
    right = sum(t == s for t, s in judged)
    assert (report.right, report.judged) == (right, len(judged))
    assert report.accuracy == (right / len(judged) if judged else None)
    foreign = [s for t, s in pairs if t is not None and t not in CLASSES]
    assert report.foreign == len(foreign)
    assert report.foreign_unknown == foreign.count("unknown")
    assert (report.cells, report.unknown) == (len(cells), said.count("unknown"))


@given(CELLS)
def test_scores_of_classes_equal_slow_obvious_ones(cells: list[Any]) -> None:
    table, truth = table_and_truth(cells)
    report = compare(table, truth)
    said = [table.answer(i) for i in range(len(table))]
    for score in report.classes:
        mine = [MEANT.get(t or "") == score.name for t in truth]
        given_to = [
            s == score.name and t is not None for s, t in zip(said, truth, strict=True)
        ]
        hits = sum(a and b for a, b in zip(mine, given_to, strict=True))
        assert (score.support, score.predicted) == (sum(mine), sum(given_to))
        assert score.hits == hits
        assert score.recall == (hits / sum(mine) if any(mine) else None)
        assert score.precision == (hits / sum(given_to) if any(given_to) else None)
        assert score.recall_interval == wilson(hits, sum(mine))
        assert score.precision_interval == wilson(hits, sum(given_to))
        if score.precision and score.recall:
            both = 2 * score.precision * score.recall
            assert score.f1 == pytest.approx(both / (score.precision + score.recall))


@given(CELLS, st.randoms())
def test_the_order_of_cells_changes_no_figure(cells: list[Any], random: Any) -> None:
    mixed = list(cells)
    random.shuffle(mixed)
    one, two = (compare(*table_and_truth(c)) for c in (cells, mixed))
    assert one.confusion.tolist() == two.confusion.tolist()
    assert one.classes == two.classes
    assert one.calibration.count.tolist() == two.calibration.count.tolist()
    assert (one.calibration.ece or 0) == pytest.approx(two.calibration.ece or 0)


def test_a_whole_row_or_column_can_be_asked_for(make_table: MakeTable) -> None:
    table = make_table((1, 0, 0), (0, 1, 0), (0, 1, 0), (1, 0, 0))
    report = compare(table, ["ig", "ig", "monocyte", None])
    assert report.members("ig", None).tolist() == [0, 1]
    assert report.members(None, "lymphocyte").tolist() == [1, 2]
    assert report.members(None, None).tolist() == [0, 1, 2]


def test_an_unknown_cell_of_a_known_class_is_a_miss(make_table: MakeTable) -> None:
    far = np.array([0, 9], np.float32)
    table = make_table((1, 0, 0), (1, 0, 0), distance=far, limit=1.0)
    report = compare(table, ["ig", "ig"])
    assert (report.accuracy, report.confusion[0].tolist()) == (0.5, [1, 0, 0, 1])
    assert report.calibration.count.tolist() == [1]


def test_classes_that_the_model_lacks_are_rows_of_their_own(
    make_table: MakeTable,
) -> None:
    report = compare(make_table((1, 0, 0), (1, 0, 0)), ["neuron", "ig"])
    assert report.rows == ("ig", "lymphocyte", "monocyte", "neuron")
    assert report.row_titles[0] == "immature granulocyte"
    assert (report.accuracy, report.foreign) == (1.0, 1)
    assert report.classes[0].precision == 0.5


def test_the_worst_class_is_the_one_of_least_recall(make_table: MakeTable) -> None:
    table = make_table((1, 0, 0), (1, 0, 0), (0, 1, 0))
    worst = compare(table, ["ig", "lymphocyte", "lymphocyte"]).worst
    assert worst is not None
    assert (worst.name, worst.recall) == ("lymphocyte", 0.5)


def test_nothing_is_judged_without_labels(make_table: MakeTable) -> None:
    report = compare(make_table((1, 0, 0)), [None])
    assert (report.accuracy, report.worst, report.judged) == (None, None, 0)
    assert report.accuracy_interval == (0, 1)
    assert report.calibration.ece is None


def test_codes_of_the_data_set_stand_for_classes(make_table: MakeTable) -> None:
    aliases = {"LYT": "typical lymphocyte", "PMO": "promyelocyte"}
    table = make_table((0, 1, 0), (1, 0, 0))
    assert compare(table, ["LYT", "PMO"], aliases).accuracy == 1.0


def test_labels_of_another_number_are_refused(make_table: MakeTable) -> None:
    with pytest.raises(CellsetsError, match="1 cells need as many labels, found 2"):
        compare(make_table((1, 0, 0)), ["ig", "ig"])


def test_a_field_that_is_not_there_is_refused(make_table: MakeTable) -> None:
    report: ClassReport = compare(make_table((1, 0, 0)), ["ig"])
    with pytest.raises(CellsetsError, match="no field 'neuron', 'ig'"):
        report.members("neuron", "ig")
