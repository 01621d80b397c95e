"""Tabs that need no more height than the page in front, and come into sight."""

from __future__ import annotations

from qtpy.QtCore import QPoint, QTimer, Slot
from qtpy.QtWidgets import QScrollArea, QSizePolicy, QTabWidget, QWidget

_NO_HEIGHT = QSizePolicy.Policy.Ignored
#: A page that was just chosen has its place after so long.
_LAID_OUT_MS = 30


class Pages(QTabWidget):
    """Pages below each other parts of a dock that may scroll.

    Only the page in front asks for height. A page that the person chooses scrolls
    into sight where a low window hides it.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.currentChanged.connect(self._fit)
        self.tabBarClicked.connect(self._on_tab_clicked)

    def tabInserted(self, index: int) -> None:
        """Let the new page wait for its turn."""
        super().tabInserted(index)
        self._fit()

    @Slot()
    def _fit(self, *_: object) -> None:
        for at in range(self.count()):
            page = self.widget(at)
            policy, shown = page.sizePolicy(), at == self.currentIndex()
            vertical = QSizePolicy.Policy.Preferred if shown else _NO_HEIGHT
            policy.setVerticalPolicy(vertical)
            page.setSizePolicy(policy)

    @Slot(int)
    def _on_tab_clicked(self, _index: int) -> None:
        # once the page has been laid out
        QTimer.singleShot(_LAID_OUT_MS, self.come_into_sight)

    @Slot()
    def come_into_sight(self) -> None:
        """Scroll as far as the page needs, but never the tabs out of sight."""
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is None:
            return
        top = self.mapTo(area.widget(), QPoint(0, 0)).y()
        bar, room = area.verticalScrollBar(), area.viewport().height()
        if top + self.height() > bar.value() + room:
            bar.setValue(min(top, top + self.height() - room))
