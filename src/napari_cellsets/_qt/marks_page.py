"""The page of the Edit dock for points, boxes and outlines."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QTimer, Signal, Slot
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._napari.class_adding import add_class
from napari_cellsets._napari.edit_desk import edit_desk
from napari_cellsets._napari.marks_begin import begin_marks, layers_for
from napari_cellsets._napari.marks_words import NOUNS, counted
from napari_cellsets._napari.session import get_session
from napari_cellsets._napari.shown_box import show_box
from napari_cellsets._qt.class_adder import ClassAdder
from napari_cellsets._qt.edit_history import HistoryView
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets._qt.marks_classes import ClassRow, MarkClasses
from napari_cellsets.core.errors import EditError

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_cellsets._napari.history_acts import Act

_LOCKED = (
    "These are the data set's own. You can correct them; its files stay as they are."
)
_HINTS = {
    "points": "P adds points, S selects and moves, Delete removes.",
    "boxes": "R draws a box, S selects, moves and resizes, Delete removes.",
    "polygons": (
        "P draws an outline, S selects and moves, D moves its points, I adds one,"
        " X takes one away, Delete removes the outline."
    ),
}
_UNDO = " Ctrl+Z undoes, Ctrl+Shift+Z does again."
_EMPTY = "Nothing was changed yet. Every correction will stand here."
_FLASH_MS = 900


class MarksPage(QWidget):
    """Corrects the marks of the selected layer; nothing where it has none.

    Parameters
    ----------
    viewer
        The bare model.
    """

    shown = Signal()
    """Another layer is selected: one of marks, or one of something else."""
    told = Signal(str, bool)
    """A sentence for the dock, and whether it is about something that failed."""

    def __init__(self, viewer: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._session = get_session(viewer)
        self._desk = self._session.annotations.desk
        self.layer: Layer | None = None
        self._flash = QTimer(self, singleShot=True, interval=_FLASH_MS)
        self._flash.timeout.connect(self._on_flash_over)
        self._make_parts()
        follow(self, self._desk.changed, self._on_changed)
        follow(self, self._desk.told, self._on_told)
        follow(self, self._desk.overtaken, self._on_overtaken)
        follow(self, self._desk.log.changed, self._on_log_changed)
        self._active = viewer.layers.selection.events.active
        self._active.connect(self._on_active_changed)
        self._on_active_changed()

    def stop(self) -> None:
        """Hear no more of the viewer."""
        self._active.disconnect(self._on_active_changed)
        self._flash.stop()

    def _make_parts(self) -> None:
        self.title = QLabel()
        self.title.setWordWrap(True)
        self.title.setAccessibleName("Layer that is corrected")
        self.correct = QCheckBox("Correct these marks")
        self.correct.clicked.connect(self._on_correct_clicked)
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.hint.setAccessibleName("How to correct")
        self.classes = MarkClasses()
        self.classes.chosen.connect(self._on_class_chosen)
        self.classes.model.key_wanted.connect(self._on_key_wanted)
        self.adder = ClassAdder(self._add_class)
        self.selected = QLabel()
        self.selected.setWordWrap(True)
        self.selected.setAccessibleName("Selected marks")
        self.history = HistoryView()
        self.history.empty.setText(_EMPTY)
        self.history.chosen.connect(self._on_act_chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for part in (self.title, self.correct, self.hint, self.classes):
            column.addWidget(part)
        column.addWidget(self.adder)
        column.addWidget(self.selected)
        column.addWidget(self.history, 1)

    # Wishes

    @Slot(bool)
    def _on_correct_clicked(self, wanted: bool) -> None:
        if self.layer is not None:
            self._desk.unlock(self.layer, wanted)

    @Slot(str)
    def _on_class_chosen(self, name: str) -> None:
        self._desk.choose_class(name, self.layer)

    def _add_class(self, name: str) -> None:
        """Add a class and take it in hand; selected marks get it."""
        turn = add_class(self._session, name)
        if self.layer is not None:
            self._desk.note(self.layer, f"New class: {name.strip()}", turn)
        self._desk.choose_class(name.strip(), self.layer)

    @Slot(str, str)
    def _on_key_wanted(self, name: str, key: str) -> None:
        try:
            self._desk.class_keys.choose(name, key)
        except EditError as error:
            self.told.emit(str(error), True)
        else:
            self.told.emit("", False)

    @Slot(object)
    def _on_act_chosen(self, act: Act) -> None:
        if self.layer is None or act.box is None:
            return
        show_box(self._viewer, self.layer, act.box)
        (top, bottom), (left, right) = ((s.start, s.stop) for s in act.box)
        corners = [[top, left], [top, right], [bottom, right], [bottom, left]]
        path = np.array([*corners, corners[0]], np.float64) - 0.5
        edit_desk(self._viewer).marks.draw(self.layer, [path])
        self._flash.start()

    # What has changed

    def _on_flash_over(self) -> None:
        edit_desk(self._viewer).marks.clear_drawn()

    def _on_overtaken(self) -> None:
        # not in the middle of the act that was refused
        QTimer.singleShot(0, self._session.reload)

    def _on_told(self, text: str, failed: bool) -> None:
        self.told.emit(text, failed)

    def _on_log_changed(self, layer: object) -> None:
        if layer is self.layer and self._desk.log.of(self.layer):
            self.told.emit("", False)

    def _on_active_changed(self, _event: Any = None) -> None:
        active = self._viewer.layers.selection.active
        known = active if self._desk.name_of(active) else None
        if active is not None and edit_desk(self._viewer).marks.owns(active):
            return
        if known is not self.layer:
            self.layer = known
            self.told.emit("", False)
            self.shown.emit()
        self._on_changed()

    def _on_changed(self) -> None:
        layer = self.layer
        name = self._desk.name_of(layer)
        if layer is None or not name:
            if layer is not None:
                self.layer = None
                self.shown.emit()
            return
        editor = self._desk.editor_of(layer)
        _, drawn = self._session.annotations.marks[name]
        noun = NOUNS[drawn.marks][1]
        self.title.setText(f"Layer: {self._desk.headings[name]}")
        self.correct.setText(f"Correct these {noun}")
        self.correct.setChecked(editor is not None)
        self.hint.setText(_LOCKED if editor is None else _HINTS[drawn.marks] + _UNDO)
        self._show_classes(Counter(drawn.classes))
        self.classes.setEnabled(editor is not None)
        self.adder.setEnabled(editor is not None)
        self._show_selected()
        acts = self._desk.log.of(layer)
        self.history.synchronize(acts, self._desk.earlier_acts(layer))

    def _show_classes(self, counts: Counter[str]) -> None:
        desk = self._desk
        rows = [
            ClassRow(name, self._session.annotations.colour_of(name), key, counts[name])
            for name, key in zip(desk.classes, desk.keys, strict=True)
        ]
        self.classes.synchronize(rows, desk.class_name)

    def _show_selected(self) -> None:
        editor = self._desk.editor_of(self.layer)
        if editor is None or self.layer is None:
            self.selected.setText("")
            self.selected.hide()
            return
        rows = editor.selected
        words = "Nothing is selected: a class that you choose is for new ones."
        if len(rows) == 1:
            origin = self._desk.origin_of(self.layer, rows[0])
            words = f"1 is selected: {rows[0].class_name}, {origin}."
        elif rows:
            words = f"{counted(len(rows), editor.kind)} are selected."
        self.selected.setText(words)
        self.selected.show()


class MarksStart(QWidget):
    """Buttons that start to mark by hand."""

    def __init__(self, viewer: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._session = get_session(viewer)
        self.buttons: dict[str, QPushButton] = {}
        self.menu = QMenu(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 6, 0)
        row.addWidget(QLabel("Mark by hand"))
        for kind, (_, many) in NOUNS.items():
            button = self.buttons[kind] = QPushButton(many.capitalize())
            button.setToolTip(
                f"Draw {many} in this image: in the layer that has some, or a new one"
            )
            button.setAccessibleName(f"Mark {many} by hand")
            button.clicked.connect(partial(self._on_clicked, kind))
            row.addWidget(button, 1)
        follow(self, self._session.sample_changed, self._on_sample_changed)
        self._on_sample_changed()

    def _on_clicked(self, kind: str, _checked: bool = False) -> None:
        """Go on in the layer of this kind; where there are several, ask which."""
        names = layers_for(self._viewer, self._session.annotations, kind)
        if len(names) < 2:
            self._begin(kind, *names)
            return
        self.menu.clear()
        headings = self._session.annotations.desk.headings
        for name in names:
            into = self.menu.addAction(f"In {headings[name]}")
            into.triggered.connect(partial(self._on_chosen, kind, name))
        self.menu.addSeparator()
        new = self.menu.addAction("In a new layer")
        new.triggered.connect(partial(self._on_chosen, kind, ""))
        button = self.buttons[kind]
        self.menu.popup(button.mapToGlobal(button.rect().topLeft()))

    def _on_chosen(self, kind: str, name: str, _checked: bool = False) -> None:
        self._begin(kind, name)

    def _begin(self, kind: str, name: str = "") -> None:
        session = self._session
        below = (session.truth_layer, session.cells_layer)
        begin_marks(self._viewer, session.annotations, kind, below, name)

    def _on_sample_changed(self, *_: object) -> None:
        self.setVisible(self._session.picture is not None)
