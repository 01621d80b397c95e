"""Whether the corrections of a session are on disk, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.utils.notifications import show_warning

from napari_cellsets.core.errors import ChangedMeanwhileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellsets.core.errors import StoreError

ALL_SAVED = "All corrections are saved"


class SaveStatus:
    """Collects what the label layers tell of saving.

    Parameters
    ----------
    changed
        Called with the new text when it changed.
    """

    def __init__(self, changed: Callable[[str], None]) -> None:
        self._changed = changed
        self._failures: dict[str, StoreError] = {}

    @property
    def text(self) -> str:
        """One sentence for the person to read."""
        if self._failures:
            return f"Not saved: {next(iter(self._failures.values()))}"
        return ALL_SAVED

    @property
    def unsaved(self) -> bool:
        """Whether something waits for the store to work again."""
        return bool(self._failures)

    def hear(self, role: str, error: StoreError | None) -> None:
        """Take note that a layer was saved (None) or could not be.

        The first failure is also shown as a notification; later ones of the
        same trouble are not, they would only pile up.
        """
        before, was_unsaved = self.text, self.unsaved
        if error is None:
            self._failures.pop(role, None)
        else:
            self._failures[role] = error
        settled = isinstance(error, ChangedMeanwhileError)  # soon, and told of then
        if self.unsaved and not was_unsaved and not settled:
            show_warning(self.text)
        if self.text != before:
            self._changed(self.text)
