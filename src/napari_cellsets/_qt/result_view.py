"""The count in large figures, and how it compares with the ground truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QColor, QFont, QFontMetrics, QPainter, QPalette, QPixmap
from qtpy.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._napari.comparison import EXTRA, MATCHED, MEANINGS, MISSED
from napari_cellsets._napari.mark_colours import ON_DARK
from napari_cellsets._qt.class_counts import ClassCountsView

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qtpy.QtGui import QPaintEvent

    from napari_cellsets.counting.classes import ClassCount
    from napari_cellsets.counting.evaluate import Evaluation, Matches
    from napari_cellsets.counting.job import CountResult

_BIG: Final = 2.2
_SWATCH_PX: Final = 12
_NOT_YET: Final = "not counted yet: press Count this image"
#: Seen on the ground of either theme.
_FRAME: Final = "#808080"
_KINDS: Final = {
    MATCHED: ("matched", "Found, and in the ground truth"),
    MISSED: ("missed", "In the ground truth, but not found"),
    EXTRA: ("extra", "Found, but not in the ground truth"),
}


class ResultView(QWidget):
    """How many cells there are, and which of them are right."""

    comparison_toggled = Signal(bool)
    """The person wants the comparison in the image, or not."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = BigNumber()
        self._number.setAccessibleName("Count")
        self._said = QLabel()
        self._said.setWordWrap(True)
        self._said.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )
        top = QHBoxLayout()
        top.setSpacing(10)
        top.addWidget(self._number)
        top.addWidget(self._said, 1)
        self._compared = ComparisonView(self)
        self._compared.comparison_toggled.connect(self.comparison_toggled)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(top)
        layout.addWidget(self._compared)
        self.classes = ClassCountsView(self)
        layout.addWidget(self.classes)
        self.synchronize(None, corrections=0, has_truth=False)

    @property
    def number(self) -> str:
        """The large figure as shown."""
        return str(self._number.text())

    @property
    def comparison_wanted(self) -> bool:
        """Whether the person wants the comparison in the image."""
        return self._compared.wanted

    def ask_for(self, words: str) -> None:
        """Say what has to come first; nothing for no words or after counting."""
        if not self._counted:
            self._said.setText(words or _NOT_YET)

    def show_colours(self, colours: Mapping[str, str]) -> None:
        """Tell the colours of the comparison in the image, from `mark_colours`."""
        self._compared.show_colours(colours)

    def show_classes(self, counts: Sequence[ClassCount]) -> None:
        """Show how many cells of each class there are; nothing for none."""
        self.classes.show_counts(counts)

    def synchronize(
        self,
        result: CountResult | None,
        *,
        corrections: int,
        has_truth: bool,
        only_regions: bool = False,
    ) -> None:
        """Show a result; None before anything was counted."""
        self._number.setText("–" if result is None else f"{result.count}")
        self._said.setText(_sentence(result, corrections, has_truth, only_regions))
        self._counted = result is not None
        limits = None if result is None else result.interval
        self._said.setToolTip("" if limits is None else _LIMITS.format(limits.level))
        compared = None if result is None else result.evaluation
        self._compared.setVisible(compared is not None)
        if compared is not None:
            self._compared.synchronize(compared)


