"""Verdicts and classes by key: of what is selected, while the gallery has the focus."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QObject, QPoint, Slot
from qtpy.QtWidgets import QToolTip

from napari_cellsets._napari.gallery_keys import GalleryKeys
from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_cellsets._napari.gallery_items import Card
    from napari_cellsets._napari.gallery_review import GalleryReview
    from napari_cellsets._qt.gallery import GalleryWidget

_AT_ONCE: Final = {"accept": "accepted", "reject": "rejected", "clear": ""}
_TIP_ROWS: Final = 9
_ASKED: Final = {
    "flag": "Reason of the flag",
    "comment": "Comment",
    "class": "Class, its first letters will do",
    "add": "Name of the new class",
}
_NO_CLASSES: Final = "Pictures of this set have no class yet; {key} adds one."


class VerdictKeys(QObject):
    """Judges what is selected, and gives pictures their class.

    Parameters
    ----------
    gallery
        Its view tells of keys; its status line asks for reasons and tells progress.
    """

    def __init__(self, gallery: GalleryWidget) -> None:
        super().__init__(gallery)
        self._gallery = gallery
        self.review: GalleryReview | None = None
        self.keys = GalleryKeys()
        self._classes: tuple[str, ...] | None = None
        self._taken = False
        self._asked_for = ""
        self._acts: dict[str, Callable[[], None]] = {
            "undo": self.undo,
            "next": self._go_to_next,
            "keys": self._show_keys,
        }
        view, reason = gallery.view, gallery.status.reason
        view.key_pressed.connect(self._on_key_pressed)
        view.undo_wanted.connect(self.undo)
        view.redo_wanted.connect(self.redo)
        reason.said.connect(self._on_said)
        reason.given_up.connect(view.setFocus)
        self.take(None)

    def take(
        self, review: GalleryReview | None, classes: Sequence[str] | None = None
    ) -> None:
        """Judge with this from now on; the first classes have a key each.

        Parameters
        ----------
        review
            None while nothing is read.
        classes
            That pictures can be given, None for objects; those of `review` count.
        """
        self.review = review
        if review is not None:
            classes = None if review.classes is None else review.classes.names
        self._gallery.bar.export.setVisible(bool(classes))
        wanted = None if classes is None else tuple(classes)
        if wanted != self._classes or not self._taken:
            self._classes, self._taken = wanted, True
            self.keys = GalleryKeys(classes)
            page = self._gallery.side.show_keys(self.keys)
            page.refused.connect(self._gallery.status.say)
            # every set has its own; changed on its page, which goes with this
            self.keys.changed.connect(self._tell_keys)
            self._tell_keys()

    def with_verdict(self, item: int, card: Card) -> Card:
        """Return a card with what was said of its item."""
        review = self.review
        said = review.verdict(item) if review is not None else None
        word = review.word(item) if review is not None else ""
        if said is None or not (said.verdict or said.comment):
            return replace(card, verdict=word)
        why = " · ".join(filter(None, (said.reason, said.comment)))
        who = f"{said.verdict or 'commented'} by {said.author} on {said.when:%d %b %Y}"
        return replace(
            card,
            verdict=word or "commented",
            line=" · ".join(filter(None, (why, card.line))),
            details="\n".join(filter(None, (card.details, who, why))),
        )

    def show_progress(self) -> None:
        """Tell how far the review of what is shown is."""
        if self.review is None:
            return
        order = self._gallery.model.order
        done = self.review.reviewed(order)
        self._gallery.status.show_progress(f"{done:,} of {order.size:,} reviewed")

    @Slot()
    def undo(self) -> None:
        """Take the last act back, whatever it was."""
        review = self.review
        if review is not None:
            self._turn(review.undo)

    @Slot()
    def redo(self) -> None:
        """Do again what was taken back last."""
        review = self.review
        if review is not None:
            self._turn(review.redo)

    def _tell_keys(self) -> None:
        told = "\n".join(f"{key}  {word}" for key, word in self.keys.lines())
        self._gallery.status.tell_keys(self.keys.words(), told)

    def _show_keys(self) -> None:
        """Show the keys where they can be changed, or over a low dock."""
        gallery = self._gallery
        if gallery.show_page(gallery.side.keys):
            return
        rows = [f"<b>{key}</b>&nbsp;{escape(word)}" for key, word in self.keys.lines()]
        columns = [rows[at : at + _TIP_ROWS] for at in range(0, len(rows), _TIP_ROWS)]
        cells = "".join(f"<td>{'<br>'.join(column)}&nbsp;</td>" for column in columns)
        line = gallery.view.fontMetrics().lineSpacing()
        above = QPoint(20, -(_TIP_ROWS + 3) * line)
        tip = f"<table><tr>{cells}</tr></table>"
        QToolTip.showText(gallery.view.mapToGlobal(above), tip, gallery.view)

    def _on_key_pressed(self, key: str) -> None:
        command = self.keys.command(key)
        if self.review is None:
            return
        if command is None:
            if self._classes == () and self.keys.may_give(key):
                told = _NO_CLASSES.format(key=self.keys.keys["add"])
                self._gallery.status.say(told)
            return
        name = self.keys.class_of(command)
        if name is not None:
            self._relabel(name)
        elif command in _AT_ONCE:
            self._judge(_AT_ONCE[command])
        elif command in _ASKED:
            self._ask(command)
        else:
            self._acts[command]()

    def _items(self) -> list[int]:
        gallery = self._gallery
        return [gallery.model.item_at(row) for row in gallery.view.chosen_rows()]

    def _judge(self, verdict: str, reason: str = "") -> None:
        review, items = self.review, self._items()
        if review is not None and items:
            self._go_on(items, lambda: review.judge(items, verdict, reason))

    def _relabel(self, name: str) -> None:
        review, items = self.review, self._items()
        if review is not None and items:
            self._go_on(items, lambda: review.relabel(items, name))

    def _go_on(self, items: list[int], act: Callable[[], object]) -> None:
        """Do it; after one picture comes the next."""
        if self._did(act) and len(items) == 1:
            self._gallery.step(1)

    def _ask(self, command: str) -> None:
        items = self._items()
        if self.review is None or not (items or command == "add"):
            return
        said = self.review.verdict(items[0]) if items else None
        before = {"class": "", "add": ""}
        if said is not None:
            before |= {"flag": said.reason, "comment": said.comment}
        self._asked_for = command
        choices = self._classes or () if command == "class" else ()
        line = self._gallery.status.reason
        line.ask(_ASKED[command], before.get(command, ""), choices)

    @Slot(str)
    def _on_said(self, text: str) -> None:
        self._gallery.view.setFocus()
        review, items = self.review, self._items()
        if self._asked_for == "flag":
            self._judge("flagged", text)
        elif self._asked_for == "class":
            self._on_class_said(text)
        elif self._asked_for == "add":
            self._on_new_class_said(text)
        elif review is not None and items:
            self._did(lambda: review.comment(items, text))

    def _on_class_said(self, text: str) -> None:
        if text in (self._classes or ()):
            self._relabel(text)
        elif text:
            told = f"There is no class {text!r}; {self.keys.keys['add']} adds one."
            self._gallery.status.say(told)

    def _on_new_class_said(self, text: str) -> None:
        """Add a class and say its key; what is refused is asked for again."""
        review, name = self.review, text.strip()
        if review is None:
            return
        if not self._did(lambda: review.add_class(name)):
            self._asked_for = "add"
            self._gallery.status.reason.ask(_ASKED["add"], text)
            return
        key = self.keys.key_of(name)
        told = f"{key} gives it." if key else "Type it with K."
        self._gallery.status.say(f"New class “{name}”: {told}")

    def _turn(self, act: Callable[[], Sequence[int]]) -> None:
        """Take back or do again, and show where that was."""
        items: list[int] = []
        if self._did(lambda: items.extend(act())) and items:
            self._gallery.show_item(items[0])

    def _go_to_next(self) -> None:
        gallery, review = self._gallery, self.review
        if review is None:
            return
        row = gallery.view.currentIndex().row()
        here = gallery.model.item_at(row) if row >= 0 else None
        found = review.next_open(gallery.model.order, here)
        if found is None:
            gallery.status.say("All others have a verdict.")
        else:
            gallery.show_item(found, walk=True)

    def _did(self, act: Callable[[], object]) -> bool:
        """Do it and show what came of it; say what went wrong."""
        try:
            act()
        except CellsetsError as error:
            self._gallery.show_said()
            self._gallery.status.say(str(error))
            return False
        self._gallery.show_said()
        return True
