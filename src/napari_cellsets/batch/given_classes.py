"""Classes that people gave a data set which it does not have by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.store import refuse_known

if TYPE_CHECKING:
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.store import AddedClass, Project


def learn_classes(dataset: Dataset, project: Project) -> bool:
    """Let a set know the classes of objects that people added, and no others.

    Parameters
    ----------
    dataset
        Its `Dataset.class_table` has them afterwards.
    project
        Where they are kept.

    Returns
    -------
    bool
        Whether there are other classes than before.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    before = dataset.class_table.given
    added = project.added_classes(dataset.identity, "objects")
    dataset.class_table.give({one.number: one.name for one in added})
    return before != dataset.class_table.given


def add_object_class(dataset: Dataset, project: Project, name: str) -> AddedClass:
    """Add a class for objects, points, boxes and outlines; it is on disk afterwards.

    Parameters
    ----------
    dataset, project
        As of `learn_classes`.
    name
        What to call it.

    Raises
    ------
    StoreError
        If the name is none, there is such a class, or it cannot be written.
    """
    learn_classes(dataset, project)
    table = dataset.class_table
    refuse_known(table.name_of(name), table.names.values())
    added = project.add_class(dataset.identity, name, "objects", least=table.free)
    learn_classes(dataset, project)
    return added


def drop_object_class(dataset: Dataset, project: Project, added: AddedClass) -> None:
    """Take back that a class was added.

    Parameters
    ----------
    dataset, project
        As of `learn_classes`.
    added
        The class.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    project.drop_class(dataset.identity, added)
    learn_classes(dataset, project)
