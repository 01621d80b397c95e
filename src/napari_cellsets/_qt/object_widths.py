"""How columns share the width of a table, so that nobody scrolls sideways."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtpy.QtCore import Qt, Slot
from qtpy.QtWidgets import QHBoxLayout, QLabel, QMainWindow, QPushButton, QWidget

from napari_cellsets._qt.docking import dock_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets._qt.object_table import ObjectTableView


class Need(NamedTuple):
    """Width that a column needs, in px.

    Parameters
    ----------
    least
        To be read at all.
    wanted
        To be read with its heading.
    firm
        Whether it goes only when all others have gone.
    """

    least: int
    wanted: int
    firm: bool = False


def shared_width(needs: Sequence[Need], room: int) -> list[int]:
    """Share the width of a table.

    Parameters
    ----------
    needs
        Of each column.
    room
        Of all of them, px.

    Returns
    -------
    list of int
        What each wants, where there is room; else less, but never less than it
        needs. 0 for columns that there is no room for: the last ones.
    """
    shown = list(range(len(needs)))
    leaving = sorted(shown, key=lambda at: (needs[at].firm, -at))
    spare = room - sum(need.least for need in needs)
    for at in leaving:
        if spare >= 0:
            break
        shown.remove(at)
        spare += needs[at].least
    missing = sum(needs[at].wanted - needs[at].least for at in shown)
    part = min(1.0, spare / missing) if missing else 0.0
    widths = [0] * len(needs)
    for at in shown:
        least, wanted, _ = needs[at]
        widths[at] = least + int((wanted - least) * part)
    return widths


class LeftOutNote(QWidget):
    """Says which columns there is no room for, and makes the dock wider.

    Parameters
    ----------
    table
        Whose columns.
    """

    def __init__(self, table: ObjectTableView) -> None:
        super().__init__()
        self._table = table
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.wider = QPushButton("Widen")
        self.wider.setToolTip("Make the dock as wide as all columns need")
        self.wider.clicked.connect(self._on_wider_wanted)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.words, 1)
        line.addWidget(self.wider)
        table.left_out.connect(self._on_left_out)
        self.hide()

    @Slot(object)
    def _on_left_out(self, headings: tuple[str, ...]) -> None:
        self.words.setText("No room for: " + ", ".join(headings))
        self.setVisible(bool(headings))

    @Slot()
    def _on_wider_wanted(self) -> None:
        dock = dock_of(self)
        window = None if dock is None else dock.parentWidget()
        missing = self._table.missing_width
        if dock is None or missing <= 0:
            return
        if isinstance(window, QMainWindow) and not dock.isFloating():
            across = Qt.Orientation.Horizontal
            window.resizeDocks([dock], [dock.width() + missing], across)
        else:
            dock.resize(dock.width() + missing, dock.height())
