"""A queue of samples or objects: filter, order, next one, and acts that can be undone.

Acts write through the `Project` before anything changes here: what the queue says is
on disk. It knows no window.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field, PrivateAttr, field_validator

from napari_cellsets.core.errors import StoreError
from napari_cellsets.core.evented import EventedModel
from napari_cellsets.store import VERDICTS, Opinion, Project, Subject, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: Stands for "no verdict yet" among the verdicts to be shown.
UNREVIEWED = ""


class Progress(NamedTuple):
    """How many of a queue have which verdict; they add up to the total.

    Parameters
    ----------
    total
        All of the queue, whatever is filtered.
    accepted, flagged, rejected, unreviewed
        By what counts now.
    """

    total: int
    accepted: int
    flagged: int
    rejected: int
    unreviewed: int

    @property
    def reviewed(self) -> int:
        """How many have a verdict."""
        return self.total - self.unreviewed


class _Act(NamedTuple):
    """What was said at once, and what stood there before."""

    said: dict[Subject, Verdict]
    before: dict[Subject, Verdict | None]


class ReviewQueue(EventedModel):
    """What one person looks at, in order; `events.<field>` tells of changes.

    Give it what there is with `take`; use it from one thread.

    Parameters
    ----------
    project
        Where verdicts are read and written.
    dataset_id
        `Dataset.identity`.
    shown
        Verdicts to stop at, `UNREVIEWED` among them; empty for all.
    current
        What is looked at; None in an empty queue.
    changes
        Grows whenever the queue or a verdict changed.
    """

    project: Project = Field(repr=False, frozen=True)
    dataset_id: str = Field(frozen=True)
    shown: frozenset[str] = frozenset()
    current: Subject | None = None
    changes: int = Field(default=0, ge=0)

    _subjects: tuple[Subject, ...] = PrivateAttr(default=())
    _place: dict[Subject, int] = PrivateAttr(default_factory=dict)
    _said: dict[Subject, Verdict] = PrivateAttr(default_factory=dict)
    _tally: Counter[str] = PrivateAttr(default_factory=Counter)
    _acts: list[_Act] = PrivateAttr(default_factory=list)
    _read_to: int = PrivateAttr(default=0)

    @field_validator("shown")
    @classmethod
    def _known_words(cls, shown: frozenset[str]) -> frozenset[str]:
        unknown = shown - {UNREVIEWED, *VERDICTS}
        if unknown:
            raise ValueError(f"A verdict is one of {VERDICTS}, found {sorted(unknown)}")
        return shown

    # What there is

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """All of the queue, in its order."""
        return self._subjects

    @property
    def listed(self) -> list[Subject]:
        """Those whose verdict is among `shown`, in order."""
        return [subject for subject in self._subjects if self._is_shown(subject)]

    @property
    def progress(self) -> Progress:
        """How far the queue is; costs nothing."""
        total = len(self._subjects)
        accepted, flagged, rejected = (self._tally[word] for word in VERDICTS)
        left = total - accepted - flagged - rejected
        return Progress(total, accepted, flagged, rejected, left)

    def verdict(self, subject: Subject) -> Verdict | None:
        """Return what counts now of one; None where nothing was ever said."""
        return self._said.get(subject)

    def take(self, subjects: Iterable[Subject | str]) -> None:
        """Review these from now on; the one looked at stays if it is among them.

        Parameters
        ----------
        subjects
            In the order in which they are walked; names stand for samples. A
            second mention of one is left out.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        given = (Subject(one) if isinstance(one, str) else one for one in subjects)
        order = tuple(dict.fromkeys(given))
        with_objects = any(subject.object for subject in order)
        had_objects = any(subject.object for subject in self._subjects)
        self._subjects = order
        self._place = {subject: place for place, subject in enumerate(order)}
        self._tally = Counter(self._word(subject) for subject in order)
        self.changes += 1
        if with_objects and not had_objects:
            self._read_to = 0
        self.refresh()
        if self.current not in self._place:
            self.current = order[0] if order else None

    def refresh(self) -> None:
        """Read what others said since the last time.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        last, since = self.project.last_change(), self._read_to
        new: dict[Subject, Verdict] = {}
        if last > since:
            samples = self.project.verdicts(self.dataset_id, since=since)
            new |= {Subject(name): verdict for name, verdict in samples.items()}
            if any(subject.object for subject in self._subjects):
                new |= self.project.object_verdicts(self.dataset_id, since=since)
            self._read_to = last
        self._learn(new)

    # Where to go

    def next(self) -> Subject | None:
        """Go to the next one shown and return it; None at the end."""
        return self._go(self._subjects[self._at() + 1 :], self._is_shown)

    def previous(self) -> Subject | None:
        """Go to the one shown before and return it; None at the start."""
        before = self._subjects[: max(self._at(), 0)]
        return self._go(reversed(before), self._is_shown)

    def next_unreviewed(self) -> Subject | None:
        """Go to the next one without verdict, past the end from the start on.

        Returns
        -------
        Subject or None
            None where all others have a verdict.
        """
        return self._go(self._others(), self._is_open)

    def previous_unreviewed(self) -> Subject | None:
        """Go to the one without verdict before, past the start from the end on."""
        return self._go(reversed(self._others()), self._is_open)

    # Acts

    def accept(self, subjects: Iterable[Subject] | None = None) -> None:
        """Accept the one looked at, or those given; a comment stays.

        Raises
        ------
        StoreError
            If there is nothing to judge, or it cannot be written.
        """
        self._say(subjects, verdict="accepted", reason="")

    def flag(self, reason: str, subjects: Iterable[Subject] | None = None) -> None:
        """Flag for another look; raises as `accept`."""
        self._say(subjects, verdict="flagged", reason=reason)

    def reject(
        self, reason: str = "", subjects: Iterable[Subject] | None = None
    ) -> None:
        """Reject; raises as `accept`."""
        self._say(subjects, verdict="rejected", reason=reason)

    def clear(self, subjects: Iterable[Subject] | None = None) -> None:
        """Make unreviewed again; a comment stays; raises as `accept`."""
        self._say(subjects, verdict="", reason="")

    def comment(self, text: str, subjects: Iterable[Subject] | None = None) -> None:
        """Write a comment in place of the present one; raises as `accept`."""
        self._say(subjects, comment=text)

    @property
    def can_undo(self) -> bool:
        """Whether there is an act of this session to take back."""
        return bool(self._acts)

    @property
    def acts(self) -> int:
        """How many acts of this session can be taken back."""
        return len(self._acts)

    def undo(self) -> list[Subject]:
        """Say again what stood before the last act; the act stays in the history.

        Returns
        -------
        list of Subject
            What has its earlier verdict again, the first of them being looked at.
            Where somebody said something else since, that stays.

        Raises
        ------
        StoreError
            If there is nothing to undo, all was judged by others since, or it
            cannot be written.
        """
        if not self._acts:
            raise StoreError(
                "There is no verdict of this session to take back",
                advice="Say what counts instead.",
            )
        self.refresh()
        act = self._acts[-1]
        ours = [one for one, said in act.said.items() if self._said.get(one) == said]
        if not ours:
            self._acts.pop()
            raise StoreError(
                f"Somebody else judged {next(iter(act.said)).sample!r} since",
                advice="Look at it again and say what counts.",
            )
        earlier = {one: _opinion(act.before[one]) for one in ours}
        stored = self._write(earlier)
        self._acts.pop()
        for older in self._acts:
            for one in ours:
                if one in older.said and older.said[one] == act.before[one]:
                    older.said[one] = stored[one]  # what it said counts once more
        if ours[0] in self._place:
            self.current = ours[0]
        return ours

    def _at(self) -> int:
        return -1 if self.current is None else self._place.get(self.current, -1)

    def _others(self) -> tuple[Subject, ...]:
        """All but the one looked at, from there on and round."""
        at = self._at()
        return self._subjects[at + 1 :] + self._subjects[: max(at, 0)]

    def _go(
        self, ways: Iterable[Subject], stop: Callable[[Subject], bool]
    ) -> Subject | None:
        found = next((subject for subject in ways if stop(subject)), None)
        if found is not None:
            self.current = found
        return found

    def _say(self, subjects: Iterable[Subject] | None, **words: str) -> None:
        if subjects is None:
            subjects = () if self.current is None else (self.current,)
        before = {subject: self._said.get(subject) for subject in subjects}
        if not before:
            raise StoreError(
                "There is nothing to judge", advice="Select a sample or an object."
            )
        said = self._write(
            {one: _opinion(found)._replace(**words) for one, found in before.items()}
        )
        self._acts.append(_Act(said, before))

    def _write(self, said: dict[Subject, Opinion]) -> dict[Subject, Verdict]:
        stored = self.project.set_verdicts(self.dataset_id, said)
        self._learn(stored)
        return stored

    def _learn(self, found: dict[Subject, Verdict]) -> None:
        new = [
            (one, said) for one, said in found.items() if self._said.get(one) != said
        ]
        for subject, verdict in new:
            if subject in self._place:
                self._tally[self._word(subject)] -= 1
                self._tally[verdict.verdict] += 1
            self._said[subject] = verdict
        if new:
            self.changes += 1

    def _word(self, subject: Subject) -> str:
        found = self._said.get(subject)
        return found.verdict if found is not None else UNREVIEWED

    def _is_open(self, subject: Subject) -> bool:
        return self._word(subject) == UNREVIEWED

    def _is_shown(self, subject: Subject) -> bool:
        return not self.shown or self._word(subject) in self.shown


def _opinion(found: Verdict | None) -> Opinion:
    return found.opinion if found is not None else Opinion()
