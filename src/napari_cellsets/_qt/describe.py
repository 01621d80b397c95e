"""*Describe a folder*: what is there, which files pair, and a row of one's own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, QTimer, Signal, Slot
from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets.catalogue.describe import Draft, look, preview, save_row
from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue.describe import Found, Masks, Preview
    from napari_cellsets.core.cancel import CancelToken, Progress

_TYPING_MS = 300
_FOUND_HEIGHT = 96
_SIZE = (760, 620)
_HELP = (
    "{stem} is the part of the name that picture and mask share; {name} is any text, "
    "{name#} digits, {inner**} any folders, {ext} the suffix of a picture."
)
MASKS: dict[str, Masks] = {
    "cells; each file shows how": "either",
    "cells in one colour, apart from each other": "components",
    "cells, each with a number of its own": "instances",
    "classes of pixels": "classes",
}


class DescribeDialog(QDialog):
    """Looks at a folder, lets the person say how its files are named, keeps that.

    Parameters
    ----------
    path
        The folder or archive.
    parent
        The dock; jobs end with this dialog.
    """

    chosen = Signal(object, str)
    """Open this path as the row of this key."""

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Describe {path.name}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._path = path
        self.found: Found | None = None
        self.runner = JobRunner(self, mirrored=False)
        self._timer = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._timer.timeout.connect(self._on_timer_timeout)
        self._make_parts()
        self._lay_out()
        self._connect()
        self._set_ready(False)
        self.runner.start(
            partial(_look, path),
            title=f"Look at {path.name}",
            done=self._on_looked,
            failed=self._on_failed,
            quiet=True,
        )

    def sizeHint(self) -> QSize:
        """Fit a small window."""
        return QSize(*_SIZE)

    def draft(self) -> Draft:
        """What the person has described so far."""
        classes = (name.strip() for name in self.classes.text().split(","))
        return Draft(
            self.title.text(),
            self.images.text().strip(),
            self.truth.text().strip(),
            MASKS[self.masks.currentText()],
            tuple(name for name in classes if name),
        )

    # Building

    def _make_parts(self) -> None:
        self.there = QPlainTextEdit("Looking …", self)
        self.there.setReadOnly(True)
        self.there.setFixedHeight(_FOUND_HEIGHT)
        self.there.setAccessibleName("What was found")
        self.matches = QComboBox(self)
        self.matches.setAccessibleName("Known data sets that fit")
        self.open_button = QPushButton("Open as this", self)
        self.open_button.setToolTip("Open the folder as the data set chosen here")
        self.title, self.images = QLineEdit(self), QLineEdit(self)
        self.truth, self.classes = QLineEdit(self), QLineEdit(self)
        self.truth.setPlaceholderText("none")
        self.classes.setPlaceholderText("names with commas between; the first is 1")
        self.masks = QComboBox(self)
        self.masks.addItems(list(MASKS))
        self.help = QLabel(_HELP, self)
        self.help.setWordWrap(True)
        self.summary = QLabel(self)
        self.summary.setWordWrap(True)
        self.summary.setAccessibleName("What pairs")
        self.pairs = QTreeWidget(self)
        self.pairs.setHeaderLabels(["Picture", "Mask"])
        self.pairs.setRootIsDecorated(False)
        self.pairs.setUniformRowHeights(True)
        self.pairs.setAccessibleName("Pairs")
        self.pairs.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.save_button = QPushButton("Save and open", self)
        self.save_button.setToolTip("Keep this as a row of your own and open the set")
        self.cancel_button = QPushButton("Cancel", self)

    def _lay_out(self) -> None:
        self._known = QWidget(self)
        known = QHBoxLayout(self._known)
        known.setContentsMargins(0, 0, 0, 0)
        known.addWidget(QLabel("Looks like:", self))
        known.addWidget(self.matches, stretch=1)
        known.addWidget(self.open_button)
        form = QFormLayout()
        for name, part in (
            ("Name", self.title),
            ("Pictures", self.images),
            ("Masks", self.truth),
            ("Masks show", self.masks),
            ("Classes", self.classes),
        ):
            form.addRow(name, part)
            part.setAccessibleName(name)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.addWidget(self.there)
        layout.addWidget(self._known)
        layout.addLayout(form)
        layout.addWidget(self.help)
        layout.addWidget(self.summary)
        layout.addWidget(self.pairs, stretch=1)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        for edit in (self.title, self.images, self.truth, self.classes):
            edit.textEdited.connect(self._on_edited)
        self.open_button.clicked.connect(self._on_open_clicked)
        self.save_button.clicked.connect(self._on_save_clicked)
        self.cancel_button.clicked.connect(self.reject)

    def _set_ready(self, ready: bool) -> None:
        for part in (self.title, self.images, self.truth, self.classes, self.masks):
            part.setEnabled(ready)
        self.save_button.setEnabled(False)
        self._known.setVisible(self.matches.count() > 0)

    # What comes back

    def _on_looked(self, found: Found) -> None:
        self.found = found
        self.there.setPlainText("\n".join(found.lines))
        for match in found.matches:
            self.matches.addItem(match.recipe.title, match.recipe.key)
        draft = found.draft
        self.title.setText(draft.title)
        self.images.setText(draft.images)
        self.truth.setText(draft.truth)
        self._set_ready(True)
        self._on_timer_timeout()

    def _on_failed(self, error: Exception) -> None:
        self.there.setPlainText(str(error))

    def _on_previewed(self, seen: Preview) -> None:
        self.summary.setText(seen.text)
        self.pairs.clear()
        self.pairs.addTopLevelItems(
            [QTreeWidgetItem([name, ", ".join(masks)]) for name, masks in seen.pairs]
        )
        self.save_button.setEnabled(not seen.problem)

    # What the person does

    @Slot()
    def _on_edited(self) -> None:
        self.save_button.setEnabled(False)
        self._timer.start()

    @Slot()
    def _on_timer_timeout(self) -> None:
        if self.found is not None:
            self.runner.start(
                partial(_preview, self.found, self.draft()),
                title="Pair files",
                done=self._on_previewed,
                quiet=True,
            )

    @Slot()
    def _on_open_clicked(self) -> None:
        self.chosen.emit(self._path, str(self.matches.currentData()))
        self.accept()

    @Slot()
    def _on_save_clicked(self) -> None:
        if self.found is None:
            return
        try:
            recipe = save_row(self.found, self.draft())
        except CellsetsError as error:
            self.summary.setText(f"⚠ {error}")
            return
        self.chosen.emit(self.found.path, recipe.key)
        self.accept()


def _look(path: Path, _token: CancelToken, _progress: Progress) -> Found:
    return look(path)


def _preview(
    found: Found, draft: Draft, _token: CancelToken, _progress: Progress
) -> Preview:
    return preview(found, draft)
