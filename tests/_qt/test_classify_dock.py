from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from classify_docks import bench, gems, make_bench
from qtpy.QtCore import QCoreApplication, Qt
from qtpy.QtWidgets import QFileDialog

from napari_cellsets._napari.class_colours import UNKNOWN_COLOUR
from napari_cellsets._napari.docks import open_dock
from napari_cellsets._qt.classify import ClassifyWidget
from napari_cellsets.core.errors import CellsetsError
from tiny_classifiers import COLOURS, SAYS, gem_classifier, write_gems

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from classify_docks import Bench
    from napari.viewer import Viewer
    from npe2 import PluginManifest

__all__ = ["bench", "gems", "make_bench"]

pytestmark = pytest.mark.gui


def test_one_press_names_the_cell_on_screen(bench: Bench) -> None:
    bench.dock.session.show(bench.dock.session.dataset.find("ruby/ruby_0.png"))
    bench.classify()
    assert bench.dock.top.headline == "red gem"
    assert bench.dock.top.note == "Labelled red gem, too."
    names = [name for name, _, _ in bench.dock.top.bars.rows]
    assert (names[0], len(names)) == ("red gem", 3)
    assert bench.listed == ["ruby/ruby_0"]


def test_next_cells_are_named_without_another_press(bench: Bench) -> None:
    bench.classify()
    bench.dock.session.show(3)
    bench.wait(lambda: len(bench.dock.model.table) == 2)
    assert bench.dock.flow.current is not None


def test_a_label_that_contradicts_is_told(bench: Bench) -> None:
    bench.dock.session.show(bench.dock.session.dataset.find("ruby/ruby_77.png"))
    bench.classify()
    assert bench.dock.top.headline == "emerald"
    assert bench.dock.top.note == "⚠ Labelled red gem."


def test_what_the_model_does_not_know_is_not_named(bench: Bench) -> None:
    bench.dock.session.show(bench.dock.session.dataset.find("emerald/emerald_9.png"))
    bench.classify()
    assert bench.dock.top.headline == "not a gem I know"
    assert bench.dock.top.note.startswith("Nearest: emerald.")
    assert {colour for *_, colour in bench.dock.top.bars.rows} == {UNKNOWN_COLOUR}


def test_the_whole_set_is_classified_and_wrong_labels_come_first(bench: Bench) -> None:
    bench.classify_set()
    assert len(bench.dock.model.table) == 9
    assert bench.listed[0] == "ruby/ruby_77"
    assert bench.dock.summary.text().startswith("9\N{NO-BREAK SPACE}cells")
    assert "1\N{NO-BREAK SPACE}not\N{NO-BREAK SPACE}known" in bench.dock.summary.text()


def test_cells_are_sorted_as_the_person_wishes(bench: Bench) -> None:
    bench.classify_set()
    box = bench.dock.order.box
    box.setCurrentIndex(box.findData("doubt"))
    box.activated.emit(box.currentIndex())
    assert bench.listed[0] == "emerald/emerald_9"
    box.setCurrentIndex(box.findData("name"))
    box.activated.emit(box.currentIndex())
    assert bench.listed == sorted(bench.listed)


def test_a_field_of_the_matrix_opens_its_cells(bench: Bench) -> None:
    bench.classify_set()
    report = bench.dock.model.report
    bench.press(report.rows.index("ruby"), report.columns.index("emerald"))
    assert bench.dock.tabs.currentWidget() is bench.dock.listed
    assert bench.listed == ["ruby/ruby_77"]
    assert bench.dock.order.text.text() == (
        "1 cell labelled red gem, classified as emerald"
    )
    bench.dock.order.all.click()
    assert len(bench.listed) == 9


def test_an_empty_field_opens_nothing(bench: Bench) -> None:
    bench.classify_set()
    report = bench.dock.model.report
    bench.press(report.rows.index("sapphire"), report.columns.index("ruby"))
    assert bench.dock.model.field is None


