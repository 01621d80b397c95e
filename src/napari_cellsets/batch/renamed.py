"""Work on pictures of a set that were renamed in it, found again by their pixels."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from napari_cellsets.batch.drawn_on import fingerprint
from napari_cellsets.catalogue.identity import is_own
from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import Project

#: Of large sets so many pictures without work are looked at.
_MOST_READ = 2_000
_NAMED = 3


class RenamedWork(NamedTuple):
    """Work in the store on samples that a set does not have.

    Parameters
    ----------
    names
        What such a sample is called now, where its picture was found.
    lost
        Samples whose pictures were not found.
    """

    names: Mapping[str, str]
    lost: Sequence[str]

    @property
    def samples(self) -> int:
        """How many can be taken over."""
        return len(self.names)

    @property
    def identity(self) -> str:
        """The same for the same work."""
        return "renamed: " + ", ".join(sorted([*self.names, *self.lost]))

    @property
    def said(self) -> str:
        """What is there, for the person."""
        said = []
        if self.names:
            pairs = [f"{old} is called {new} now" for old, new in self.names.items()]
            said.append(f"Work is stored under other names: {_some(pairs)}")
        if self.lost:
            said.append(f"Work is stored on pictures that are gone: {_some(self.lost)}")
        return ". ".join(said)


def renamed_work(
    project: Project, dataset: Dataset, token: CancelToken
) -> RenamedWork | None:
    """Return work on samples that a set does not have (any more); None for none.

    Published sets may be there in part, so they are not asked. Take it over with
    `Project.rename_sample`, when the person agrees.

    Raises
    ------
    StoreError
        If the store cannot be read.
    CancelledError
        If the token was cancelled.
    """
    if not is_own(dataset.identity):
        return None
    known = project.samples_with_work(dataset.identity)
    strays = sorted(known - {sample.name for sample in dataset.samples})
    if not strays:
        return None
    wanted: dict[str, list[str]] = {}
    for stray in strays:
        for picture in project.pictures_under(dataset.identity, stray):
            wanted.setdefault(picture, []).append(stray)
    names: dict[str, str] = {}
    free = (sample for sample in dataset.samples if sample.name not in known)
    for picture, sample in _pictures(dataset, islice(free, _MOST_READ), token):
        old = [name for name in wanted.pop(picture, ()) if name not in names]
        if len(old) == 1:
            names[old[0]] = sample.name
        if not wanted:
            break
    return RenamedWork(names, [name for name in strays if name not in names])


def _pictures(
    dataset: Dataset, samples: Iterator[Sample], token: CancelToken
) -> Iterator[tuple[str, Sample]]:
    for sample in samples:
        token.raise_if_cancelled()
        try:
            yield fingerprint(dataset.read_picture(sample)), sample
        except CellsetsError:
            continue


def _some(words: Sequence[str]) -> str:
    more = len(words) - _NAMED
    return ", ".join(words[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
