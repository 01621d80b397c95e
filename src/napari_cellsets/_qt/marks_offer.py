"""What docks for labels say where there are none: perhaps there are marks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from napari_cellsets._napari.docks import open_dock
from napari_cellsets._napari.open_first import open_first
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.docking import raise_dock
from napari_cellsets._qt.lifetimes import follow

if TYPE_CHECKING:
    import napari.viewer
    from qtpy.QtGui import QShowEvent


class MarksOffer(QWidget):
    """Says what to do, with a button for every layer of marks on screen.

    A button lets the layer be corrected and brings the Edit dock to the front.

    Parameters
    ----------
    viewer
        Where the marks are.
    words
        What to do where an image has no labels.
    about_marks
        What the buttons are for; said where there are marks.
    """

    def __init__(
        self, viewer: napari.viewer.Viewer, words: str, about_marks: str
    ) -> None:
        super().__init__()
        # layers are compared: all of them bare, none in napari's proxy
        self._viewer = getattr(viewer, "__wrapped__", viewer)
        self._desk = get_session(viewer).annotations.desk
        self._wanted = words
        self.words, self.about_marks = QLabel(), QLabel(about_marks)
        self.buttons: dict[str, QPushButton] = {}
        column = QVBoxLayout(self)
        column.addStretch(1)
        for label in (self.words, self.about_marks):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        self._offers = QVBoxLayout()
        column.addLayout(self._offers)
        column.addStretch(1)
        follow(self, self._desk.changed, self._on_changed)
        follow(self, get_session(viewer).sample_changed, self._say)
        self._on_changed()
        self._say()

    def showEvent(self, event: QShowEvent) -> None:
        """Say what is true now: a layer may have come or gone."""
        super().showEvent(event)
        self._say()

    def _say(self, *_: object) -> None:
        self.words.setText(open_first(self._viewer) or self._wanted)

    def _on_changed(self) -> None:
        headings = self._desk.headings
        self.about_marks.setVisible(bool(headings))
        if list(headings) == list(self.buttons):
            return
        for old in self.buttons.values():
            self._offers.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.buttons = {name: self._button(name, to) for name, to in headings.items()}

    def _button(self, name: str, heading: str) -> QPushButton:
        button = QPushButton(f"Correct {heading}")
        button.setToolTip("Select the layer and let it be corrected, the files stay")
        button.setAccessibleName(f"Correct {heading}")
        button.clicked.connect(partial(self._on_clicked, name))
        self._offers.addWidget(button)
        return button

    def _on_clicked(self, name: str, _checked: bool = False) -> None:
        self._desk.correct(self._viewer, name)
        dock = open_dock(self._viewer, "Edit")
        if dock is not None:
            raise_dock(dock)
