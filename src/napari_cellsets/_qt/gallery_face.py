"""The parts of the Gallery dock in their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QLabel, QSplitter, QVBoxLayout, QWidget

from napari_cellsets._qt.docking import DockContent
from napari_cellsets._qt.gallery_bar import GalleryBar, GalleryStatus
from napari_cellsets._qt.gallery_facets import FacetSide
from napari_cellsets._qt.gallery_model import GalleryModel
from napari_cellsets._qt.gallery_pictures import GalleryPictures
from napari_cellsets._qt.gallery_view import GalleryView

if TYPE_CHECKING:
    from qtpy.QtGui import QColor

WELCOME = (
    "No data set is open. Drop one on the Samples dock, and all its pictures are "
    "shown here."
)
_SIZE = QSize(900, 330)


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
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(4)
        for widget in (self.welcome, self.bar, self.split, self.status):
            layout.addWidget(widget, stretch=1 if widget is self.split else 0)

    def show_set(self, *, is_open: bool) -> None:
        """Show the gallery, or what to do without a data set."""
        self.welcome.setVisible(not is_open)
        for widget in (self.bar, self.split, self.status):
            widget.setVisible(is_open)

    def set_colours(self, background: QColor, text: QColor) -> None:
        """Follow the theme of the window."""
        self.plot.set_colours(background, text)

    def sizeHint(self) -> QSize:
        """Ask for a wide strip."""
        return _SIZE
