"""Verdicts on the items of a gallery, by number; the review itself is `review`'s."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets._napari.gallery_facts import Column, read_facts
from napari_cellsets._napari.gallery_items import SampleItems
from napari_cellsets._napari.gallery_objects import ObjectItems, read_objects
from napari_cellsets.core.errors import StoreError
from napari_cellsets.review import ReviewQueue
from napari_cellsets.store import VERDICTS, Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from napari_cellsets._napari.gallery_items import Items
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.store import Project, Verdict

    Read = tuple[Items, "GalleryReview | StoreError"]

VERDICT = "verdict"
OPEN = "not reviewed"


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
) -> Read:
    """Return all objects of samples, and the review of them; see `read_objects`."""
    crops = read_objects(dataset, samples, token, progress)
    return _reviewed(ObjectItems(dataset, crops), project)


def _reviewed(items: Items, project: Callable[[], Project]) -> Read:
    """Add the review, or why there is none."""
    identity = items.dataset.identity
    try:
        return items, GalleryReview(project(), identity, items.subjects())
    except StoreError as error:
        return items, error


class GalleryReview:
    """A review queue whose subjects are numbered.

    Made in any thread, used on the main one.

    Parameters
    ----------
    project, dataset_id
        As of `ReviewQueue`.
    subjects
        Of all items, in their own order.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """

    def __init__(
        self, project: Project, dataset_id: str, subjects: Sequence[Subject]
    ) -> None:
        self._queue = ReviewQueue(project=project, dataset_id=dataset_id)
        self._subjects = subjects
        self._item_of = {subject: item for item, subject in enumerate(subjects)}
        self._queue.take(subjects)
        self._taken = np.arange(len(subjects))
        self._codes = np.zeros(len(subjects), np.int32)
        self._learn()

    @property
    def column(self) -> Column:
        """The verdict on each item."""
        return Column((*VERDICTS, OPEN), self._codes)

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return self._queue.can_undo

    def verdict(self, item: int) -> Verdict | None:
        """Return what counts now of an item, None where nothing was ever said."""
        return self._queue.verdict(self._subjects[item])

    def reviewed(self, items: NDArray[np.intp]) -> int:
        """Return how many of these have a verdict."""
        return int(np.count_nonzero(self._codes[items] < len(VERDICTS)))

    def refresh(self) -> None:
        """Read what others said.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        before = self._queue.changes
        self._queue.refresh()
        if self._queue.changes != before:
            self._learn()

    def judge(self, items: Sequence[int], verdict: str, reason: str = "") -> None:
        """Say of items what was decided; an empty verdict makes them unreviewed.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        queue = self._queue
        acts: dict[str, Callable[[list[Subject]], None]] = {
            "accepted": queue.accept,
            "flagged": lambda subjects: queue.flag(reason, subjects),
            "rejected": lambda subjects: queue.reject(reason, subjects),
            "": queue.clear,
        }
        acts[verdict]([self._subjects[item] for item in items])
        self._learn(items)

    def comment(self, items: Sequence[int], text: str) -> None:
        """Write a comment on items; raises as `judge`."""
        self._queue.comment(text, [self._subjects[item] for item in items])

    def undo(self) -> list[int]:
        """Take the last act back and return its items.

        Raises
        ------
        StoreError
            As of `ReviewQueue.undo`.
        """
        items = [self._item_of[subject] for subject in self._queue.undo()]
        self._learn(items)
        return items

    def next_open(self, order: NDArray[np.intp], item: int | None) -> int | None:
        """Return the next item without verdict, past the end from the start on.

        Parameters
        ----------
        order
            The items that are shown.
        item
            Where to go on from.
        """
        if not np.array_equal(order, self._taken):
            self._queue.take([self._subjects[at] for at in order])
            self._taken = order.copy()
        self._queue.current = None if item is None else self._subjects[item]
        found = self._queue.next_unreviewed()
        return None if found is None else self._item_of[found]

    def _learn(self, items: Iterable[int] | None = None) -> None:
        code = {word: place for place, word in enumerate(VERDICTS)}
        for item in range(len(self._subjects)) if items is None else items:
            found = self.verdict(item)
            word = "" if found is None else found.verdict
            self._codes[item] = code.get(word, len(VERDICTS))
