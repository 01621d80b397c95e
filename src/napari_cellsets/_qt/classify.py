"""The Classify dock: name cells, compare with labels, find wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from napari.utils.theme import get_theme
from qtpy.QtCore import Qt, Slot
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QFileDialog,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._napari.class_colours import UNKNOWN_COLOUR, class_colours
from napari_cellsets._napari.open_first import open_first
from napari_cellsets._napari.preferences import preference
from napari_cellsets._napari.session import get_session
from napari_cellsets._napari.thumbnails import ThumbnailCache
from napari_cellsets._qt.classify_bars import TopView
from napari_cellsets._qt.classify_flow import ClassifyFlow
from napari_cellsets._qt.classify_list import CellListModel, CellListView, CropIcons
from napari_cellsets._qt.classify_matrix import ConfusionView
from napari_cellsets._qt.classify_parts import (
    ClassifyButtons,
    ObjectsOnScreen,
    OrderRow,
    hint,
)
from napari_cellsets._qt.classify_picker import ClassifierPicker
from napari_cellsets._qt.classify_plot import CalibrationView
from napari_cellsets._qt.classify_scores import ScoresView
from napari_cellsets._qt.classify_words import (
    listed_words,
    row_words,
    summary_words,
    top_words,
)
from napari_cellsets._qt.docking import DockContent, fill_with_page
from napari_cellsets._qt.engine_rest import EngineRest
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.layer_links import SelectionLink
from napari_cellsets._qt.messages import MessageRow, ProgressRow
from napari_cellsets._qt.pages import Pages
from napari_cellsets._qt.sample_list import Thumbnails
from napari_cellsets.classify.model import ClassifyModel

if TYPE_CHECKING:
    import napari.viewer
    from psygnal import SignalInstance

    from napari_cellsets.classify.model import Order
    from napari_cellsets.inference.classifier import ClassifierInfo

_MIN_WIDTH = 300
_DO_SINGLE = "Classify names the cell on screen, Classify set all cells of the set."
_DO_OBJECTS = (
    "Classify names every cell of this image; count them or draw them by hand first."
)


class ClassifyWidget(DockContent):
    """Names the cell on screen, the cells of an image, or those of a whole set.

    Parameters
    ----------
    viewer
        The viewer whose session is shown.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._connected = False
        self._viewer = viewer
        self.session = get_session(viewer)
        self.model = ClassifyModel(order="disagreement")
        self.runner = JobRunner(self)
        self.flow = ClassifyFlow(self.session, self.model, self.runner, self)
        self._make_parts()
        self._lay_out()
        self.objects = ObjectsOnScreen(self.flow, self.model, self)
        self._link = SelectionLink(viewer, self.session, self.objects)
        self._connect_parts()
        self._connect_session()
        self.picker.choose_first()
        self._on_dataset_changed()
        self._on_result_changed()
        self._on_current_changed()
        self._on_theme_changed()

    def stop(self) -> None:
        """Hear no more of viewer and session."""
        if not self._connected:
            return
        self._connected = False
        self.flow.stop()
        self._link.stop()
        self.session.dataset_changed.disconnect(self._on_dataset_changed)
        self.session.sample_changed.disconnect(self._on_sample_changed)
        self._viewer.events.theme.disconnect(self._on_theme_changed)
        for change in self._list_changes():
            change.disconnect(self._show_list)

    # Building

    def _make_parts(self) -> None:
        self.picker = ClassifierPicker()
        self.buttons = ClassifyButtons()
        self.progress = ProgressRow(self.runner)
        EngineRest(self.runner, self)
        self.message = MessageRow(self.progress)
        self.top = TopView()
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.summary.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
        )
        self.summary.setAccessibleName("Summary")
        cache = ThumbnailCache(preference("storage.thumbnail_cache_mb", 200))
        self._thumbnails = Thumbnails(cache, self)
        self._crop_icons = CropIcons(self)
        self.order = OrderRow()
        self.cells = CellListView(CellListModel(self._thumbnails, self))
        self.matrix = ConfusionView()
        self.scores = ScoresView()
        self.welcome = QLabel()
        self.welcome.setWordWrap(True)
        self.welcome.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.calibration = CalibrationView()

    def _lay_out(self) -> None:
        listed = QWidget()
        column = QVBoxLayout(listed)
        column.setContentsMargins(0, 6, 0, 0)
        column.addWidget(self.order)
        column.addWidget(self.cells, 1)
        self.listed = listed
        self.confusion = QWidget()
        column = QVBoxLayout(self.confusion)
        column.setContentsMargins(0, 6, 0, 0)
        column.addWidget(hint("Labels by row, answers by column. Click to list."))
        column.addWidget(self.matrix, 1)
        self.calibrated = QWidget()
        # a plot wants more height than a low window has above the gallery
        fill_with_page(self.calibrated, self.calibration)
        self.tabs = Pages()
        for title, page in (
            ("Cells", listed),
            ("Confusion", self.confusion),
            ("Classes", self.scores),
            ("Calibration", self.calibrated),
        ):
            self.tabs.addTab(page, title)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(6, 6, 6, 6)
        for part in (self.picker, self.buttons, self.top, self.summary):
            layout.addWidget(part)
        layout.addWidget(self.welcome, 1)
        layout.addWidget(self.tabs, 1)
        fill_with_page(self, page, [self.message])
        self.setMinimumWidth(_MIN_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def _connect_parts(self) -> None:
        self.picker.chosen.connect(self._on_model_chosen)
        self.picker.failed.connect(self._on_part_failed)
        self.buttons.shown_wanted.connect(self.flow.classify)
        self.buttons.set_wanted.connect(self.flow.classify_set)
        self.buttons.export_wanted.connect(self._on_export_wanted)
        self.runner.busy_changed.connect(self._show_buttons)
        self.flow.told.connect(self.message.tell)
        self.flow.result_changed.connect(self._on_result_changed)
        self.flow.current_changed.connect(self._on_current_changed)
        self.cells.cell_chosen.connect(self._on_cell_chosen)
        self.order.order_chosen.connect(self._on_order_chosen)
        self.order.all_wanted.connect(self._on_all_wanted)
        self.matrix.field_chosen.connect(self._on_field_chosen)
        self.scores.class_chosen.connect(self._on_class_chosen)
        self.calibration.bin_chosen.connect(self._on_bin_chosen)

    def _connect_session(self) -> None:
        self._connected = True
        self.session.dataset_changed.connect(self._on_dataset_changed)
        self.session.sample_changed.connect(self._on_sample_changed)
        self._viewer.events.theme.connect(self._on_theme_changed)
        for change in self._list_changes():
            change.connect(self._show_list)

    def _list_changes(self) -> tuple[SignalInstance, ...]:
        events = self.model.events
        return events.order, events.field, events.between

    # Wishes

    @Slot(object)
    def _on_model_chosen(self, info: ClassifierInfo | None) -> None:
        self.model.model = info
        self._show_buttons()

    @Slot(object)
    def _on_part_failed(self, error: Exception) -> None:
        self.message.tell(str(error), True)

    @Slot(str)
    def _on_order_chosen(self, order: Order) -> None:
        self.model.order = order

    @Slot()
    def _on_all_wanted(self) -> None:
        self.model.between = None
        self.model.field = None

    @Slot()
    def _on_export_wanted(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, "Export classes", "classes.csv", "Tables (*.csv);;All files (*)"
        )
        if name:
            self.flow.export(Path(name))

    @Slot(int, int)
    def _on_field_chosen(self, row: int, column: int) -> None:
        report = self.model.report
        if report is None:
            return
        self.model.between = None
        self.model.field = (
            report.rows[row] if row >= 0 else None,
            report.columns[column] if column >= 0 else None,
        )
        self.tabs.setCurrentWidget(self.listed)

    @Slot(int)
    def _on_class_chosen(self, number: int) -> None:
        self._on_field_chosen(number, -1)

    @Slot(float, float)
    def _on_bin_chosen(self, low: float, high: float) -> None:
        self.model.field = None
        self.model.between = (low, high)
        self.tabs.setCurrentWidget(self.listed)

    @Slot(int)
    def _on_cell_chosen(self, row: int) -> None:
        self.flow.choose(row)
        if self.flow.crops is not None:
            self.objects.label_chosen.emit(int(self.flow.places[row]))

    # What has changed

    def _on_dataset_changed(self, *_: object) -> None:
        self._thumbnails.set_dataset(self.session.dataset)
        self._show_buttons()
        self._show_welcome()

    def _on_sample_changed(self, *_: object) -> None:
        self._link.unmark()
        self._link.follow(None)
        self._on_current_changed()
        self._show_welcome()

    @Slot()
    def _on_result_changed(self) -> None:
        model, flow = self.model, self.flow
        crops = flow.crops
        self._crop_icons.set_crops(() if crops is None else crops.pixels)
        self._link.follow(None if crops is None else flow.labels_layer)
        of_set = crops is None
        self.cells.cells.set_icons(self._thumbnails if of_set else self._crop_icons)
        report, table = model.report, model.table
        for page in (self.confusion, self.scores, self.calibrated):
            self.tabs.setTabVisible(self.tabs.indexOf(page), report is not None)
        self.tabs.setVisible(table is not None)
        if report is not None and table is not None:
            columns = (*table.titles, "not known")
            self.matrix.show_counts(report.confusion, report.row_titles, columns)
            self.scores.show_scores(report.classes)
            self.calibration.show_calibration(report.calibration)
        total = 0 if self.session.dataset is None else len(self.session.dataset.samples)
        self.summary.setText(summary_words(model, total if of_set else None))
        for part in (self.top, self.summary):
            part.setVisible(table is not None)
        self.welcome.setVisible(table is None)
        self._show_welcome()
        self._show_list()
        self._show_buttons()

    def _show_welcome(self) -> None:
        do = _DO_SINGLE if self.flow.single_cells else _DO_OBJECTS
        self.welcome.setText(open_first(self._viewer) or do)

    def _show_list(self, *_: object) -> None:
        model = self.model
        order = model.shown()
        of_set = self.flow.crops is None
        pictures = self.flow.places if of_set else np.arange(self.flow.places.size)
        self.cells.cells.show_cells(
            order, pictures, row_words(model, objects=not of_set)
        )
        narrowed = model.field is not None or model.between is not None
        labelled = any(model.truth)
        words = listed_words(model, len(order))
        self.order.synchronize(model.order, words, narrowed=narrowed, labelled=labelled)
        self.cells.show_cell(self.flow.current)

    @Slot()
    def _on_current_changed(self) -> None:
        self.cells.show_cell(self.flow.current)
        headline, note = top_words(self.model, self.flow.current)
        self.top.synchronize(headline, note, self._bars())

    def _bars(self) -> list[tuple[str, float, str]]:
        table, row = self.model.table, self.flow.current
        if table is None or row is None:
            return []
        colours = class_colours(len(table.classes))
        if not table.known[row]:
            colours = [UNKNOWN_COLOUR] * len(colours)
        bars = []
        for name, share in table.top(row, 3):
            at = table.classes.index(name)
            bars.append((table.titles[at], share, colours[at]))
        return bars

    @Slot()
    def _show_buttons(self, *_: object) -> None:
        self.buttons.synchronize(
            single_cells=self.flow.single_cells,
            busy=self.runner.busy,
            anything=self.model.table is not None,
        )

    def _on_theme_changed(self, *_: object) -> None:
        theme = get_theme(self._viewer.theme)
        self.calibration.set_colours(
            QColor(theme.background.as_hex()), QColor(theme.text.as_hex())
        )
