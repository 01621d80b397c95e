"""Words given to objects, as acts that can be undone and done again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellsets._napari.edits import Place
    from napari_cellsets.store import FactChange, LayerFacts, Project


@dataclass(eq=False)
class FactAct:
    """A class, a flag or a comment given to objects by one act of the person.

    The store only ever gets more rows: to undo is to say again what was said before.
    What somebody else has said since stays.

    Parameters
    ----------
    place
        Of the labels.
    said
        What was given, by label.
    before
        What it took the place of; None until it was written.
    """

    place: Place
    said: Mapping[int, FactChange]
    before: dict[int, FactChange] | None = None

    def write(self, project: Project, *, done: bool) -> int:
        """Do it, undo it (`done` False), or do it again.

        Parameters
        ----------
        project
            Where facts are kept.
        done
            What is to be true afterwards.

        Returns
        -------
        int
            Objects that stay as they are, because somebody said something else.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        facts = project.object_facts(*self.place)
        if self.before is None:
            if not done:
                return 0
            before = {n: _same_of(facts, n, one) for n, one in self.said.items()}
            project.change_object_facts(*self.place, self.said)
            self.before = before
            return 0
        new, old = (self.said, self.before) if done else (self.before, self.said)
        ours = {n: new[n] for n, was in old.items() if _same_of(facts, n, was) == was}
        project.change_object_facts(*self.place, ours)
        return len(old) - len(ours)


def _same_of(facts: LayerFacts, label: int, change: FactChange) -> FactChange:
    """Return what is known of an object where a change says something of it."""
    one, found = facts.of(label), change.copy()
    if "class_id" in found:
        found["class_id"] = one.class_id
    if "flag" in found:
        found["flag"] = one.flag
    if "comment" in found:
        found["comment"] = one.comment
    return found