def test_answers_want_no_more_height_than_a_low_window_has(bench: Bench) -> None:
    bench.classify_set()
    for page in range(bench.dock.tabs.count()):
        bench.dock.tabs.setCurrentIndex(page)
        # 720, less menus, titles, tabs, status bar and the lowest gallery
        assert bench.dock.minimumSizeHint().height() <= 510


def test_in_a_low_dock_the_matrix_is_whole_and_the_page_scrolls(bench: Bench) -> None:
    bench.classify_set()
    dock, matrix = bench.dock, bench.dock.matrix
    counts = np.eye(8, 9, dtype=np.int64)
    names = [f"class {number}" for number in range(9)]
    matrix.show_counts(counts, names[:8], names)
    dock.tabs.setCurrentWidget(dock.confusion)
    dock.parentWidget().setFloating(True)
    dock.parentWidget().resize(350, 420)
    bench.wait(lambda: dock.height() < 430)
    QCoreApplication.processEvents()
    assert matrix.verticalScrollBar().maximum() == 0
    assert matrix.horizontalScrollBar().maximum() == 0


def test_a_heading_of_the_matrix_opens_a_whole_column(bench: Bench) -> None:
    bench.classify_set()
    header = bench.dock.matrix.horizontalHeader()
    header.sectionClicked.emit(len(bench.dock.model.report.columns) - 1)
    assert bench.listed == ["emerald/emerald_9"]


def test_a_class_of_the_scores_opens_its_cells(bench: Bench) -> None:
    bench.classify_set()
    scores = bench.dock.scores
    scores.activated.emit(scores.model().index(0, 0))
    assert sorted(bench.listed) == [f"ruby/ruby_{n}" for n in (0, 1, 2, 77)]


def test_scores_say_recall_with_its_interval(bench: Bench) -> None:
    bench.classify_set()
    scores = bench.dock.scores.scores
    assert scores.index(0, 0).data() == "red gem"
    assert scores.index(0, 1).data() == "4"
    assert scores.index(0, 3).data() == "75.0 (30–95)"


def test_scores_are_sorted_by_a_click(bench: Bench) -> None:
    bench.classify_set()
    bench.dock.scores.sortByColumn(3, Qt.SortOrder.AscendingOrder)
    scores = bench.dock.scores.scores
    assert [scores.index(row, 0).data() for row in range(3)][-1] == "sapphire"


def test_a_dot_of_the_calibration_lists_its_cells(bench: Bench) -> None:
    bench.classify_set()
    edges = bench.dock.model.report.calibration.edges
    assert "per cent on average" in bench.dock.calibration.text
    bench.dock.calibration.plot.sample_chosen.emit("0")
    sure = bench.dock.model.table.confidence
    inside = (sure >= edges[0]) & ((sure < edges[1]) | (edges.size == 2))
    assert len(bench.listed) == int(inside.sum())
    assert "confidence" in bench.dock.order.text.text()


def test_a_cell_in_the_list_is_shown_in_the_viewer(bench: Bench) -> None:
    bench.classify_set()
    cells = bench.dock.cells
    bench.dock.tabs.setCurrentWidget(bench.dock.listed)
    QCoreApplication.processEvents()
    place = cells.visualRect(cells.cells.index(0)).center()
    bench.qtbot.mouseClick(cells.viewport(), Qt.MouseButton.LeftButton, pos=place)
    bench.wait(lambda: bench.dock.session.sample.name == "ruby/ruby_77")
    assert bench.dock.top.headline == "emerald"
    assert cells.currentIndex().row() == 0


def test_thumbnails_come_from_a_thread(bench: Bench) -> None:
    bench.classify_set()
    bench.dock.tabs.setCurrentWidget(bench.dock.listed)
    cells = bench.dock.cells.cells
    blank = bench.dock._thumbnails._blank
    role = Qt.ItemDataRole.DecorationRole
    bench.wait(lambda: cells.data(cells.index(0), role).cacheKey() != blank.cacheKey())


