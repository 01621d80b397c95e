from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.classify import by_disagreement, by_doubt, by_name

if TYPE_CHECKING:
    from conftest import MakeTable

SURE, TORN, HALF = (0.05, 0.9, 0.05), (0.4, 0.35, 0.25), (0.2, 0.6, 0.2)


def test_names_count_as_people_do(make_table: MakeTable) -> None:
    table = make_table(SURE, SURE, SURE, names=("IG_10", "ig_9", "BA_11"))
    assert by_name(table).tolist() == [2, 1, 0]


def test_numbers_come_before_letters(make_table: MakeTable) -> None:
    table = make_table(SURE, SURE, SURE, names=("b", "12", "a7"))
    assert by_name(table).tolist() == [1, 2, 0]


def test_the_narrowest_lead_is_the_greatest_doubt(make_table: MakeTable) -> None:
    assert by_doubt(make_table(SURE, TORN, HALF)).tolist() == [1, 2, 0]


def test_unknown_cells_come_first_the_farthest_ahead(make_table: MakeTable) -> None:
    far = np.array([0, 5, 9, np.nan], np.float32)
    table = make_table(TORN, SURE, SURE, SURE, distance=far, limit=1.0)
    assert by_doubt(table).tolist() == [3, 2, 1, 0]


def test_equal_doubt_keeps_the_order(make_table: MakeTable) -> None:
    assert by_doubt(make_table(TORN, TORN, TORN)).tolist() == [0, 1, 2]


def test_the_label_that_is_most_likely_wrong_comes_first(make_table: MakeTable) -> None:
    table = make_table(SURE, TORN, SURE, HALF, SURE, SURE)
    truth = ["lymphocyte", "lymphocyte", "Monocytes", "IG", None, "neuron"]
    order = by_disagreement(table, truth)
    # neuron is 0 to the model; then monocyte; no label comes last
    assert order.tolist() == [5, 2, 3, 1, 0, 4]


def test_agreeing_cells_follow_in_order_of_doubt(make_table: MakeTable) -> None:
    table = make_table(SURE, HALF, TORN)
    truth = ["lymphocyte", "lymphocyte", "ig"]
    assert by_disagreement(table, truth).tolist() == [2, 1, 0]


def test_nothing_is_in_order(make_table: MakeTable) -> None:
    table = make_table()
    for order in (by_name(table), by_doubt(table), by_disagreement(table, [])):
        assert order.tolist() == []
