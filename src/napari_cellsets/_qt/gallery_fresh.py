"""Objects in the gallery that were corrected since: one press shows them anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Slot
from qtpy.QtWidgets import QToolButton

from napari_cellsets._napari.gallery_objects import ObjectItems
from napari_cellsets._napari.object_classes import object_classes
from napari_cellsets._qt.lifetimes import follow

if TYPE_CHECKING:
    from napari_cellsets._napari.session import Session
    from napari_cellsets._qt.gallery import GalleryWidget
    from napari_cellsets._qt.gallery_reader import GalleryReader


class FreshOffer(QToolButton):
    """Appears when what is listed was corrected; finding all anew may take a while.

    Parameters
    ----------
    session
        Where corrections are made.
    gallery
        Gets the button into the line below its pictures.
    reader
        Reads what the gallery lists.
    """

    def __init__(
        self, session: Session, gallery: GalleryWidget, reader: GalleryReader
    ) -> None:
        super().__init__(gallery.status)
        self._session, self._gallery = session, gallery
        self._before: tuple[int, int] | None = None
        self.setText("Corrected: refresh")
        self.setToolTip("Objects were corrected since: show them as they are now")
        self.setAutoRaise(True)
        gallery.status.layout().insertWidget(1, self)
        annotations = session.annotations
        for corrected in (
            session.cells_changed,
            session.truth_changed,
            annotations.corrections.changed,
            annotations.desk.acted,
            object_classes(session).said,
        ):
            follow(self, corrected, self._on_corrected)
        self.clicked.connect(self._on_clicked)
        # after the gallery has taken it
        reader.arrived.connect(self._settle, Qt.ConnectionType.QueuedConnection)
        self.hide()

    @Slot(object)
    def _settle(self, _read: object) -> None:
        """All is shown as it is; go back to the object that was looked at."""
        self.hide()
        items, before = self._gallery.items, self._before
        self._before = None
        if before is None or not isinstance(items, ObjectItems):
            return
        for item, crop in enumerate(items.crops):
            if (crop.sample, crop.number) == before:
                self._gallery.show_item(item)

    def _on_corrected(self, *_: object) -> None:
        if isinstance(self._gallery.items, ObjectItems):
            self.show()

    @Slot()
    def _on_clicked(self) -> None:
        gallery = self._gallery
        row, items = gallery.view.currentIndex().row(), gallery.items
        if row >= 0 and isinstance(items, ObjectItems):
            crop = items.crops[gallery.model.item_at(row)]
            self._before = crop.sample, crop.number
        gallery.bar.scope_changed.emit()