def test_cancel_keeps_what_was_classified_and_the_next_run_goes_on(
    make_bench: Callable[..., Bench], tmp_path: Path
) -> None:
    root = write_gems(tmp_path / "many", {"ruby": 40, "emerald": 40})
    model = gem_classifier(tmp_path / "slow.onnx", slow=15)
    bench = make_bench(root, model)
    bench.dock.buttons.whole_set.click()
    bench.wait(lambda: bench.dock.flow._run.gathered.done.size > 0)
    bench.dock.progress.cancel.click()
    bench.wait(lambda: not bench.dock.runner.busy)
    done = len(bench.dock.model.table)
    assert 0 < done < 80
    assert bench.message == f"Cancelled. {done} of 80 cells classified."
    before = bench.dock.model.table.probabilities[0].copy()
    bench.classify_set()
    assert len(bench.dock.model.table) == 80
    assert (bench.dock.model.table.probabilities[0] == before).all()


def test_a_file_that_cannot_be_read_is_told_and_passed_over(
    make_bench: Callable[..., Bench], gems: Path
) -> None:
    broken = gems / "ruby" / "ruby_5.png"
    broken.write_bytes((gems / "ruby" / "ruby_0.png").read_bytes()[:60])
    bench = make_bench(gems)
    bench.classify_set()
    assert len(bench.dock.model.table) == 9
    assert "1 could not be read" in bench.message
    assert "ruby_5" in bench.message


def test_what_failed_with_one_cell_is_not_said_of_the_next(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise CellsetsError("this picture is no cell")

    monkeypatch.setattr("napari_cellsets._qt.classify_work.classify", refuse)
    bench.dock.buttons.shown.click()
    bench.wait(lambda: "this picture is no cell" in bench.message)
    bench.dock.session.step(1)
    assert bench.message == ""


def test_what_is_said_of_the_set_stays_when_one_goes_on(bench: Bench) -> None:
    bench.classify_set()
    bench.dock.flow.told.emit("Cancelled. 3 of 9 cells classified.", False)
    bench.dock.session.step(1)
    assert bench.message == "Cancelled. 3 of 9 cells classified."


def test_another_model_takes_the_message_of_the_last_one_away(
    bench: Bench, tmp_path: Path
) -> None:
    bench.dock.flow.told.emit("Classified by gems.onnx.", False)
    bench.dock.picker.choose(gem_classifier(tmp_path / "other.onnx", sharpness=1.0))
    assert bench.message == ""


def test_another_model_forgets_what_the_first_one_said(
    bench: Bench, tmp_path: Path
) -> None:
    bench.classify_set()
    other = gem_classifier(tmp_path / "other.onnx", sharpness=1.0)
    bench.dock.picker.choose(other)
    assert bench.dock.model.table is None
    assert not bench.dock.tabs.isVisibleTo(bench.dock)
    assert not bench.dock.buttons.export.isEnabled()


def test_without_a_model_the_dock_says_what_to_do(
    make_bench: Callable[..., Bench], gems: Path
) -> None:
    bench = make_bench(gems, none=True)
    bench.dock.buttons.shown.click()
    assert "No classifier is chosen" in bench.message


def test_without_an_image_the_dock_says_what_to_do(bench: Bench) -> None:
    bench.dock.session.picture = None
    bench.dock.buttons.whole_set.click()
    assert "There is no image to classify" in bench.message


def test_a_silent_model_is_asked_and_then_names(bench: Bench, tmp_path: Path) -> None:
    bench.dock.picker.choose(gem_classifier(tmp_path / "bare.onnx", says=None))
    assert bench.dock.model.model is None
    picker = bench.dock.picker
    assert set(picker._answers) >= {"classes", "normalisation"}
    picker._answers["classes"].setText("ruby, emerald, sapphire")
    picker._on_use_clicked()
    assert bench.dock.model.model.classes == ("ruby", "emerald", "sapphire")
    bench.classify()
    assert bench.dock.top.headline in COLOURS


def test_a_segmenter_is_no_classifier(bench: Bench, tmp_path: Path) -> None:
    from batch_models import bright_model

    bench.dock.picker.choose(bright_model(tmp_path / "bright.onnx"))
    assert "the model is no classifier" in bench.message


def test_the_table_is_written_as_by_the_command_line(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.classify_set()
    out = tmp_path / "out" / "classes.csv"
    out.parent.mkdir()
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(out), ""))
    )
    bench.dock.buttons.export.click()
    bench.wait(out.is_file)
    bench.wait(lambda: bench.message == f"Written to {out}: 9 cells.")
    with out.open(newline="") as file:
        rows = {row["image"].split("/")[-1]: row for row in csv.DictReader(file)}
    assert list(next(iter(rows.values())))[:4] == [
        "image",
        "predicted",
        "confidence",
        "truth",
    ]
    assert rows["ruby_77.png"]["predicted"] == "emerald"
    assert rows["ruby_77.png"]["truth"] == "ruby"
    assert rows["emerald_9.png"]["predicted"] == SAYS["unknown"]


