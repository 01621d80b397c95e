"""The parts of the Gallery dock in their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSplitter, QVBoxLayout, QWidget

from napari_cellsets._napari.gallery_filter import GalleryFilter
from napari_cellsets._qt.docking import DockContent
from napari_cellsets._qt.gallery_bar import GalleryBar, GalleryStatus
from napari_cellsets._qt.gallery_facets import FacetSide
from napari_cellsets._qt.gallery_model import GalleryModel
from napari_cellsets._qt.gallery_pictures import GalleryPictures
from napari_cellsets._qt.gallery_view import GalleryView

if TYPE_CHECKING:
    from qtpy.QtGui import QColor, QResizeEvent

WELCOME = (
    "No data set is open. Drop one on the Samples dock, and all its pictures are "
    "shown here."
)
_SIZE = QSize(900, 330)
#: In a dock lower than this, px, pictures get the place of facts, and in one that
#: is wide too that of the line below.
_LOW, _WIDE = 170, 1230
#: What the line says beside the bar is read to the end in this width, px.
_TOLD = 390
#: A page to work in needs a dock of this height, px.
_ROOMY = 260
_NO_ROOM = "No room for facts: make the dock taller, or press Large"


class GalleryFace(DockContent):
    """Bar, facts, pictures and status; says nothing by itself.

    Attributes
    ----------
    model
        The items in their order, with their `pictures`.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pictures = GalleryPictures(self)
        self.model = GalleryModel(self.pictures)
        self.bar = GalleryBar(self)
        self.view = GalleryView(self.model, self)
        self.status = GalleryStatus(self)
        self.welcome = QLabel(WELCOME, self)
        self.welcome.setWordWrap(True)
        self.welcome.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.side = FacetSide(self)
        self.tree, self.plot = self.side.tree, self.side.plot
        self.side.hide()
        self.split = QSplitter(Qt.Orientation.Horizontal, self)
        self.split.addWidget(self.side)
        self.split.addWidget(self.view)
        self.split.setStretchFactor(1, 1)
        self.split.setSizes([220, 680])
        self.split.setChildrenCollapsible(False)
        self._low = False
        self._lay_out()

    def show_set(self, *, is_open: bool) -> None:
        """Show the gallery, or what to do without a data set."""
        self.welcome.setVisible(not is_open)
        for widget in (self.bar, self.split, self.status):
            widget.setVisible(is_open)

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

    def show_wanted(self, wanted: GalleryFilter) -> None:
        """Show in the bar what is asked for; tells nobody."""
        bar = self.bar
        bar.blockSignals(True)
        bar.text.setText(wanted.text)
        bar.descending.setChecked(wanted.descending)
        bar.a_class.setValue(wanted.a_class)
        bar.set_seed(wanted.seed)
        bar.sort.setCurrentIndex(max(0, bar.sort.findData(wanted.sort)))
        bar.blockSignals(False)

    def show_page(self, page: QWidget) -> bool:
        """Show a page beside the pictures, or hide it again; False without room."""
        if self.height() < _ROOMY:
            return False
        shown = self.side.isVisible() and self.side.currentWidget() is page
        self.side.setCurrentWidget(page)
        self.bar.facets.setChecked(not shown)
        return True

    def show_facts(self) -> None:
        """Show facts where they are asked for and there is room for them."""
        self.bar.offer_facts(why_not=_NO_ROOM if self._low else "")
        self.side.setVisible(self.bar.facets.isChecked() and not self._low)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave as much of a low dock to the pictures as can be."""
        super().resizeEvent(event)
        low = event.size().height() < _LOW
        beside = low and event.size().width() >= _WIDE
        if low != self._low:
            self._low = low
            self.show_facts()
        if beside != (self._top.indexOf(self.status) >= 0):
            (self._top if beside else self._column).addWidget(self.status)
            self.status.setMinimumWidth(_TOLD if beside else 0)
            self.status.keys.setVisible(not beside)

    def set_colours(self, background: QColor, text: QColor) -> None:
        """Follow the theme of the window."""
        self.plot.set_colours(background, text)
        self.tree.set_colours(text)

    def sizeHint(self) -> QSize:
        """Ask for a wide strip."""
        return _SIZE

    def minimumSizeHint(self) -> QSize:
        """As small as it can be made: the line goes where there is room for it."""
        least, line = super().minimumSizeHint(), self.status
        if self._top.indexOf(line) >= 0:
            least.setWidth(least.width() - _TOLD - self._top.spacing())
        elif self.width() >= _WIDE and not line.isHidden():
            below = line.minimumSizeHint().height() + self._column.spacing()
            least.setHeight(least.height() - below)
        return least

    def _lay_out(self) -> None:
        self._top = QHBoxLayout()
        self._top.addWidget(self.bar, stretch=1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(6, 4, 6, 4)
        self._column.setSpacing(4)
        self._column.addWidget(self.welcome)
        self._column.addLayout(self._top)
        self._column.addWidget(self.split, stretch=1)
        self._column.addWidget(self.status)
