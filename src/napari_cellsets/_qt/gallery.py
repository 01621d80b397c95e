"""The Gallery dock: a whole set as pictures, narrowed, sorted and walked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.theme import get_theme
from qtpy.QtCore import QTimer, Slot
from qtpy.QtGui import QColor

from napari_cellsets._napari.browsing import read_marks
from napari_cellsets._napari.gallery_facts import CLASS, FactTable
from napari_cellsets._napari.gallery_items import Card, SampleItems
from napari_cellsets._napari.gallery_objects import look_at
from napari_cellsets._napari.gallery_review import VERDICT
from napari_cellsets._napari.preferences import preference
from napari_cellsets._napari.session import get_session
from napari_cellsets._napari.thumbnails import ThumbnailCache
from napari_cellsets._qt.docking import float_dock
from napari_cellsets._qt.gallery_bar import (
    OF_IMAGE,
    SAMPLES,
)
from napari_cellsets._qt.gallery_exports import GalleryExports
from napari_cellsets._qt.gallery_face import GalleryFace
from napari_cellsets._qt.gallery_fresh import FreshOffer
from napari_cellsets._qt.gallery_memory import GalleryMemory
from napari_cellsets._qt.gallery_reader import GalleryReader
from napari_cellsets._qt.gallery_verdicts import VerdictKeys
from napari_cellsets._qt.gallery_watch import GalleryWatch
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets._qt.switching import Switcher
from napari_cellsets.core.errors import CellsetsError, StoreError

if TYPE_CHECKING:
    import napari.viewer
    from qtpy.QtGui import QHideEvent
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.gallery_filter import GalleryFilter
    from napari_cellsets._napari.gallery_items import Items
    from napari_cellsets._napari.gallery_review import Read
    from napari_cellsets.catalogue import Dataset

#: Pictures are decoded at one of these sizes, px.
_DECODED = (144, 288)
#: Facts wait for the first screen, as they would take the time of its pictures;
#: where those take long, not for ever.
_FACTS_DELAY_MS, _FACTS_WAITS = 300, 5
_FILTER_DELAY_MS, _WALK_DELAY_MS, _MARKS_DELAY_MS = 120, 150, 400


class GalleryWidget(GalleryFace):
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
        self._items: Items | None = None
        self._reader = GalleryReader(self._session, self)
        self._cache = ThumbnailCache(preference("storage.thumbnail_cache_mb", 200))
        self._decoded = self._facts_waits = 0
        self._filter_timer = self._timer(_FILTER_DELAY_MS, self._on_filter_timeout)
        self._walk_timer = self._timer(_WALK_DELAY_MS, self._on_walk_timeout)
        self._facts_timer = self._timer(_FACTS_DELAY_MS, self._on_facts_timeout)
        self._marks_timer = self._timer(_MARKS_DELAY_MS, self._on_marks_timeout)
        if self._session.navigator is None:
            Switcher(self._session, self)
        self.verdicts = VerdictKeys(self)
        self.watch = GalleryWatch(self._session, self)
        self.exports = GalleryExports(self._session, self)
        self.fresh = FreshOffer(self._session, self, self._reader)
        self._memory = GalleryMemory(self)
        self._connect()
        self._memory.restore_look()
        self._on_dataset_changed(self._session.dataset)

    # What is shown

    @property
    def items(self) -> Items | None:
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
        self.view.show_row(self.model.row_of(item))
        if walk:
            self._walk_timer.start()

    def step(self, by: int) -> None:
        """Go on by so many items, and take the viewer along."""
        row = self.view.currentIndex().row() + by
        if 0 <= row < self.model.rowCount():
            self.show_item(self.model.item_at(row), walk=True)

    def set_filter(self, wanted: GalleryFilter) -> None:
        """Ask for this; shown at once."""
        self.show_wanted(wanted)
        self._show_facets(wanted)
        self._apply(wanted)

    def hideEvent(self, event: QHideEvent) -> None:
        """Keep how it looks: the window may be closing."""
        super().hideEvent(event)
        self._memory.keep()

    def stop(self) -> None:
        """Keep how it looks; the dock is taken away."""
        self._memory.keep()
        self._viewer.events.theme.disconnect(self._on_theme_changed)

    # Building

    def _connect(self) -> None:
        session = self._session
        follow(self, session.dataset_changed, self._on_dataset_changed)
        follow(self, session.sample_changed, self._on_sample_changed)
        follow(self, session.cells_changed, self._on_cells_changed)
        follow(self, session.truth_changed, self._on_cells_changed)
        self._viewer.events.theme.connect(self._on_theme_changed)
        self.bar.filter_changed.connect(self._filter_timer.start)
        self.bar.look_changed.connect(self._on_look_changed)
        self.bar.scope_changed.connect(self._read)
        self._reader.arrived.connect(self._on_read)
        self._reader.failed.connect(self.status.show_failure)
        self._reader.cancelled.connect(self._on_cancelled)
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
        self.show_set(is_open=dataset is not None)
        self._read()

    @Slot()
    def _read(self) -> None:
        """Show the samples at once and their facts soon; objects when found."""
        dataset, session = self._session.dataset, self._session
        self._memory.leave()
        self._reader.stop()
        self._items = None
        self.verdicts.take(None, self._classes)
        if dataset is None or self._scope != SAMPLES:
            self.pictures.serve(None)
            self.model.show_items(np.empty(0, np.intp))
        if dataset is None:
            return
        if self._scope == SAMPLES:
            self._show_items(SampleItems(dataset))
            self._facts_waits = 0
            self._facts_timer.start()
        else:
            self.status.shown.setText("Looking for objects …")
            one = self._scope == OF_IMAGE
            samples = [session.index] if one else range(len(dataset.samples))
            self._reader.read_objects(dataset, samples, self._cache)

    @Slot()
    def _on_facts_timeout(self) -> None:
        dataset = self._session.dataset
        if dataset is None or self._scope != SAMPLES:
            return
        self._facts_waits += 1
        if self._facts_waits < _FACTS_WAITS and not self.view.is_filled:
            self._facts_timer.start()
        else:
            self._reader.read_samples(dataset)

    @Slot()
    def _on_cancelled(self) -> None:
        self.bar.scope.setCurrentIndex(0)

    @property
    def _scope(self) -> str:
        return str(self.bar.scope.currentData())

    @property
    def _classes(self) -> tuple[str, ...] | None:
        """Classes that the pictures shown have by themselves; None for objects."""
        dataset = self._session.dataset
        if dataset is None or self._scope != SAMPLES:
            return None
        return dataset.classes if dataset.kind == "cells" else ()

    def _show_items(self, items: Items) -> None:
        """Show all in their own order, before anything is known of them."""
        self._items = items
        self._decoded = 0
        self.tree.clear()
        self._serve_pictures()
        self.model.show_items(np.arange(len(items)), items.card)
        self.view.show_row(self.model.row_of(self._session.index))
        self._show_counts()

    def _on_read(self, read: Read) -> None:
        items, review = read
        if items.dataset is not self._session.dataset:
            return
        if self._items is None:
            self._show_items(items)
        self._items = items
        if isinstance(review, StoreError):
            self.status.say(str(review))
        else:
            self.verdicts.take(review)
        self._read_marks()
        self._memory.restore(f"{items.dataset.identity}|{self._scope}")

    def _read_marks(self) -> None:
        items = self._items
        if items is None:
            return
        try:
            items.set_marks(read_marks(items.dataset, self._session.project))
            if self.verdicts.review is not None:
                self.verdicts.review.refresh()
        except CellsetsError as error:
            self.status.say(str(error))
        self.bar.offer_sorts(self.table.sorts())

    @Slot()
    def _on_marks_timeout(self) -> None:
        if self._items is not None and len(self._items.table):
            self._read_marks()
            self.show_said()

    def show_said(self) -> None:
        """Show what is said of the items by now; all stay where they are."""
        items, review = self._items, self.verdicts.review
        if items is None or not len(items.table):
            return
        if review is not None and review.classes is not None:
            self.verdicts.take(review)
            items.set_classes(review.classes)
            self._session.classes_changed.emit()
        self._show_facets(self.wanted())
        self.side.show_classes(self.table, self.model.order, items.colours)
        self.bar.offer_sorts(self.table.sorts())
        self.model.refresh()
        self.verdicts.show_progress()

    def _on_cells_changed(self) -> None:
        self._marks_timer.start()

    def _on_sample_changed(self, index: int) -> None:
        if self._items is None or self._session.dataset is not self._items.dataset:
            return
        if self._scope == SAMPLES:
            self.view.show_row(self.model.row_of(index))
        elif self._scope == OF_IMAGE:
            self._read()
        else:
            self._look_at_object()

    def _on_theme_changed(self, *_: object) -> None:
        theme = get_theme(self._viewer.theme)
        self.set_colours(QColor(theme.background.as_hex()), QColor(theme.text.as_hex()))

    # Following the person

    @Slot()
    def _on_filter_timeout(self) -> None:
        wanted = self.wanted()
        self._show_facets(wanted)
        self._apply(wanted)
        self._memory.keep_soon()

    @Slot()
    def _on_look_changed(self) -> None:
        self.show_facts()
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
        if self._items is None or row >= self.model.rowCount():
            return
        wanted = self.wanted()
        if self._scope == SAMPLES:
            ordered = wanted.narrows or wanted.sort or wanted.descending
            self._session.order = self.model.order.tolist() if ordered else None
        index = self._items.sample_of(self.model.item_at(row))
        if index != self._session.heading:
            self._session.go_to(index)
        else:
            self._look_at_object()

    def _look_at_object(self) -> None:
        """Put the current object into the middle of the view."""
        row, items = self.view.currentIndex().row(), self._items
        if items is None or row < 0:
            return
        item = self.model.item_at(row)
        box, layer = items.box_of(item), self._session.image_layer
        if box is not None and items.sample_of(item) == self._session.index and layer:
            look_at(self._viewer, layer, box)

    def _apply(self, wanted: GalleryFilter) -> None:
        items = self._items
        if items is None or not len(items.table):
            return
        order = wanted.apply(self.table)
        if not np.array_equal(order, self.model.order):
            here = self.view.currentIndex().row()
            item = self.model.item_at(here) if here >= 0 else self._session.index
            self.model.show_items(order, self._card)
            self.view.show_row(self.model.row_of(item))
        else:
            self.model.describe_by(self._card)
        self.side.show_classes(self.table, order, items.colours)
        self._show_counts()

    def _show_facets(self, wanted: GalleryFilter) -> None:
        items = self._items
        if items is not None and len(items.table):
            self.side.show_facets(self.table, wanted, items.colours)

    @Slot()
    def _show_counts(self) -> None:
        items = self._items
        if items is not None:
            spans = self.view.selectionModel().selection()
            chosen = sum(span.bottom() - span.top() + 1 for span in spans)
            shown = self.model.rowCount()
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
            self.pictures.serve(make, same=same)
