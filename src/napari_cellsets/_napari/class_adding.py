"""Classes that people add to the set on screen, for objects and all other marks."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from napari_cellsets._napari.object_classes import object_classes
from napari_cellsets.batch.given_classes import (
    add_object_class,
    drop_object_class,
    learn_classes,
)
from napari_cellsets.core.errors import CellsetsError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels

    from napari_cellsets._napari.edit_desk import EditDesk
    from napari_cellsets._napari.session import Session
    from napari_cellsets.catalogue import Dataset

    Turn = Callable[[bool], None]


def add_class(session: Session, name: str) -> Turn:
    """Add a class to the set on screen; it is on disk when this returns.

    Parameters
    ----------
    session
        Whose set.
    name
        What to call it.

    Returns
    -------
    callable
        Takes it back (False) and adds it again (True); it raises `StoreError` where
        that cannot be.

    Raises
    ------
    CellsetsError
        If no set is open, the name is none, there is such a class already, or it
        cannot be written.
    """
    dataset = session.dataset
    if dataset is None:
        raise CellsetsError("no data set is open", advice="Open one first.")
    added = add_object_class(dataset, session.project, name)
    show_given_classes(session, dataset)
    known = weakref.ref(session)

    def turn(done: bool) -> None:
        here = known()
        if here is None:
            return
        if done:
            add_object_class(dataset, here.project, added.name)
        else:
            drop_object_class(dataset, here.project, added)
        show_given_classes(here, dataset)

    return turn


def add_class_on(session: Session, desk: EditDesk, layer: Labels, name: str) -> None:
    """Add a class as one act on a layer of labels, which its Ctrl+Z takes back.

    Parameters
    ----------
    session, name
        As of `add_class`.
    desk
        Tells what could not be taken back.
    layer
        Among whose edits the act stands.

    Raises
    ------
    CellsetsError
        As of `add_class`.
    """
    turn = add_class(session, name)
    title = f"new class “{name.strip()}”"

    def told(done: bool) -> None:
        try:
            turn(done)
        except StoreError as error:
            desk.told.emit(str(error), True)

    if not desk.editor_of(layer).note(title, None, told):
        desk.log.add(layer, title)


def hear_of_classes(session: Session) -> None:
    """Let the set on screen know the classes that others added.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    dataset = session.dataset
    if dataset is not None and learn_classes(dataset, session.project):
        show_given_classes(session, dataset)


def show_given_classes(session: Session, dataset: Dataset) -> None:
    """Let docks and layers offer the classes that there are now."""
    if session.dataset is dataset:
        session.annotations.learn(dataset)
        object_classes(session).listed.emit()
