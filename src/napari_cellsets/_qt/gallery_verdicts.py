"""Verdicts by key: of what is selected in a gallery, while it has the focus."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QObject, Slot

from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellsets._napari.gallery_items import Card
    from napari_cellsets._napari.gallery_review import GalleryReview
    from napari_cellsets._qt.gallery import GalleryWidget

#: Key -> what it does, in a word and in a sentence.
KEYS: Final = {
    "A": ("accept", "Accept what is selected"),
    "F": ("flag", "Flag it for another look, with a reason"),
    "R": ("reject", "Reject it"),
    "C": ("comment", "Write a comment"),
    "X": ("clear", "Make it unreviewed again"),
    "U": ("undo", "Take the last verdict back"),
    "N": ("next", "Go to the next one without verdict"),
}
_AT_ONCE: Final = {"A": "accepted", "R": "rejected", "X": ""}


class VerdictKeys(QObject):
    """Judges what is selected.

    Parameters
    ----------
    gallery
        Its view tells of keys; its status line asks for reasons and tells progress.
    """

    def __init__(self, gallery: GalleryWidget) -> None:
        super().__init__(gallery)
        self._gallery = gallery
        self.review: GalleryReview | None = None
        self._asked_for = ""
        gallery.view.key_pressed.connect(self._on_key_pressed)
        gallery.status.reason.said.connect(self._on_said)
        gallery.status.reason.given_up.connect(gallery.view.setFocus)
        words = "\n".join(f"{key}  {meaning}" for key, (_, meaning) in KEYS.items())
        gallery.status.review.setToolTip(
            f"Keys, while the pictures have focus:\n{words}"
        )

    def with_verdict(self, item: int, card: Card) -> Card:
        """Return a card with what was said of its item."""
        said = self.review.verdict(item) if self.review is not None else None
        if said is None or not (said.verdict or said.comment):
            return card
        why = " · ".join(filter(None, (said.reason, said.comment)))
        who = f"{said.verdict or 'commented'} by {said.author} on {said.when:%d %b %Y}"
        return replace(
            card,
            verdict=said.verdict or "commented",
            line=" · ".join(filter(None, (why, card.line))),
            details="\n".join(filter(None, (card.details, who, why))),
        )

    def show_progress(self) -> None:
        """Tell how far the review of what is shown is."""
        if self.review is None:
            return
        order = self._gallery.model.order
        done = self.review.reviewed(order)
        status = self._gallery.status
        status.review.setText(f"{done:,} of {order.size:,} reviewed")
        status.keys.setText(
            " ".join(f"{key} {word}" for key, (word, _) in KEYS.items())
        )

    def _on_key_pressed(self, key: str) -> None:
        if self.review is None or key not in KEYS:
            return
        if key in _AT_ONCE:
            self._judge(_AT_ONCE[key])
        elif key in "FC":
            self._ask(key)
        elif key == "U":
            self._undo()
        else:
            self._go_to_next()

    def _items(self) -> list[int]:
        gallery = self._gallery
        return [gallery.model.item_at(row) for row in gallery.view.chosen_rows()]

    def _judge(self, verdict: str, reason: str = "") -> None:
        review, items = self.review, self._items()
        if review is None or not items:
            return
        if self._did(lambda: review.judge(items, verdict, reason)) and len(items) == 1:
            self._gallery.step(1)

    def _ask(self, key: str) -> None:
        items = self._items()
        if self.review is None or not items:
            return
        said = self.review.verdict(items[0])
        before = ("", "") if said is None else (said.reason, said.comment)
        self._asked_for = key
        words = "Reason of the flag" if key == "F" else "Comment"
        self._gallery.status.reason.ask(words, before[key == "C"])

    @Slot(str)
    def _on_said(self, text: str) -> None:
        self._gallery.view.setFocus()
        review, items = self.review, self._items()
        if self._asked_for == "F":
            self._judge("flagged", text)
        elif review is not None and items:
            self._did(lambda: review.comment(items, text))

    def _undo(self) -> None:
        review, back = self.review, list[int]()
        if review is None or not review.can_undo:
            return
        if self._did(lambda: back.extend(review.undo())) and back:
            self._gallery.show_item(back[0])

    def _go_to_next(self) -> None:
        gallery, review = self._gallery, self.review
        if review is None:
            return
        row = gallery.view.currentIndex().row()
        here = gallery.model.item_at(row) if row >= 0 else None
        found = review.next_open(gallery.model.order, here)
        if found is None:
            gallery.status.review.setText("All others have a verdict.")
        else:
            gallery.show_item(found, walk=True)

    def _did(self, act: Callable[[], object]) -> bool:
        """Do it and show what came of it; say what went wrong."""
        try:
            act()
        except CellsetsError as error:
            self._gallery.status.review.setText(str(error))
            return False
        self._gallery.model.refresh()
        self.show_progress()
        return True
