from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.classify.model import ClassifyModel

if TYPE_CHECKING:
    from conftest import MakeTable

SURE, TORN = (0.05, 0.9, 0.05), (0.4, 0.35, 0.25)


def test_a_table_with_labels_brings_its_report(make_table: MakeTable) -> None:
    model = ClassifyModel()
    model.take(make_table(SURE, TORN), ["lymphocyte", None])
    assert model.report is not None
    assert model.report.judged == 1


def test_a_table_without_labels_has_no_report(make_table: MakeTable) -> None:
    model = ClassifyModel()
    model.take(make_table(SURE, TORN))
    assert (model.report, model.truth) == (None, (None, None))


def test_another_table_forgets_selection_and_field(make_table: MakeTable) -> None:
    model = ClassifyModel()
    model.take(make_table(SURE), ["ig"])
    model.selection, model.field = (0,), ("ig", "lymphocyte")
    model.take(None)
    assert (model.selection, model.field, model.report) == ((), None, None)
    assert model.shown().tolist() == []


def test_the_order_is_that_chosen(make_table: MakeTable) -> None:
    model = ClassifyModel()
    model.take(make_table(SURE, TORN, SURE), ["lymphocyte", "ig", "monocyte"])
    shown = {}
    for order in ("name", "doubt", "disagreement"):
        model.order = order
        shown[order] = model.shown().tolist()
    assert shown == {"name": [0, 1, 2], "doubt": [1, 0, 2], "disagreement": [2, 1, 0]}


def test_a_field_shows_its_cells_only_in_the_chosen_order(
    make_table: MakeTable,
) -> None:
    model = ClassifyModel()
    shares = (SURE, (0.1, 0.6, 0.3), TORN)
    model.take(make_table(*shares), ["ig", "ig", "ig"])
    model.field, model.order = ("ig", "lymphocyte"), "doubt"
    assert model.shown().tolist() == [1, 0]


def test_listeners_hear_of_a_table_after_its_report_is_cleared(
    make_table: MakeTable,
) -> None:
    model = ClassifyModel()
    heard: list[str] = []
    model.events.table.connect(lambda: heard.append("table"))
    model.events.report.connect(lambda: heard.append("report"))
    model.take(make_table(SURE), ["ig"])
    assert heard == ["table", "report"]
    assert np.array_equal(model.shown(), [0])
