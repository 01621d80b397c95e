"""Problems of the objects in the table, looked for beside the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject

from napari_cellsets._napari.object_source import other_layer
from napari_cellsets._qt.objects_problems import Search
from napari_cellsets.editing.objects import ObjectIndex
from napari_cellsets.editing.problems import worst_first

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_cellsets._napari.edit_desk import EditDesk
    from napari_cellsets._napari.session import Session
    from napari_cellsets._qt.jobs import JobRunner
    from napari_cellsets._qt.objects_facts import ObjectFactsLink
    from napari_cellsets._qt.objects_flow import ObjectsFlow
    from napari_cellsets._qt.objects_problems import ProblemsPage
    from napari_cellsets.editing.problems import ObjectProblem

_MOST_AGAIN = 2_000
"""After an edit of more objects than this all are looked at anew."""


class ProblemSearch(QObject):
    """Keeps the page of problems equal to the layer, while somebody looks."""

    def __init__(
        self,
        flow: ObjectsFlow,
        facts: ObjectFactsLink,
        session: Session,
        desk: EditDesk,
        page: ProblemsPage,
        runner: JobRunner,
    ) -> None:
        super().__init__(page)
        self._flow, self._session, self._desk = flow, session, desk
        self._facts, self._page, self._runner = facts, page, runner
        self._classes: Mapping[int, str] = {}
        self._theirs: Mapping[int, str] = {}
        self._awake = False
        self._stale = True
        self._due: set[int] = set()
        flow.measured.connect(self.look)
        flow.touched.connect(self._on_touched)
        facts.changed.connect(self._on_facts_changed)

    def wake(self, awake: bool) -> None:
        """Look, now that somebody does, or no more."""
        self._awake = awake
        if awake and self._stale:
            self.look()

    def look(self) -> None:
        """Look at all objects anew."""
        self._stale = True
        if not self._awake:
            return
        self._due = set()
        search = self._search()
        if search is None:
            self._runner.stop()
            self._page.show_found(None)
            return
        self._stale = False
        self._runner.start(
            search,
            title="Looking for problems",
            done=self._on_found,
            cancelled=self._on_stopped,
            failed=self._on_failed,
            quiet=search.labels.size < _QUIET_PX,
        )

    def _search(self) -> Search | None:
        source = self._flow.source
        if source is None or self._flow.table is None:
            return None
        mine = self._classes = self._facts.class_words
        other = other_layer(self._session, source.layer)
        theirs = self._theirs = self._facts.theirs
        if other is None or not mine or not theirs:
            return Search(source.labels, mine)
        under = np.asarray(other.data[source.plane] if source.plane else other.data)
        if source.stacked and under.shape == source.labels.shape[-under.ndim :]:
            # each of the planes lies over the other labels
            under = np.broadcast_to(under, source.labels.shape)
        return Search(source.labels, mine, under, theirs)

    def _on_found(self, found: list[ObjectProblem]) -> None:
        self._show(found)
        due, self._due = self._due, set()
        if due:
            self._again(frozenset(due))

    def _on_stopped(self) -> None:
        self._page.show_found(None)
        self._page.said.setText("Looking was cancelled; turn to this page again.")
        self._stale = True

    def _on_failed(self, error: Exception) -> None:
        self._page.show_found(None)
        self._page.said.setText(f"⚠ {error}")

    def _on_touched(self, labels: NDArray[np.int64]) -> None:
        if not self._awake or self._stale or len(labels) > _MOST_AGAIN:
            self.look()
        elif self._runner.busy:
            self._due |= set(labels.tolist())
        else:
            self._again(frozenset(labels.tolist()))

    def _on_facts_changed(self) -> None:
        known = self._facts.class_words, self._facts.theirs
        if known != (self._classes, self._theirs):
            # sizes are compared within a class
            self.look()

    def _again(self, labels: frozenset[int]) -> None:
        """Look again at some objects."""
        search, found = self._search(), self._page.found
        if search is None or found is None:
            self.look()
            return
        others = [one for one in found if one.label not in labels]
        self._show(worst_first([*others, *search.look(self._objects(), labels)]))

    def _objects(self) -> ObjectIndex:
        """Return the objects in the table."""
        editor, source = self._desk.editor, self._flow.source
        if editor is not None:
            return editor.objects_of(whole=source is not None and source.stacked)
        return ObjectIndex(
            np.zeros((1, 1), np.int32) if source is None else source.labels
        )

    def _show(self, found: list[ObjectProblem]) -> None:
        search = self._search()
        told = search is not None and search.under is not None
        self._page.show_found(found, classes=told)


_QUIET_PX = 8_000_000
"""Images up to this are looked through too fast for a bar in the activity dock."""
