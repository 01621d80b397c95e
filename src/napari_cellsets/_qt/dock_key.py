"""A key of a dock as Qt hears it: the one that its person chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app_model.backends.qt import QKeyBindingSequence
from napari.utils.key_bindings import coerce_keybinding
from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence, QShortcut

from napari_cellsets._qt.lifetimes import follow

if TYPE_CHECKING:
    from qtpy.QtWidgets import QAbstractButton, QWidget

    from napari_cellsets._napari.key_map import KeyMap


class DockKey(QShortcut):
    """Hears the present key of a command while a widget has the keyboard.

    Parameters
    ----------
    keys, name
        The map and the command.
    heard_in
        The widget, with all in it.
    button
        Pressed by the key, which its tooltip tells.
    """

    def __init__(
        self,
        keys: KeyMap,
        name: str,
        heard_in: QWidget,
        button: QAbstractButton | None = None,
    ) -> None:
        super().__init__(heard_in)
        self._keys, self._name, self._button = keys, name, button
        self.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        if button is not None:
            self.activated.connect(button.click)
        follow(self, keys.changed, self._on_keys_changed)
        self._on_keys_changed()

    def _on_keys_changed(self) -> None:
        key = self._keys.keys[self._name]
        self.setKey(
            QKeyBindingSequence(coerce_keybinding(key)) if key else QKeySequence()
        )
        if self._button is not None:
            self._button.setToolTip(self._keys.tip(self._name))
