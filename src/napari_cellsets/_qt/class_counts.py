"""Numbers of cells of each class, in a few lines."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QSizePolicy, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.counting.classes import ClassCount

_MOST = 6
"""More classes than this stand in the tooltip only."""
_EXPLAINED = (
    "A cell in the right place with the wrong class is extra in the one and missed in"
    " the other class."
)


class ClassCountsView(QLabel):
    """A small table of classes; hidden while nobody told any."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Cells of each class")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setWordWrap(True)
        self.show_counts(())

    def show_counts(self, counts: Sequence[ClassCount]) -> None:
        """Show the numbers; those with the most cells first."""
        self.setVisible(bool(counts))
        inside = sorted(counts, key=lambda one: -one.count)
        left = len(inside) - _MOST
        text = class_table(inside[:_MOST])
        if left > 0:
            text += f"and {left} more class" + ("es" if left > 1 else "")
        self.setText(text if counts else "")
        self.setToolTip(f"{class_table(inside)}<p>{_EXPLAINED}</p>" if counts else "")


def class_table(counts: Sequence[ClassCount]) -> str:
    """Return the numbers as a table in HTML; compared where there is a truth."""
    compared = any(one.truth is not None for one in counts)
    heads = ("Class", "Cells", "True", "F1") if compared else ("Class", "Cells")
    lines = ["".join(f"<th align='left'>{head}&nbsp;&nbsp;</th>" for head in heads)]
    for one in counts:
        cells = [escape(one.name) or "<i>no class</i>", f"{one.count:,}"]
        if compared:
            ratios = one.ratios
            cells += [
                "" if one.truth is None else f"{one.truth:,}",
                "" if ratios is None else f"{ratios[2]:.2f}",
            ]
        lines.append("".join(f"<td>{cell}&nbsp;&nbsp;</td>" for cell in cells))
    rows = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table>{rows}</table>"
