"""Which windows have a data set open just now.

Each says so every few seconds. One that says nothing any more is gone, whether it was
closed or its program ended.
"""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING, NamedTuple

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store.engine import told_as_store_errors, writing
from napari_cellsets.store.opened import OpenStore
from napari_cellsets.store.schema import now, tables

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: Say it more often than this, in seconds.
PRESENT_S = 45
# rows of `about`, which older versions leave alone
_NAME = "window "


class Window(NamedTuple):
    """A window that has a data set open.

    Parameters
    ----------
    hand
        The same for one window as long as it is open.
    author
        Whose it is.
    machine
        Name of the computer.
    """

    hand: str
    author: str
    machine: str


class WindowStore(OpenStore):
    """The part of a project that tells who else works on a data set."""

    _present = False

    def at_work(self, dataset_id: str) -> tuple[Window, ...]:
        """Say that this window has a data set open; return which others have.

        Parameters
        ----------
        dataset_id
            `Dataset.identity`.

        Raises
        ------
        StoreError
            If the store cannot be written.
        """
        self._present = False
        with (
            self._lock,
            told_as_store_errors(self._place),
            writing(self._engine) as connection,
        ):
            moment = _clock(connection)
            said = [dataset_id, self._author, platform.node(), moment]
            _say(connection, _NAME + self._hand, json.dumps(said))
            others = _others(connection, dataset_id, self._hand, moment)
        self._present = True
        return others

    def close(self) -> None:
        """Let go of the database, and tell other windows that this one is closed."""
        if self._present:
            self._present = False
            try:
                self._leave()
            except StoreError:
                pass  # they notice soon
        super().close()

    def _leave(self) -> None:
        about = tables().about
        row = about.delete().where(about.c.name == _NAME + self._hand)
        with (
            self._lock,
            told_as_store_errors(self._place),
            writing(self._engine) as connection,
        ):
            connection.execute(row)


def _say(connection: Connection, name: str, value: str) -> None:
    about = tables().about
    row = about.update().where(about.c.name == name).values(value=value)
    if not connection.execute(row).rowcount:
        connection.execute(about.insert(), {"name": name, "value": value})


def _others(
    connection: Connection, dataset_id: str, hand: str, moment: float
) -> tuple[Window, ...]:
    """Return the other windows, and forget those that are gone."""
    import sqlalchemy as sa

    about = tables().about
    query = sa.select(about.c.name, about.c.value).where(about.c.name.like(f"{_NAME}%"))
    found = []
    for name, value in connection.execute(query).all():
        dataset, author, machine, last = json.loads(value)
        if abs(moment - last) > PRESENT_S:  # or the clock was set back
            connection.execute(about.delete().where(about.c.name == name))
        elif dataset == dataset_id and name != _NAME + hand:
            found.append(Window(name.removeprefix(_NAME), author, machine))
    return tuple(found)


def _clock(connection: Connection) -> float:
    """Return seconds since 1970 by a clock that all windows share."""
    import sqlalchemy as sa

    if connection.dialect.name == "postgresql":
        said = "SELECT extract(epoch FROM clock_timestamp())"
        return float(connection.execute(sa.text(said)).scalar_one())
    return now()