def test_the_table_never_replaces_a_file_of_the_set(bench: Bench) -> None:
    bench.classify_set()
    bench.dock.flow.export(bench.root / "ruby" / "ruby_0.png")
    bench.wait(lambda: bench.message.startswith("⚠"))
    assert (bench.root / "ruby" / "ruby_0.png").read_bytes().startswith(b"\x89PNG")


def test_another_set_takes_the_classes_away(bench: Bench, tmp_path: Path) -> None:
    bench.classify_set()
    bench.dock.session.open(write_gems(tmp_path / "second", {"ruby": 1, "emerald": 1}))
    assert bench.dock.model.table is None
    assert bench.dock.cells.cells.rowCount() == 0


def test_seventeen_thousand_cells_cost_no_widget_and_few_icons(bench: Bench) -> None:
    cells = bench.dock.cells
    asked: list[int] = []
    blank = bench.dock._thumbnails._blank

    def icon(at: int) -> object:
        asked.append(at)
        return blank

    bench.dock._thumbnails.icon = icon
    number = np.arange(17_000)
    before = len(cells.findChildren(object))
    bench.dock.tabs.show()
    cells.cells.show_cells(number, number, lambda cell: (str(cell), ""))
    QCoreApplication.processEvents()
    cells.scrollToBottom()
    QCoreApplication.processEvents()
    assert len(cells.findChildren(object)) == before
    assert len(set(asked)) < 200
    assert cells.cells.index(16_999).data() == "16999"


def test_the_menu_and_the_palette_know_the_dock(
    viewer: Viewer, manifest_known: PluginManifest
) -> None:
    dock = open_dock(viewer, "Classify")
    assert isinstance(dock, ClassifyWidget)
    open_dock(viewer, "Classify")
    assert list(viewer.window.dock_widgets) == ["Classify (Cell sets)"]
    items = manifest_known.contributions.menus["napari/layers/classify"]
    assert [item.command for item in items] == ["napari-cellsets.classify"]


def test_a_dock_that_is_taken_away_hears_no_more(bench: Bench) -> None:
    bench.classify_set()
    session, dock = bench.dock.session, bench.dock
    bench.viewer.window.remove_dock_widget(dock)
    session.show(2)
    assert not dock._connected
    dock.deleteLater()


def test_work_that_goes_on_stops_with_the_window(
    make_bench: Callable[..., Bench], tmp_path: Path
) -> None:
    root = write_gems(tmp_path / "many", {"ruby": 30, "emerald": 30})
    bench = make_bench(root, gem_classifier(tmp_path / "slow.onnx", slow=20))
    bench.dock.buttons.whole_set.click()
    bench.wait(lambda: bench.dock.runner.busy)
    bench.viewer.window.remove_dock_widget(bench.dock)
    assert not bench.dock.runner.busy
    bench.dock.deleteLater()
