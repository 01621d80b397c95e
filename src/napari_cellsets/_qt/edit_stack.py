"""Parts of the Edit dock for masks that overlap and for masks of classes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer, Signal, Slot
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from napari_cellsets._napari.class_adding import add_class_on
from napari_cellsets._napari.edit_acts import COMMANDS
from napari_cellsets._napari.object_classes import object_classes
from napari_cellsets._napari.session import get_session
from napari_cellsets._napari.stack_view import StackView
from napari_cellsets._qt.class_adder import ClassAdder
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets._qt.swatches import swatch

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_cellsets._napari.edit_desk import EditDesk

_CALM_MS = 80
"""So long after the last change the outlines are drawn."""


class StackRow(QWidget):
    """What only overlapping objects need; hidden for all other layers.

    Parameters
    ----------
    desk
        Whose layer.
    """

    wanted = Signal(str)

    def __init__(self, desk: EditDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.view = StackView(desk)
        self.buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        for name, command in COMMANDS.items():
            if command.group == "stack":
                button = self.buttons[name] = QPushButton(command.word)
                button.setMinimumWidth(1)
                button.clicked.connect(partial(self._on_clicked, name))
                row.addWidget(button, 1)
        self.all = QCheckBox("Outline all")
        self.all.setChecked(self.view.wanted)
        self.all.setToolTip("Outline the objects of all planes, not of this one alone")
        self.all.toggled.connect(self._on_all_toggled)
        row.addWidget(self.all)
        self._timer = QTimer(self, singleShot=True, interval=_CALM_MS)
        self._timer.timeout.connect(self.view.draw)
        follow(self, self.view.due, self._on_due)
        self._timer.start()
        follow(self, desk.target_changed, self._on_target_changed)
        follow(self, desk.selection_changed, self._on_target_changed)
        self._on_target_changed()

    def stop(self) -> None:
        """Outline nothing any more."""
        self._timer.stop()
        self.view.stop()

    def _on_due(self) -> None:
        self._timer.start()

    @Slot(bool)
    def _on_all_toggled(self, wanted: bool) -> None:
        self.view.wanted = wanted

    def _on_clicked(self, name: str, _checked: bool = False) -> None:
        self.wanted.emit(name)

    def _on_target_changed(self, *_: object) -> None:
        editor = self._desk.editor
        stacked = editor is not None and editor.stacked
        self.setVisible(stacked)
        if editor is not None and stacked:
            editable = not self._desk.why_not()
            self.buttons["new"].setEnabled(editable)
            self.buttons["apart"].setEnabled(editable and len(editor.selected) == 1)


class ClassRow(QWidget):
    """The class that the brush paints; hidden where the layer has no classes.

    Parameters
    ----------
    desk
        Whose layer.
    """

    chosen = Signal(int)

    def __init__(self, desk: EditDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._layer: Labels | None = None
        self.box = QComboBox()
        self.box.setAccessibleName("Class to paint")
        self.box.setToolTip("Class that brush and fill give to pixels")
        self.box.setMinimumContentsLength(8)
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.box.activated.connect(self._on_activated)
        self.adder = ClassAdder(self._add_class, self.box)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("Class"))
        row.addWidget(self.adder, 1)
        follow(self, desk.target_changed, self._on_target_changed)
        if desk.viewer is not None:
            listed = object_classes(get_session(desk.viewer)).listed
            follow(self, listed, self._on_target_changed)
            shaded = get_session(desk.viewer).annotations.shaded
            follow(self, shaded, self._on_target_changed)
        self._on_target_changed()

    def stop(self) -> None:
        """Hear no more of the layer."""
        self._hear(None)

    def step(self) -> None:
        """Take the next class."""
        if self.box.count():
            self.box.setCurrentIndex((self.box.currentIndex() + 1) % self.box.count())
            self._on_activated(self.box.currentIndex())

    def _add_class(self, name: str) -> None:
        """Add a class and take it in hand."""
        viewer, layer = self._desk.viewer, self._layer
        if viewer is not None and layer is not None:
            add_class_on(get_session(viewer), self._desk, layer, name)
            self._on_target_changed()
            self._on_activated(self.box.findText(name.strip()))

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        value: Any = self.box.itemData(index)
        if self._layer is not None and value is not None:
            self._layer.selected_label = int(value)
            self.chosen.emit(int(value))

    def _on_target_changed(self, *_: object) -> None:
        viewer, target = self._desk.viewer, self._desk.target
        classes = {}
        if viewer is not None and target is not None:
            classes = get_session(viewer).annotations.classes_in(target)
        self._hear(target if classes else None)
        self.box.clear()
        for value, (name, colour) in sorted(classes.items()):
            self.box.addItem(QIcon(swatch(colour)), name, value)
        self.setVisible(bool(classes))
        self._on_label_changed()

    def _hear(self, layer: Labels | None) -> None:
        if self._layer is not None:
            self._layer.events.selected_label.disconnect(self._on_label_changed)
        self._layer = layer
        if layer is not None:
            layer.events.selected_label.connect(self._on_label_changed)

    def _on_label_changed(self, event: Any = None) -> None:
        if self._layer is not None:
            self.box.setCurrentIndex(self.box.findData(int(self._layer.selected_label)))
