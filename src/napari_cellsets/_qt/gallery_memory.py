"""How a gallery looked when napari closed: filter, size, place, selection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QItemSelection, QItemSelectionModel, QObject, QTimer, Slot

from napari_cellsets._napari.gallery_filter import filter_from
from napari_cellsets._napari.remembered import remember_state, remembered_state
from napari_cellsets._qt.gallery_bar import USUAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets._qt.gallery import GalleryWidget

_ROLE = "gallery"
_DELAY_MS = 1500
#: Sets whose filter and place are kept; samples of a selection that are.
_SETS, _CHOSEN = 20, 500


class GalleryMemory(QObject):
    """Keeps how a gallery looks, of the last sets that were open.

    Parameters
    ----------
    gallery
        The dock.
    """

    def __init__(self, gallery: GalleryWidget) -> None:
        super().__init__(gallery)
        self._gallery = gallery
        self._identity = ""
        self._timer = QTimer(self, singleShot=True, interval=_DELAY_MS)
        self._timer.timeout.connect(self.keep)

    def restore_look(self) -> None:
        """Size, grid or list, and facts as they were."""
        state, bar = remembered_state(_ROLE), self._gallery.bar
        size = state.get("size")
        bar.size.setValue(size if isinstance(size, int) else USUAL)
        bar.listed.setChecked(state.get("listed") is True)
        bar.facets.setChecked(state.get("facts") is True)
        bar.look_changed.emit()

    def restore(self, identity: str) -> None:
        """Filter, place and selection of a set as they were."""
        gallery = self._gallery
        state = _sets(remembered_state(_ROLE)).get(identity, {})
        gallery.set_filter(filter_from(state))
        self._identity = identity
        table = gallery.items.table if gallery.items is not None else None
        names = state.get("selected")
        if table is None or not isinstance(names, list):
            return
        rows = [gallery.model.row_of(table.place_of.get(name, -1)) for name in names]
        selection = QItemSelection()
        for row in rows:
            if row is not None:
                at = gallery.model.index(row)
                selection.select(at, at)
        flags = QItemSelectionModel.SelectionFlag.Select
        gallery.view.selectionModel().select(selection, flags)
        top = table.place_of.get(str(state.get("top")))
        row = gallery.model.row_of(top) if top is not None else None
        if row is not None:
            gallery.view.scroll_to_row(row)

    def leave(self) -> None:
        """Write it down now; what comes next is not of this set."""
        self.keep()
        self._identity = ""

    def keep_soon(self) -> None:
        """Write it down when the person rests."""
        self._timer.start()

    @Slot()
    def keep(self) -> None:
        """Write it down now."""
        self._timer.stop()
        gallery, before = self._gallery, remembered_state(_ROLE)
        sets = _sets(before)
        if self._identity and gallery.items is not None:
            sets.pop(self._identity, None)
            sets[self._identity] = self._of_set(gallery.items.table.names)
        last = dict(list(sets.items())[-_SETS:])
        state = {
            "size": gallery.bar.size.value(),
            "listed": gallery.bar.listed.isChecked(),
            "facts": gallery.bar.facets.isChecked(),
            "sets": last,
        }
        if state != before:
            remember_state(state, _ROLE)

    def _of_set(self, names: Sequence[str]) -> dict[str, Any]:
        gallery, model = self._gallery, self._gallery.model
        rows = gallery.view.chosen_rows()[:_CHOSEN]
        top = gallery.view.first_row
        shown = model.rowCount()
        return {
            **gallery.wanted().state(),
            "selected": [names[model.item_at(row)] for row in rows],
            "top": names[model.item_at(top)] if top < shown else "",
        }


def _sets(state: dict[str, Any]) -> dict[str, Any]:
    found = state.get("sets")
    kept = found if isinstance(found, dict) else {}
    return {name: said for name, said in kept.items() if isinstance(said, dict)}
