"""The table of 50,000 objects of 10,000 x 10,000 pixels, beside other ways."""

from __future__ import annotations

import os
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.bench_edits import SIZE, field
from benchmarks.ratio import Ratio
from napari_cellsets.core.image import Picture
from napari_cellsets.counting.measure import ObjectTable, find_objects, measure
from napari_cellsets.counting.remeasure import remeasure

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellsets._qt.object_table import ObjectTableView

REPEATS, EDITS = 5, 21
SELECTED = 1_000


def run() -> list[Ratio]:
    """Measure, show, sort, select both ways, and follow an edit."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from qtpy.QtWidgets import QApplication

    from napari_cellsets._qt.object_table import ObjectTableView

    app = QApplication.instance() or QApplication([])
    labels = field()
    picture = Picture((labels > 0).astype(np.uint8) * 170 + 30, "yx")
    begin = time.perf_counter()
    found = find_objects(labels)
    known = time.perf_counter() - begin
    table = found.finished(picture)
    first = time.perf_counter() - begin
    view = ObjectTableView(many=True)
    view.resize(350, 700)
    view.show()
    rows = _first_ratios(labels, picture, len(table), known, first)
    rows += [
        *_shown_ratios(view, table),
        _sort_ratio(view, table),
        *_selection_ratios(view, np.asarray(table.columns["label"])),
        _edit_ratio(view, table, labels, picture),
        *_problem_ratios(labels),
    ]
    app.processEvents()
    view.close()
    return rows


def _first_ratios(
    labels: np.ndarray, picture: Picture, count: int, known: float, first: float
) -> list[Ratio]:
    """Numbers and sizes come first, then all; solidity has no peer of that size.

    The convex hulls of scikit-image take minutes, so it is spared them.
    """
    from skimage.measure import regionprops_table

    names = ("label", "area", "centroid", "bbox", "eccentricity", "intensity_mean")
    begin = time.perf_counter()
    regionprops_table(labels, picture.pixels, properties=names)
    other = time.perf_counter() - begin
    peer = "scikit-image regionprops_table, without solidity"
    name = f"{count:,} objects of {SIZE}: sizes, first time"
    whole = f"{count:,} objects of {SIZE}: all measures with solidity, first time"
    return [Ratio(name, known, "s", peer, other), Ratio(whole, first, "s", peer, other)]


def _shown_ratios(view: ObjectTableView, table: ObjectTable) -> list[Ratio]:
    from qtpy.QtWidgets import QTableWidget, QTableWidgetItem

    ours = _median(lambda: view.show_table(table), REPEATS)
    columns = list(table.columns.values())[:4]

    def widget() -> None:
        items = QTableWidget(len(table), len(columns))
        for column, values in enumerate(columns):
            for row, value in enumerate(values.tolist()):
                items.setItem(row, column, QTableWidgetItem(f"{value:.1f}"))

    slow = _median(widget, 1)
    name = f"{len(table):,} rows shown"
    return [Ratio(name, ours * 1e3, "ms", "QTableWidget, 4 columns", slow * 1e3)]


def _sort_ratio(view: ObjectTableView, table: ObjectTable) -> Ratio:
    """Sort values in no order: sorted ones would be too easy."""
    from qtpy.QtCore import QSortFilterProxyModel, Qt

    mixed = np.random.default_rng(1).random(len(table))
    view.show_table(ObjectTable({**table.columns, "eccentricity": mixed}))
    orders = (Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder)
    column = view.objects.column_of("eccentricity") or 0

    def ours() -> None:
        for order in orders:
            view.sortByColumn(column, order)

    proxy = QSortFilterProxyModel()
    proxy.setSourceModel(view.objects)

    def other() -> None:
        for order in orders:
            proxy.sort(column, order)

    quick, slow = _median(ours, REPEATS) / 2, _median(other, 1) / 2
    proxy.setSourceModel(None)
    view.sortByColumn(0, orders[1])
    view.show_table(table)
    return Ratio("sort", quick * 1e3, "ms", "QSortFilterProxyModel", slow * 1e3)


def _selection_ratios(view: ObjectTableView, labels: np.ndarray) -> list[Ratio]:
    """Select from the image, and from the table; scattered over the whole of it."""
    from qtpy.QtCore import QItemSelectionModel
    from qtpy.QtWidgets import QApplication

    chosen = [labels[at::50][:SELECTED].tolist() for at in range(REPEATS)]
    turns = iter(chosen)
    quick = _median(lambda: view.select_labels(next(turns)), REPEATS)
    flag = QItemSelectionModel.SelectionFlag
    model = view.selectionModel()

    def one_by_one() -> None:
        view.clearSelection()
        for label in chosen[0][: SELECTED // 10]:
            index = view.objects.index(view.objects.row_of(label) or 0, 0)
            model.select(index, flag.Select | flag.Rows)

    slow = 10 * _median(one_by_one, 1)
    heard: list[int] = []
    view.labels_chosen.connect(lambda some: heard.append(len(some)))
    view.clearSelection()

    def select_all() -> None:
        view.selectAll()
        # headings that ask every cell of their column do it when they are drawn
        QApplication.processEvents()

    everything = _median(select_all, 1)
    name = f"{SELECTED:,} objects of the image selected in the table"
    other = f"all {heard[-1]:,} rows selected, labels told"
    return [
        Ratio(name, quick * 1e3, "ms", "row by row", slow * 1e3),
        Ratio(other, everything * 1e3, "ms", "row by row, 1,000 of them", slow * 1e3),
    ]


def _edit_ratio(
    view: ObjectTableView, table: ObjectTable, labels: np.ndarray, picture: Picture
) -> Ratio:
    view.select_labels([5])
    y, x = (int(table.columns[f"centroid_{axis}"][20_000]) for axis in "yx")
    box = (slice(y - 3, y + 3), slice(x - 3, x + 3))

    def follow() -> None:
        labels[box] = 0 if labels[y, x] else 20_001
        found = remeasure(table, labels, box, picture)
        view.show_table(table if found is None else found[0])

    quick = _median(follow, EDITS)
    slow = _median(lambda: view.show_table(measure(labels, picture, outline=True)), 1)
    name = "an edit followed by the table"
    return Ratio(name, quick * 1e3, "ms", "all measured again", slow * 1e3)


def _problem_ratios(labels: np.ndarray) -> list[Ratio]:
    from napari_cellsets.editing.objects import ObjectIndex
    from napari_cellsets.editing.problems import find_problems

    objects = ObjectIndex(labels)
    whole = _median(lambda: find_problems(objects), 1)
    again = _median(lambda: find_problems(objects, only={20_001}), REPEATS)
    name = "problems after an edit of one object"
    return [Ratio(name, again * 1e3, "ms", "all objects looked at", whole * 1e3)]


def _median(work: Callable[[], object], times: int) -> float:
    spent = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begin)
    return statistics.median(spent)
