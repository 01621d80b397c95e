"""What other windows and other people do to the set on screen, seen and told."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from napari_cellsets._napari.class_adding import hear_of_classes
from napari_cellsets.core.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets._napari.session import Session
    from napari_cellsets.store import Project, Window
    from napari_cellsets.store.changes import ChangedLabels, ChangedMarks, Changes


class Others:
    """Compares what a session shows with what the store holds by now.

    Parameters
    ----------
    session
        Whose sample is shown again when somebody else has changed it.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._identity = ""
        self._number = -1
        self._met: set[str] = set()

    def question(self) -> tuple[Project, str, int] | None:
        """Return what to ask `Project.changed_since`; None while there is nothing.

        The first question about a set asks about nothing that was there before.
        """
        session = self._session
        if session.dataset is None:
            return None
        try:
            project = session.project
            if session.dataset.identity != self._identity:
                self._identity = session.dataset.identity
                self._number = project.last_change()
                self._met = set()
        except StoreError:
            return None  # saving and loading tell what is wrong
        return project, self._identity, self._number

    def meet(self, identity: str, windows: Sequence[Window]) -> str:
        """Return a sentence on windows that were not told of; empty for none.

        Parameters
        ----------
        identity
            Of the data set that was asked about.
        windows
            As of `Project.at_work`.
        """
        if identity != self._identity:
            return ""
        new = [one for one in windows if one.hand not in self._met]
        self._met = {one.hand for one in windows}
        return _said_of(new, self._session.project.author) if new else ""

    def take(self, identity: str, changes: Changes) -> str:
        """Show what changed; return a sentence for the person, empty for nothing.

        What is painted here and not saved yet is never replaced: saving it says that
        the image was changed meanwhile.
        """
        session = self._session
        if identity != self._identity or session.sample is None:
            return ""
        self._number = changes.number
        try:
            hear_of_classes(session)
        except StoreError:
            pass  # saving and loading tell what is wrong
        found: list[ChangedLabels | ChangedMarks] = [*changes.labels, *changes.marks]
        found.sort(key=lambda one: one.time)
        if not found:
            return ""
        mine = [one for one in found if one.sample == session.sample.name]
        if mine and not session.unsaved:
            session.reload()
            return f"{mine[-1].author} changed this image: it is shown as it is now."
        last = found[-1]
        more = len({one.sample for one in found}) - 1
        further = f" and {more:,} more" if more else ""
        return f"{last.author} changed {last.sample}{further}."


def _said_of(windows: Sequence[Window], mine: str) -> str:
    names = sorted({one.author for one in windows if one.author != mine})
    if not names:
        here = platform.node()
        machine = next((one.machine for one in windows if one.machine != here), "")
        where = f" on {machine}" if machine else ""
        return f"Another window{where} has this set open: what is saved shows in both."
    said = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    have = "has" if len(names) == 1 else "have"
    return f"{said} {have} this set open, too: what is saved shows in all windows."
