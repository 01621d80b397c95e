"""Our docks share one place in the window as tabs instead of squeezing each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QSize, Qt, QTimer, Slot
from qtpy.QtWidgets import (
    QDockWidget,
    QFrame,
    QMainWindow,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._napari.first_layer import prepare_first_layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QShowEvent

#: As napari's Plugins menu and `open_dock` name them.
DOCK_TITLES = (
    "Samples (Cell sets)",
    "Count (Cell sets)",
    "Edit (Cell sets)",
    "Objects (Cell sets)",
    "Classify (Cell sets)",
    "Train (Cell sets)",
    "Playback (Cell sets)",
)


#: End of the titles of our docks.
_PLUGIN = " (Cell sets)"
#: What cannot be used now is read all the same, in either theme: napari's own is
#: 2.1 : 1 in the light one.
_DISABLED = "QWidget:disabled { color: #7f7f7f; }"
#: What has the keyboard shows it, which napari's themes leave out; nothing moves.
_FOCUSED = """
QPushButton:focus, QToolButton:focus, QCheckBox:focus, QComboBox:focus,
QTabBar::tab:selected:focus { text-decoration: underline; }
QCheckBox::indicator:focus { border: 1px solid #7f7f7f; }
QSlider::handle:horizontal:focus { background-color: #7f7f7f; }
"""
#: A floating dock leaves so much of its window to be seen, px.
_INSET = 40
#: Width and height that a dock asks for, px.
PREFERRED = (360, 640)


class DockContent(QWidget):
    """Content of one of our docks: joins the others as a tab when first shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setStyleSheet(_DISABLED + _FOCUSED)

    def event(self, event: QEvent) -> bool:
        """Let go of viewer and session when the dock is taken away."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.stop()
        return bool(super().event(event))

    def sizeHint(self) -> QSize:
        """Leave most of a small window to the image."""
        return QSize(*PREFERRED)

    def stop(self) -> None:
        """Hear no more of viewer and session; for docks that hold on to them."""

    def showEvent(self, event: QShowEvent) -> None:
        """Join our other docks once the window has laid this one out.

        Then, as nobody waits for anything, what the first picture needs is loaded.
        """
        super().showEvent(event)
        QTimer.singleShot(0, self._join_docks)
        QTimer.singleShot(0, prepare_first_layer)

    @Slot()
    def _join_docks(self) -> None:
        tabify_with_ours(self)
        shorten_tab(self)


def fill_with_page(
    content: QWidget, page: QWidget, foot: Sequence[QWidget] = ()
) -> QScrollArea:
    """Fill a dock with a page that scrolls up and down, never sideways.

    Parameters
    ----------
    content
        Of the dock; what is added to its layout later stays in sight below the page.
    page
        All that it shows.
    foot
        Stays in sight below the page, with the margins of the page.
    """
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidget(page)
    layout = QVBoxLayout(content)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(scroll, 1)
    if foot:
        left, _, right, bottom = page.layout().getContentsMargins()
        page.layout().setContentsMargins(left, left, right, 0)
        below = QVBoxLayout()
        below.setContentsMargins(left, left, right, bottom)
        for widget in foot:
            # Tab comes to it after the page, whatever was made first
            widget.setParent(None)
            below.addWidget(widget)
        layout.addLayout(below)
    return scroll


def tabify_with_ours(widget: QWidget, ours: tuple[str, ...] = DOCK_TITLES) -> None:
    """Make the dock of `widget` a tab beside another of our docks.

    Parameters
    ----------
    widget
        The content of a dock that was just added.
    ours
        Titles of our docks.
    """
    dock = dock_of(widget)
    window = dock.window() if dock is not None else None
    if dock is None or not isinstance(window, QMainWindow) or dock.isFloating():
        return
    area = window.dockWidgetArea(dock)
    for other in window.findChildren(QDockWidget):
        if (
            other is not dock
            and other.objectName() in ours
            and not other.isHidden()
            and window.dockWidgetArea(other) == area
            and dock not in window.tabifiedDockWidgets(other)
        ):
            window.tabifyDockWidget(other, dock)
            dock.raise_()
            return


def shorten_tab(widget: QWidget) -> None:
    """Let the tab of the dock of `widget` bear only its own name.

    Seven tabs beside each other leave room for some letters each; the title bar and
    the Window menu tell the rest.
    """
    dock = dock_of(widget)
    if dock is not None and dock.windowTitle().endswith(_PLUGIN):
        in_menu = dock.toggleViewAction()
        words = in_menu.text()
        dock.setWindowTitle(dock.windowTitle().removesuffix(_PLUGIN))
        in_menu.setText(words)


def raise_dock(widget: QWidget) -> None:
    """Show the dock of `widget` in front of its neighbours."""
    dock = dock_of(widget)
    if dock is not None:
        dock.show()
        dock.raise_()


def float_dock(widget: QWidget, *, floating: bool) -> None:
    """Put the dock of `widget` over most of its window, or back into it."""
    dock = dock_of(widget)
    if dock is None or dock.isFloating() == floating:
        return
    window = dock.parentWidget().window()
    dock.setFloating(floating)
    if floating:
        inside = window.frameGeometry()
        inside.adjust(*(_INSET, 2 * _INSET, -_INSET, -_INSET))
        dock.setGeometry(inside)


def dock_of(widget: QWidget) -> QDockWidget | None:
    """Return the dock that holds `widget`, None where there is none."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    return parent
