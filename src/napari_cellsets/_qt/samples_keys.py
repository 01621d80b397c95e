"""The keys of the Samples dock, to read and to change in the place of the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Slot
from qtpy.QtWidgets import QSizePolicy

from napari_cellsets._qt.dock_key import DockKey
from napari_cellsets._qt.edit_key_map import KeyMapView

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.walk_keys import WalkKeys
    from napari_cellsets._qt.samples_parts import SampleView, StepRow

_HINT = (
    "They work on the image and in this dock. Arrow keys go through the list. "
    "Double-click a key to change it."
)


class SampleKeys(KeyMapView):
    """Hears the keys in the dock, and shows them where the list is.

    Parameters
    ----------
    keys
        Of the session.
    steps
        Its buttons are pressed by the keys.
    view
        The list; hidden while the keys are shown.
    dock
        Where the keys are heard.
    """

    def __init__(
        self, keys: WalkKeys, steps: StepRow, view: SampleView, dock: QWidget
    ) -> None:
        super().__init__(keys, _HINT, dock)
        self._view, self._steps = view, steps
        for name, button in (
            ("on", steps.on),
            ("back", steps.back),
            ("keys", steps.keys),
        ):
            DockKey(keys, name, dock, button)
        # as high as the list was: the dock does not begin to scroll
        flat = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.table.setSizePolicy(flat)
        steps.keys.toggled.connect(self._on_toggled)
        self.hide()

    @Slot(bool)
    def _on_toggled(self, shown: bool) -> None:
        self.setVisible(shown)
        self._view.setHidden(shown)
        (self.table if shown else self._view).setFocus()
