"""The Gallery dock: a whole set as pictures, narrowed, sorted and walked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.theme import get_theme
from qtpy.QtCore import QSize, Qt, QTimer, Slot
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QLabel, QSplitter, QTabWidget, QVBoxLayout, QWidget

from napari_cellsets._napari.browsing import read_marks
from napari_cellsets._napari.gallery_facts import CLASS, FactTable
from napari_cellsets._napari.gallery_filter import GalleryFilter, class_counts
from napari_cellsets._napari.gallery_items import Card, SampleItems
from napari_cellsets._napari.gallery_review import (
    VERDICT,
    GalleryReview,
    read_set,
)
from napari_cellsets._napari.preferences import preference
from napari_cellsets._napari.session import get_session
from napari_cellsets._napari.thumbnails import ThumbnailCache
from napari_cellsets._qt.docking import DockContent, float_dock
from napari_cellsets._qt.gallery_bar import GalleryBar, GalleryStatus
from napari_cellsets._qt.gallery_facets import ClassPlot, FacetTree
from napari_cellsets._qt.gallery_memory import GalleryMemory
from napari_cellsets._qt.gallery_model import GalleryModel
from napari_cellsets._qt.gallery_pictures import GalleryPictures
from napari_cellsets._qt.gallery_verdicts import VerdictKeys
from napari_cellsets._qt.gallery_view import GalleryView
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets._qt.switching import Switcher
from napari_cellsets.core.errors import CellsetsError, StoreError

if TYPE_CHECKING:
    import napari.viewer
    from qtpy.QtGui import QHideEvent

    from napari_cellsets._napari.gallery_review import Read
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken, Progress

WELCOME = (
    "No data set is open. Drop one on the Samples dock, and all its pictures are "
    "shown here."
)
#: Pictures are decoded at one of these sizes, px.
_DECODED = (144, 288)
_FILTER_DELAY_MS, _WALK_DELAY_MS, _MARKS_DELAY_MS = 120, 150, 400
_SIZE = QSize(900, 330)


class GalleryWidget(DockContent):
    """All samples of the open set as pictures.

    Parameters
    ----------
    viewer
        Its session holds the data set.
    """

    def __init__(
        self, viewer: napari.viewer.Viewer, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._session = get_session(viewer)
        self._items: SampleItems | None = None
        self._runner = JobRunner(self)
        self._cache = ThumbnailCache(preference("storage.thumbnail_cache_mb", 200))
        self._pictures = GalleryPictures(self)
        self._model = GalleryModel(self._pictures)
        self._decoded = 0
        self._filter_timer = self._timer(_FILTER_DELAY_MS, self._on_filter_timeout)
        self._walk_timer = self._timer(_WALK_DELAY_MS, self._on_walk_timeout)
        self._marks_timer = self._timer(_MARKS_DELAY_MS, self._on_marks_timeout)
        if self._session.navigator is None:
            Switcher(self._session, self)
        self._build()
        self.verdicts = VerdictKeys(self)
        self._memory = GalleryMemory(self)
        self._connect()
        self._memory.restore_look()
        self._on_dataset_changed(self._session.dataset)

    # What is shown

    @property
    def items(self) -> SampleItems | None:
        """What is shown; None without a data set."""
        return self._items

    @property
    def table(self) -> FactTable:
        """What is known of the items, with what reviewers said."""
        if self._items is None:
            return FactTable(())
        table, review = self._items.table, self.verdicts.review
        if review is None or not len(table):
            return table
        return table.with_columns({VERDICT: review.column})

    def show_item(self, item: int, *, walk: bool = False) -> None:
        """Make an item the current one; `walk` takes the viewer along."""
        self.view.show_row(self._model.row_of(item))
        if walk:
            self._walk_timer.start()

    def step(self, by: int) -> None:
        """Go on by so many items, and take the viewer along."""
        row = self.view.currentIndex().row() + by
        if 0 <= row < self._model.rowCount():
            self.show_item(self._model.item_at(row), walk=True)

    @property
    def model(self) -> GalleryModel:
        """The items in their order."""
        return self._model

    def wanted(self) -> GalleryFilter:
        """Return what the person asks for."""
        bar = self.bar
        return GalleryFilter(
            bar.text.text(),
            self.tree.chosen(),
            bar.sort.currentData() or "",
            bar.descending.isChecked(),
            bar.a_class.value(),
            bar.seed,
        )

    def set_filter(self, wanted: GalleryFilter) -> None:
        """Ask for this; shown at once."""
        bar = self.bar
        bar.blockSignals(True)
        bar.text.setText(wanted.text)
        bar.descending.setChecked(wanted.descending)
        bar.a_class.setValue(wanted.a_class)
        bar.set_seed(wanted.seed)
        bar.sort.setCurrentIndex(max(0, bar.sort.findData(wanted.sort)))
        bar.blockSignals(False)
        self._show_facets(wanted)
        self._apply(wanted)

    def sizeHint(self) -> QSize:
        """Ask for a wide strip."""
        return _SIZE

    def hideEvent(self, event: QHideEvent) -> None:
        """Keep how it looks: the window may be closing."""
        super().hideEvent(event)
        self._memory.keep()

    def stop(self) -> None:
        """Keep how it looks; the dock is taken away."""
        self._memory.keep()
        self._viewer.events.theme.disconnect(self._on_theme_changed)

    # Building

    def _build(self) -> None:
        self.bar = GalleryBar(self)
        self.tree = FacetTree(self)
        self.plot = ClassPlot(self)
        self.view = GalleryView(self._model, self)
        self.status = GalleryStatus(self)
        self.welcome = QLabel(WELCOME, self)
        self.welcome.setWordWrap(True)
        self.welcome.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.side = QTabWidget(self)
        self.side.setDocumentMode(True)
        self.side.addTab(self.tree, "Facts")
        self.side.addTab(self.plot, "Classes")
        self.side.hide()
        self.split = QSplitter(Qt.Orientation.Horizontal, self)
        self.split.addWidget(self.side)
        self.split.addWidget(self.view)
        self.split.setStretchFactor(1, 1)
        self.split.setSizes([220, 680])
        self.split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(4)
        for widget in (self.welcome, self.bar, self.split, self.status):
            layout.addWidget(widget, stretch=1 if widget is self.split else 0)

    def _connect(self) -> None:
        session = self._session
        follow(self, session.dataset_changed, self._on_dataset_changed)
        follow(self, session.sample_changed, self._on_sample_changed)
        follow(self, session.cells_changed, self._on_cells_changed)
        follow(self, session.truth_changed, self._on_cells_changed)
        self._viewer.events.theme.connect(self._on_theme_changed)
        self.bar.filter_changed.connect(self._filter_timer.start)
        self.bar.look_changed.connect(self._on_look_changed)
        self.bar.large.toggled.connect(self._on_large_toggled)
        self.tree.changed.connect(self._filter_timer.start)
        self.plot.class_chosen.connect(self._on_class_chosen)
        self.view.opened.connect(self._on_row_opened)
        self.view.walked.connect(self._walk_timer.start)
        self.view.selectionModel().selectionChanged.connect(self._show_counts)
        self._on_theme_changed()

    def _timer(self, interval: int, slot: Any) -> QTimer:
        timer = QTimer(self, singleShot=True, interval=interval)
        timer.timeout.connect(slot)
        return timer

    # Following the session

    def _on_dataset_changed(self, dataset: Dataset | None) -> None:
        self.welcome.setVisible(dataset is None)
        for widget in (self.bar, self.split, self.status):
            widget.setVisible(dataset is not None)
        self._memory.keep()
        self._runner.stop()
        self._items = self.verdicts.review = None
        if dataset is None:
            self._pictures.serve(None)
            self._model.show_items(np.empty(0, np.intp))
            return
        self._show_items(SampleItems(dataset))

        session = self._session

        def work(_token: CancelToken, _progress: Progress) -> Read:
            return read_set(dataset, lambda: session.project)

        self._runner.start(work, title="Facts", done=self._on_facts, quiet=True)

    def _show_items(self, items: SampleItems) -> None:
        """Show all in their own order, before anything is known of them."""
        self._items = items
        self._decoded = 0
        self.tree.clear()
        self._serve_pictures()
        self._model.show_items(np.arange(len(items)), items.card)
        self.view.show_row(self._model.row_of(self._session.index))
        self._show_counts()

    def _on_facts(self, read: Read) -> None:
        (table, review), dataset = read, self._session.dataset
        if dataset is None or len(table) != len(dataset.samples):
            return
        self._items = SampleItems(dataset, table)
        self.verdicts.review = review if isinstance(review, GalleryReview) else None
        if isinstance(review, StoreError):
            self.status.review.setText(str(review))
        self._read_marks()
        self._memory.restore(dataset.identity)

    def _sorts(self) -> list[str]:
        if self._items is None:
            return []
        table = self.table
        telling = [n for n, column in table.columns.items() if len(column.values) > 1]
        return list(dict.fromkeys([*telling, *table.numbers]))

    def _read_marks(self) -> None:
        items = self._items
        if items is None:
            return
        try:
            items.set_marks(read_marks(items.dataset, self._session.project))
            if self.verdicts.review is not None:
                self.verdicts.review.refresh()
        except CellsetsError as error:
            self.status.review.setText(str(error))
        self.bar.offer_sorts(self._sorts())

    @Slot()
    def _on_marks_timeout(self) -> None:
        if self._items is not None and len(self._items.table):
            self._read_marks()
            self._show_facets(self.wanted())
            self._model.refresh()

    def _on_cells_changed(self) -> None:
        self._marks_timer.start()

    def _on_sample_changed(self, index: int) -> None:
        if self._items is not None and self._session.dataset is self._items.dataset:
            self.view.show_row(self._model.row_of(index))

    def _on_theme_changed(self, *_: object) -> None:
        theme = get_theme(self._viewer.theme)
        self.plot.set_colours(
            QColor(theme.background.as_hex()), QColor(theme.text.as_hex())
        )

    # Following the person

    @Slot()
    def _on_filter_timeout(self) -> None:
        wanted = self.wanted()
        self._show_facets(wanted)
        self._apply(wanted)
        self._memory.keep_soon()

    @Slot()
    def _on_look_changed(self) -> None:
        self.side.setVisible(self.bar.facets.isChecked())
        self.view.show_as(self.bar.size.value(), listed=self.bar.listed.isChecked())
        self._serve_pictures()
        self._memory.keep_soon()

    @Slot(bool)
    def _on_large_toggled(self, large: bool) -> None:
        float_dock(self, floating=large)

    def _on_row_opened(self, row: int) -> None:
        self._open(row)
        self._memory.keep_soon()

    @Slot()
    def _on_walk_timeout(self) -> None:
        row = self.view.currentIndex().row()
        if row >= 0:
            self._open(row)

    def _on_class_chosen(self, name: str) -> None:
        wanted = self.wanted()
        others = {key: v for key, v in wanted.chosen.items() if key != CLASS}
        if wanted.chosen.get(CLASS) != (name,):
            others[CLASS] = (name,)
        self.set_filter(replace(wanted, chosen=others))

    # Inside

    def _open(self, row: int) -> None:
        """Show the sample of a row; page keys go on from there in this order."""
        if self._items is None or row >= self._model.rowCount():
            return
        wanted = self.wanted()
        ordered = wanted.narrows or wanted.sort or wanted.descending
        self._session.order = self._model.order.tolist() if ordered else None
        index = self._items.sample_of(self._model.item_at(row))
        if index != self._session.heading:
            self._session.go_to(index)

    def _apply(self, wanted: GalleryFilter) -> None:
        items = self._items
        if items is None or not len(items.table):
            return
        order = wanted.apply(self.table)
        if not np.array_equal(order, self._model.order):
            here = self.view.currentIndex().row()
            item = self._model.item_at(here) if here >= 0 else self._session.index
            self._model.show_items(order, self._card)
            self.view.show_row(self._model.row_of(item))
        else:
            self._model.describe_by(self._card)
        self._show_classes()
        self._show_counts()

    def _show_facets(self, wanted: GalleryFilter) -> None:
        items = self._items
        if items is not None and len(items.table):
            facets = wanted.facets(self.table)
            self.tree.show_facets(facets, wanted.chosen, items.colours)

    def _show_classes(self) -> None:
        items = self._items
        if items is None:
            return
        counts = class_counts(items.table, self._model.order)
        self.side.setTabVisible(1, len(counts) > 1)
        self.plot.show_counts(counts, items.colours)

    @Slot()
    def _show_counts(self) -> None:
        items = self._items
        if items is not None:
            spans = self.view.selectionModel().selection()
            chosen = sum(span.bottom() - span.top() + 1 for span in spans)
            shown = self._model.rowCount()
            self.status.show_counts(shown, len(items), chosen, items.noun)
            self.verdicts.show_progress()

    def _card(self, item: int) -> Card:
        items = self._items
        card = Card("") if items is None else items.card(item)
        return self.verdicts.with_verdict(item, card)

    def _serve_pictures(self) -> None:
        """Decode at the scale that the size on screen needs."""
        if self._items is None:
            return
        needed = self.bar.size.value() * self.devicePixelRatioF()
        size = next((s for s in _DECODED if s >= needed), _DECODED[-1])
        if size != self._decoded:
            same = self._decoded > 0
            self._decoded = size
            make = self._items.maker(self._cache, size)
            self._pictures.serve(make, same=same)