class BigNumber(QLabel):
    """A label several times as large as the rest; draws itself.

    The style sheet of the window overrides the size of any label's font.
    """

    def sizeHint(self) -> QSize:
        """Return the room that the large figures take."""
        metrics = QFontMetrics(self._large())
        return QSize(metrics.horizontalAdvance(self.text()) + 8, metrics.height())

    def minimumSizeHint(self) -> QSize:
        """Return the same: a cut number would lie."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the number in the window's colour of text."""
        painter = QPainter(self)
        painter.setFont(self._large())
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())

    def _large(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(round(QFontMetrics(font).height() * _BIG))
        font.setBold(True)
        return font


class ComparisonView(QWidget):
    """Matched, missed and extra objects, and the usual ratios."""

    comparison_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        legend = QHBoxLayout()
        self._numbers: dict[int, QLabel] = {}
        self._swatches: dict[int, QLabel] = {}
        for kind, (word, meaning) in _KINDS.items():
            swatch = QLabel()
            self._swatches[kind] = swatch
            number = QLabel()
            for label in (swatch, number):
                label.setToolTip(meaning)
                legend.addWidget(label)
            number.setAccessibleName(word)
            self._numbers[kind] = number
            legend.addSpacing(8)
        legend.addStretch(1)
        self._show = QCheckBox("Show the comparison in the image")
        self._show.setToolTip("Outlines every object in the colours above")
        self._show.setChecked(True)
        self._show.toggled.connect(self.comparison_toggled)
        self._cells: dict[tuple[int, int], QLabel] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(legend)
        layout.addWidget(self._show)
        layout.addLayout(self._ratios())
        self.show_colours(ON_DARK)

    @property
    def wanted(self) -> bool:
        """Whether the person wants the comparison in the image."""
        return bool(self._show.isChecked())

    def show_colours(self, colours: Mapping[str, str]) -> None:
        """Tell the colours in the image, from `mark_colours`."""
        for kind, swatch in self._swatches.items():
            swatch.setPixmap(_swatch(colours[MEANINGS[kind]]))

    def synchronize(self, compared: Evaluation) -> None:
        """Show how one image compares with its truth."""
        for kind, number in (
            (MATCHED, compared.true_positives),
            (MISSED, compared.false_negatives),
            (EXTRA, compared.false_positives),
        ):
            self._numbers[kind].setText(f"{number} {_KINDS[kind][0]}")
        rules = (
            (compared.by_centres, f"centres ≤ {compared.radius_px:.0f} px", _centres),
            (compared.by_iou, f"overlap > {compared.iou:.2g}", _overlap),
        )
        for row, (matches, name, explain) in enumerate(rules, start=1):
            texts = (name, *(f"{v:.2f}" for v in _ratios_of(matches)))
            for column, text in enumerate(texts):
                self._cells[row, column].setText(text)
                self._cells[row, column].setToolTip(explain(compared))

    def _ratios(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        for column, title in enumerate(("Matched by", "Precision", "Recall", "F1")):
            head = QLabel(title)
            head.setToolTip(_HEADS[column])
            grid.addWidget(head, 0, column)
            for row in (1, 2):
                cell = QLabel()
                self._cells[row, column] = cell
                grid.addWidget(cell, row, column)
        grid.setColumnStretch(0, 1)
        return grid


_HEADS: Final = (
    "When a found object and a true one count as the same; each has one partner",
    "Share of the found cells that are right",
    "Share of the true cells that were found",
    "Balance of precision and recall; 1 is perfect",
)


_LIMITS: Final = (
    "Meant to hold the true count of {:.0%} of pictures like those it was\n"
    "measured on, with the model's own settings. The documentation tells how\n"
    "often they did."
)


def _ratios_of(matches: Matches) -> tuple[float, float, float]:
    return matches.precision, matches.recall, matches.f1


def _centres(compared: Evaluation) -> str:
    published = compared.published
    return (
        f"{compared.by_centres.rule}\n"
        f"By chance alone, F1 would be {compared.chance_f1:.2f} here.\n"
        f"{published.rule}: F1 {published.f1:.2f}"
    )


def _overlap(compared: Evaluation) -> str:
    return compared.by_iou.rule


def _sentence(
    result: CountResult | None, corrections: int, has_truth: bool, only_regions: bool
) -> str:
    if result is None:
        return _NOT_YET
    lines = ["cell" if result.count == 1 else "cells"]
    if only_regions:
        lines[0] += " in the drawn regions"
    if result.interval is not None:
        low, high = result.interval.low, result.interval.high
        lines[0] += f", likely {low} to {high}" if low < high else ", likely exact"
    compared = result.evaluation
    if compared is not None:
        lines.append(
            f"ground truth {compared.truth_count},"
            f" difference {compared.count_error:+d}".replace("+0", "0")
        )
    elif not has_truth:
        lines.append("no ground truth for this image")
    if corrections:
        acts = "correction" if corrections == 1 else "corrections"
        lines.append(f"{corrections} {acts} by hand")
    return "\n".join(lines)


def _swatch(colour: str) -> QPixmap:
    pixels = QPixmap(_SWATCH_PX, _SWATCH_PX)
    pixels.fill(QColor(_FRAME))
    painter = QPainter(pixels)
    painter.fillRect(pixels.rect().adjusted(1, 1, -1, -1), QColor(colour))
    painter.end()
    return pixels
