from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from hypothesis import given
from hypothesis import strategies as st
from napari.utils.theme import get_theme
from pyqtgraph import mkBrush
from qtpy.QtCore import QPoint, QRect, Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QApplication

from napari_cellsets._napari.class_colours import UNKNOWN_COLOUR, class_colours
from napari_cellsets._napari.docks import open_dock
from napari_cellsets._qt import classify_matrix, playback_plot
from napari_cellsets._qt.contrast import (
    MARK,
    TEXT,
    contrast,
    laid_over,
    readable_on,
    seen_on,
)
from napari_cellsets._qt.evaluation import CountPlot
from napari_cellsets._qt.gallery_card import VERDICT_SIGNS
from napari_cellsets._qt.gallery_facets import ClassPlot
from napari_cellsets._qt.training_curves import CurvePlot

if TYPE_CHECKING:
    from napari.viewer import Viewer
    from npe2 import PluginManifest
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui

COLOURS = st.builds(QColor, *[st.integers(0, 255)] * 3)
#: Of text of what is disabled, for which the guidelines ask nothing.
READABLE = 2.5
#: What stands on pictures; black or white lies around each of them.
DIAGONAL = [(0.0, 45.0, "", True)]
SIGNS = [colour for _, colour in VERDICT_SIGNS.values()]


@pytest.fixture(params=["dark", "light"])
def theme(request: pytest.FixtureRequest) -> tuple[QColor, QColor]:
    """Ground and text of a theme of napari."""
    theme = get_theme(request.param)
    return QColor(theme.background.as_hex()), QColor(theme.text.as_hex())


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("black", "white", 21.0),
        ("#808080", "#808080", 1.0),
        # worked examples of the guidelines' technique G18
        ("#767676", "white", 4.54),
        ("#949494", "white", 3.03),
    ],
)
def test_contrast_is_that_of_the_guidelines(
    one: str, other: str, expected: float
) -> None:
    assert contrast(QColor(one), QColor(other)) == pytest.approx(expected, abs=0.01)


@given(COLOURS, COLOURS)
def test_any_colour_is_made_to_be_seen_on_any_ground(
    colour: QColor, ground: QColor
) -> None:
    assert contrast(seen_on(colour, ground), ground) >= MARK
    assert contrast(readable_on(ground), ground) >= TEXT


@given(COLOURS)
def test_colour_that_is_seen_stays_as_it_is(colour: QColor) -> None:
    ground = readable_on(colour)
    assert seen_on(colour, ground) == colour


def test_half_a_colour_over_a_ground_is_their_middle() -> None:
    half = QColor(200, 100, 0, 128)
    assert laid_over(half, QColor(0, 0, 100)).getRgb()[:3] == (100, 50, 50)


@pytest.mark.parametrize("colour", SIGNS)
def test_signs_of_verdicts_are_read_on_their_colours(colour: str) -> None:
    assert contrast(QColor("black"), QColor(colour)) >= TEXT


def test_text_of_a_theme_is_read(theme: tuple[QColor, QColor]) -> None:
    assert contrast(*theme) >= TEXT


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("colour", [classify_matrix.RIGHT, classify_matrix.WRONG])
def test_numbers_of_the_confusion_matrix_are_read(
    colour: str, share: float, theme: tuple[QColor, QColor]
) -> None:
    ground, text = theme
    tint = classify_matrix.tint_of(colour == classify_matrix.RIGHT, share)
    seen = laid_over(tint, ground)
    assert contrast(classify_matrix.text_on(seen, text), seen) >= TEXT


def test_dots_and_lines_of_plots_are_seen(
    theme: tuple[QColor, QColor], qtbot: QtBot
) -> None:
    plot = CountPlot("counted", "truth", "Counts")
    qtbot.addWidget(plot)
    plot.set_colours(*theme)
    plot.show_points([1], [1], ["a"])
    plot.show_lines(DIAGONAL)
    drawn = [plot._dots.opts["brush"], *(line.pen for line in plot._lines)]
    assert min(contrast(one.color(), theme[0]) for one in drawn) >= MARK


def test_lines_drawn_before_the_theme_follow_it(
    theme: tuple[QColor, QColor], qtbot: QtBot
) -> None:
    plot = CountPlot("counted", "truth", "Counts")
    qtbot.addWidget(plot)
    plot.show_lines(DIAGONAL)
    plot.set_colours(*theme)
    (line,) = plot._lines
    assert contrast(line.pen.color(), theme[0]) >= MARK
    assert line.pen.style() == Qt.PenStyle.DashLine


def test_curves_of_training_are_seen(
    theme: tuple[QColor, QColor], qtbot: QtBot
) -> None:
    curve = CurvePlot("#e69f00", "Score", marked=True)
    qtbot.addWidget(curve)
    curve.set_colours(*theme)
    # one that is right already may stay as it was given
    dots = mkBrush(curve._curve.opts["symbolBrush"])
    drawn = (curve._curve.opts["pen"], dots)
    assert min(contrast(one.color(), theme[0]) for one in drawn) >= MARK


def test_curves_of_a_recording_are_seen(
    theme: tuple[QColor, QColor], qtbot: QtBot
) -> None:
    plot = playback_plot.RatePlot()
    qtbot.addWidget(plot)
    plot.set_colours(*theme)
    for curve in (plot._on, plot._off):
        assert contrast(curve.opts["pen"].color(), theme[0]) >= MARK


def test_bars_of_classes_are_seen(theme: tuple[QColor, QColor], qtbot: QtBot) -> None:
    known = enumerate([*class_colours(12), UNKNOWN_COLOUR])
    colours = {f"class {number}": colour for number, colour in known}
    plot = ClassPlot()
    qtbot.addWidget(plot)
    plot.set_colours(*theme)
    plot.show_counts([(name, 1, 2) for name in colours], colours)
    brushes = plot._bars[1].opts["brushes"]
    assert len(brushes) == len(colours)
    assert min(contrast(brush.color(), theme[0]) for brush in brushes) >= MARK


@pytest.mark.parametrize("theme_name", ["dark", "light"])
def test_what_cannot_be_used_now_is_read_all_the_same(
    theme_name: str, viewer: Viewer, manifest_known: PluginManifest
) -> None:
    viewer.theme = theme_name
    viewer.show()
    button = open_dock(viewer, "Classify").buttons.whole_set
    QApplication.processEvents()
    assert not button.isEnabled()
    # in its place: the ground of the window shines through
    place = QRect(button.mapTo(button.window(), QPoint(0, 0)), button.size())
    picture = button.window().grab(place).toImage()
    inside = [
        picture.pixelColor(x, y)
        for x in range(4, picture.width() - 4)
        for y in range(4, picture.height() - 4)
    ]
    ground = QColor(Counter(one.rgb() for one in inside).most_common(1)[0][0])
    assert max(contrast(colour, ground) for colour in inside) >= READABLE
