from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.batch.class_rows import ClassRow, ObjectRow, table_of
from napari_cellsets.batch.class_tables import write_report
from napari_cellsets.batch.resume import read_rows, write_rows
from napari_cellsets.classify import ClassTable, compare
from napari_cellsets.core.errors import ExportError

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ("a", "b", "c", "d")
SHARE = st.floats(0.125, 1, width=32) | st.just(0.5)
SHARES = st.lists(SHARE, min_size=4, max_size=4)


def table(shares: Any, far: Any = None, limit: float | None = 1.0) -> ClassTable:
    rows = np.array(shares, np.float32).reshape(-1, 4)
    rows /= np.maximum(rows.sum(axis=1, keepdims=True), 1e-9)
    distance = None if far is None else np.array(far, np.float32)
    names = tuple(str(i) for i in range(len(rows)))
    return ClassTable(names, CLASSES, CLASSES, rows, distance, limit, "unknown")


def rows_of(of: ClassTable) -> list[ClassRow]:
    return [ClassRow.of(of, i, f"{i}.png", None) for i in range(len(of))]


@given(st.lists(st.tuples(SHARES, st.floats(0, 2, width=32)), max_size=12))
def test_rows_written_and_read_say_the_same(
    tmp_path_factory: pytest.TempPathFactory, cells: list[Any]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "c.csv"
    first = table([c[0] for c in cells], [c[1] for c in cells])
    rows = rows_of(first)
    write_rows(path, ClassRow, rows)
    assert read_rows(path, ClassRow) == rows
    again = table_of(rows, CLASSES, CLASSES, limit=1.0, unknown="unknown")
    for row, told in zip(rows_of(again), rows, strict=True):
        for (name, share), (told_name, told_share) in zip(
            row.best(), told.best(), strict=True
        ):
            assert (name, share) == (told_name, pytest.approx(told_share, abs=3e-6))
    assert [row.predicted for row in rows_of(again)] == [r.predicted for r in rows]
    assert again.confidence == pytest.approx(first.confidence, abs=1e-6)


def test_columns_are_those_promised() -> None:
    promised = (
        "image,predicted,confidence,truth,second,second_confidence,third,"
        "third_confidence,nearest,distance"
    )
    assert ",".join(ClassRow.columns()) == promised
    assert ",".join(ObjectRow.columns()) == f"{promised},label,y,x"


def test_an_unknown_cell_tells_its_nearest_class() -> None:
    row = rows_of(table([0.1, 0.6, 0.3, 0], [4.0]))[0]
    assert (row.predicted, row.nearest, row.second) == ("unknown", "b", "c")
    assert (row.confidence, row.distance) == (0.6, 4.0)


def test_a_model_of_two_classes_has_no_third() -> None:
    shares = np.array([[0.25, 0.75]], np.float32)
    two = ClassTable(("x",), ("a", "b"), ("a", "b"), shares)
    row = ClassRow.of(two, 0, "x.png", "a")
    assert (row.second, row.third, row.third_confidence) == ("a", None, None)
    assert row.texts() == ["x.png", "b", "0.75", "a", "a", "0.25", "", "", "b", ""]


def test_figures_are_plain_numbers() -> None:
    tiny = rows_of(table([1.0, 1e-7, 2e-6, 0], [1e-9]))[0]
    assert tiny.texts()[2:] == ["0.999998", "", "c", "0.000002", "b", "0", "a", "0"]


def test_a_line_that_is_no_row_is_left_out(tmp_path: Path) -> None:
    rows = rows_of(table([[1, 0, 0, 0], [0, 1, 0, 0]], [0, 0]))
    write_rows(tmp_path / "c.csv", ClassRow, rows)
    with (tmp_path / "c.csv").open("a") as file:
        file.write("x.png,a,high,,,,,,a,0\ntorn,a,0.5")
    assert read_rows(tmp_path / "c.csv", ClassRow) == rows


def test_objects_of_an_image_have_names_of_their_own() -> None:
    seen = table([[1, 0, 0, 0], [0, 1, 0, 0]])
    rows = [
        ObjectRow.of(seen, i, "f.png", None, label=7 + i, y=1.0, x=2.0)
        for i in range(2)
    ]
    again = table_of(rows, CLASSES, CLASSES, limit=None, unknown="unknown")
    assert again.names == ("f.png#7", "f.png#8")
    assert again.distance is None


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_report_is_three_tables(tmp_path: Path) -> None:
    shares = [[1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
    said = table(shares, [0, 0, 0, 9])
    report = compare(said, ["a", "b", "smudge, odd", "c"])
    written = write_report(report, tmp_path / "new" / "report")
    names = [path.name for path in written]
    assert names == ["confusion.csv", "per_class.csv", "calibration.csv"]
    confusion = {row["truth"]: row for row in read(written[0])}
    assert list(confusion) == [*CLASSES, "smudge, odd"]
    assert list(confusion["a"]) == ["truth", *CLASSES, "unknown"]
    assert (confusion["b"]["a"], confusion["c"]["unknown"]) == ("1", "1")
    classes = {row["title"]: row for row in read(written[1])}
    assert (classes["a"]["recall"], classes["a"]["precision"]) == (
        "1.000000",
        "0.500000",
    )
    assert classes["a"]["recall_low"] == "0.206549"
    assert (classes["d"]["recall"], classes["d"]["recall_low"]) == ("", "")
    assert (classes["all"]["support"], classes["all"]["hits"]) == ("3", "1")
    bins = read(written[2])
    assert sum(int(row["cells"]) for row in bins) == 2
    assert (bins[0]["confidence"], bins[0]["accuracy"]) == ("1.000000", "0.500000")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    report = compare(table([1, 0, 0, 0]), ["a"])
    with pytest.raises(ExportError, match="the folder cannot be made"):
        write_report(report, tmp_path / "file" / "below")
