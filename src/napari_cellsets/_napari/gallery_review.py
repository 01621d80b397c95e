"""What is said of the items of a gallery, by number: verdicts, comments, classes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_cellsets._napari.gallery_classes import PictureClasses
from napari_cellsets._napari.gallery_facts import (
    CLASS,
    NONE,
    Column,
    FactTable,
    read_facts,
)
from napari_cellsets._napari.gallery_items import SampleItems
from napari_cellsets._napari.gallery_objects import ObjectItems, read_objects
from napari_cellsets.core.errors import StoreError
from napari_cellsets.review import ReviewQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from napari_cellsets._napari.gallery_items import Items
    from napari_cellsets._napari.thumbnails import ThumbnailCache
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.store import Project, Subject, Verdict

    Read = tuple[Items, "GalleryReview | StoreError"]

VERDICT = "verdict"
OPEN = "not reviewed"
#: What a reviewer can have said; pictures are relabelled by giving them a class.
WORDS = ("accepted", "relabelled", "flagged", "rejected")


def read_samples(dataset: Dataset, project: Callable[[], Project]) -> Read:
    """Return all samples with their facts, and the review of them.

    Parameters
    ----------
    dataset
        Whose samples; gone through once, in any thread.
    project
        Opens the store.
    """
    return _reviewed(SampleItems(dataset, read_facts(dataset)), project)


def read_crops(
    dataset: Dataset,
    samples: Sequence[int],
    project: Callable[[], Project],
    token: CancelToken,
    progress: Progress,
    cache: ThumbnailCache | None = None,
) -> Read:
    """Return all objects of samples, and the review of them; see `read_objects`."""
    try:
        crops = read_objects(dataset, samples, token, progress, cache, project())
    except StoreError:  # told with the review
        crops = read_objects(dataset, samples, token, progress, cache)
    return _reviewed(ObjectItems(dataset, crops), project)


def _reviewed(items: Items, project: Callable[[], Project]) -> Read:
    """Add the review, or why there is none."""
    dataset, subjects = items.dataset, items.subjects()
    try:
        classes = None
        if items.noun == SampleItems.noun:
            names = items.table.names
            published = published_classes(dataset, items.table)
            classes = PictureClasses(project(), dataset, names, published)
            items.set_classes(classes)
        return items, GalleryReview(project(), dataset.identity, subjects, classes)
    except StoreError as error:
        return items, error


def published_classes(dataset: Dataset, table: FactTable) -> Sequence[str]:
    """Return the classes of pictures that a set has by itself."""
    if dataset.kind == "cells":
        return dataset.classes
    column = table.columns.get(CLASS)
    return [] if column is None else [name for name in column.values if name != NONE]


class _Step(NamedTuple):
    """One part of an act: how it is done, and who takes it back."""

    do: Callable[[], object]
    keeper: ReviewQueue | PictureClasses


class _Act(NamedTuple):
    """What was done at once."""

    items: Sequence[int]
    steps: tuple[_Step, ...]


class GalleryReview:
    """What reviewers said of numbered items: verdicts, comments, classes of pictures.

    Made in any thread, used on the main one. Acts are taken back in the order in
    which they were done, whatever they are.

    Parameters
    ----------
    project, dataset_id
        As of `ReviewQueue`.
    subjects
        Of all items, in their own order.
    classes
        Of whole pictures; None where they have none.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """

    def __init__(
        self,
        project: Project,
        dataset_id: str,
        subjects: Sequence[Subject],
        classes: PictureClasses | None = None,
    ) -> None:
        self.classes = classes
        self._queue = ReviewQueue(project=project, dataset_id=dataset_id)
        self._subjects = subjects
        self._queue.take(subjects)
        self._codes = np.zeros(len(subjects), np.int32)
        self._done: list[_Act] = []
        self._undone: list[_Act] = []
        self._learn()

    @property
    def column(self) -> Column:
        """The verdict on each item."""
        return Column((*WORDS, OPEN), self._codes)

    def verdict(self, item: int) -> Verdict | None:
        """Return what was said of an item, None where nothing ever was."""
        return self._queue.verdict(self._subjects[item])

    def word(self, item: int) -> str:
        """Return the verdict that counts of an item, empty for none."""
        found = self.verdict(item)
        if found is not None and found.verdict:
            return found.verdict
        return "" if self.classes is None else self.classes.word(item)

    def reviewed(self, items: NDArray[np.intp]) -> int:
        """Return how many of these have a verdict."""
        return int(np.count_nonzero(self._codes[items] < len(WORDS)))

    def refresh(self) -> bool:
        """Read what others said; return whether there is anything new.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        before = self._queue.changes
        self._queue.refresh()
        new = self.classes is not None and self.classes.refresh()
        if new or self._queue.changes != before:
            self._learn()
            return True
        return False

    def judge(self, items: Sequence[int], verdict: str, reason: str = "") -> None:
        """Say of items what was decided; an empty verdict makes them unreviewed.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        queue, subjects = self._queue, [self._subjects[item] for item in items]
        acts: dict[str, Callable[[], None]] = {
            "accepted": lambda: queue.accept(subjects),
            "flagged": lambda: queue.flag(reason, subjects),
            "rejected": lambda: queue.reject(reason, subjects),
            "": lambda: queue.clear(subjects),
        }
        steps = [_Step(acts[verdict], queue)]
        given = [] if verdict else self._with_class(items)
        if self.classes is not None and given:
            steps.append(_Step(partial(self.classes.give, given, ""), self.classes))
        self._do(_Act(items, tuple(steps)))

    def comment(self, items: Sequence[int], text: str) -> None:
        """Write a comment on items; raises as `judge`."""
        queue, subjects = self._queue, [self._subjects[item] for item in items]
        self._do(_Act(items, (_Step(lambda: queue.comment(text, subjects), queue),)))

    def relabel(self, items: Sequence[int], name: str) -> None:
        """Say of which class pictures are.

        Where the set itself has a class this is a verdict on it: what was said of
        them before gives way.

        Raises
        ------
        StoreError
            If pictures here have no class, or it cannot be written.
        """
        if self.classes is None:
            raise StoreError("Pictures of this set have no class to change")
        queue = self._queue
        steps = [_Step(partial(self.classes.give, items, name), self.classes)]
        over = [item for item in items if self.classes.published(item)]
        judged = [self._subjects[item] for item in over if self._is_judged(item)]
        if judged:
            steps.append(_Step(lambda: queue.clear(judged), queue))
        self._do(_Act(items, tuple(steps)))

    def add_class(self, name: str) -> None:
        """Add a class that pictures can be given.

        Raises
        ------
        StoreError
            If there are no pictures here, the name is none or there already, or it
            cannot be written.
        """
        if self.classes is None:
            raise StoreError("Objects get their classes in the Objects dock")
        self._do(_Act((), (_Step(partial(self.classes.add, name), self.classes),)))

    def undo(self) -> list[int]:
        """Take the last act back and return its items; none where nothing was done.

        Raises
        ------
        StoreError
            As of `ReviewQueue.undo`.
        """
        return self._turn(self._done, self._undone, back=True)

    def redo(self) -> list[int]:
        """Do again what was taken back last and return its items; raises as `judge`."""
        return self._turn(self._undone, self._done, back=False)

    def next_open(self, order: NDArray[np.intp], item: int | None) -> int | None:
        """Return the next item without verdict, past the end from the start on.

        Parameters
        ----------
        order
            The items that are shown.
        item
            Where to go on from.
        """
        here = np.flatnonzero(order == item)
        ahead = np.roll(order, -1 - int(here[0])) if here.size else order
        others = ahead[ahead != item]
        found = np.flatnonzero(self._codes[others] == len(WORDS))
        return int(others[found[0]]) if found.size else None

    def _do(self, act: _Act) -> None:
        self._undone.clear()
        self._turn([act], self._done, back=False)

    def _turn(self, source: list[_Act], target: list[_Act], *, back: bool) -> list[int]:
        """Do or take back the last act of a list, which then is of the other.

        What cannot be taken back now, as the disk is full, stays; what others have
        changed since is left to them.
        """
        if not source:
            return []
        act = source.pop()
        waiting = list(reversed(act.steps) if back else act.steps)
        turned: list[_Step] = []
        error: StoreError | None = None
        while waiting:
            step = waiting[0]
            kept = step.keeper.acts
            try:
                (step.keeper.undo if back else step.do)()
                turned.append(step)
            except StoreError as failed:
                error = failed
                if not back or step.keeper.acts == kept:
                    break
            waiting.pop(0)
        if back:
            turned.reverse()
            waiting.reverse()
        if turned:
            target.append(_Act(act.items, tuple(turned)))
        if waiting and back:
            source.append(_Act(act.items, tuple(waiting)))
        self._learn(act.items)
        if error is not None:
            raise error
        return list(act.items)

    def _is_judged(self, item: int) -> bool:
        found = self.verdict(item)
        return found is not None and bool(found.verdict)

    def _with_class(self, items: Sequence[int]) -> list[int]:
        classes = self.classes
        return [] if classes is None else [i for i in items if classes.of(i)]

    def _learn(self, items: Iterable[int] | None = None) -> None:
        code = {word: place for place, word in enumerate(WORDS)}
        for item in range(len(self._subjects)) if items is None else items:
            self._codes[item] = code.get(self.word(item), len(WORDS))
