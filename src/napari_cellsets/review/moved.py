"""Work on a set whose folder was renamed, or whose pictures changed, found again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from napari_cellsets.catalogue.identity import same_content, same_place

if TYPE_CHECKING:
    from napari_cellsets.store import Project


class EarlierWork(NamedTuple):
    """Work in the store that may belong to a data set.

    Parameters
    ----------
    identity
        Of the data set when the work was done.
    samples
        Samples of which the store has labels or verdicts.
    said
        Why it may belong here, one sentence for the person.
    same_pictures
        Whether the pictures are the same and only the folder's name changed.
        Otherwise outlines may not fit.
    """

    identity: str
    samples: int
    said: str
    same_pictures: bool


def earlier_work(project: Project, dataset_id: str) -> list[EarlierWork]:
    """Return work that was done on what may be the same data set.

    Parameters
    ----------
    project
        The store.
    dataset_id
        `Dataset.identity` as it is now.

    Returns
    -------
    list of EarlierWork
        Empty where the data set has work of its own: nothing is missed then. What
        has the same pictures comes first. Take it over with
        `Project.move_work`, when the person agrees.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    known = project.datasets()
    if known.get(dataset_id):
        return []
    found = []
    for identity, samples in known.items():
        if not samples or identity == dataset_id:
            continue
        if same_content(identity, dataset_id):
            said = f"{_work(samples)} on the same pictures under another folder name"
            found.append(EarlierWork(identity, samples, said, True))
        elif same_place(identity, dataset_id):
            said = (
                f"{_work(samples)} in a folder of this name, whose first picture "
                "was another one: outlines may not fit"
            )
            found.append(EarlierWork(identity, samples, said, False))
    return sorted(found, key=lambda work: (not work.same_pictures, -work.samples))


def _work(samples: int) -> str:
    return f"Work on {samples} sample{'s' if samples != 1 else ''} is stored"
