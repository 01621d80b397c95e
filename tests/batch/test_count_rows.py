from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.batch.resume import read_counts_csv, write_rows
from napari_cellsets.batch.rows import COLUMNS, CountRow, summary_of

if TYPE_CHECKING:
    from pathlib import Path

NAMES = st.text(
    st.characters(
        blacklist_categories=("Cs", "Cc"), blacklist_characters="\u2028\u2029"
    ),
    min_size=1,
    max_size=30,
)
SHARES = st.one_of(st.none(), st.integers(0, 1000).map(lambda n: n / 1000))
NUMBERS = st.one_of(st.none(), st.integers(0, 10**6))
ROWS = st.builds(
    CountRow,
    image=NAMES,
    count=st.integers(0, 10**6),
    truth=NUMBERS,
    precision=SHARES,
    f1=SHARES,
    matched=NUMBERS,
    split=NAMES,
    seconds=SHARES,
)


@given(st.lists(ROWS, max_size=5))
def test_any_table_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[CountRow]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "c.csv"
    write_rows(path, CountRow, rows)
    assert read_counts_csv(path) == rows


def test_another_csv_reader_sees_the_same_cells(tmp_path: Path) -> None:
    row = CountRow('a, "b"/ü.png', 3, 4, 0.5, 0.25, 1 / 3)
    write_rows(tmp_path / "c.csv", CountRow, [row])
    text = (tmp_path / "c.csv").read_bytes().decode("utf-8")
    header, line = csv.reader(io.StringIO(text, newline=""))
    assert tuple(header) == COLUMNS
    assert line[:6] == ['a, "b"/ü.png', "3", "4", "0.5", "0.25", "0.333333"]


def test_rows_without_truth_do_not_enter_the_summary() -> None:
    judged = CountRow("a", 2, 4, matched=2, matched_iou=1, matched_published=2)
    summary = summary_of([judged, CountRow("b", 100)])
    assert summary is not None
    assert (summary.images, summary.predicted, summary.truth) == (1, 2, 4)
    assert summary.f1 == pytest.approx(4 / 6)
    assert summary.f1_by_iou == pytest.approx(2 / 6)
    assert summary_of([replace(judged, truth=None)]) is None
