"""An open project store: its database, its name, who writes."""

from __future__ import annotations

import hashlib
import threading
from secrets import token_hex
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import StoreError
from napari_cellsets.core.people import account_name
from napari_cellsets.store.engine import (
    connect,
    file_of,
    reading,
    told_as_store_errors,
    url_of,
)
from napari_cellsets.store.journal import Journal, LayerKey
from napari_cellsets.store.schema import last_change

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from sqlalchemy import Engine

LAYERS = ("cells", "truth")
_FURTHER = "more-"
_DIGITS = 12


class OpenStore:
    """What every part of a project shares.

    Parameters
    ----------
    engine, place
        An open database, and how to name it to the person.
    author
        Written beside every change.
    """

    def __init__(self, engine: Engine, place: str, author: str) -> None:
        self._engine = engine
        self._place = place
        self._author = author
        self._journal = Journal(place, author)
        self._seen: dict[LayerKey, int] = {}
        self._lock = threading.Lock()
        #: In front of every act on marks: what is one's own is known by it.
        self._hand = token_hex(6)

    @classmethod
    def open(
        cls, place: Path | str | None = None, *, author: str | None = None
    ) -> Self:
        """Open a project store, or make a new one.

        Parameters
        ----------
        place
            A file, an existing folder (``project.sqlite`` inside), or an
            SQLAlchemy URL; by default the person's own data folder.
        author
            Written beside every change; by default the account's name.

        Raises
        ------
        StoreError
            If the place cannot be opened or written, holds something else, or
            was written by a newer version.
        """
        url = url_of(place)
        file = file_of(url)
        name = str(file) if file else url.render_as_string(hide_password=True)
        return cls(connect(url, name), name, author or account_name())

    @property
    def author(self) -> str:
        """Who is written beside every change."""
        return self._author

    @property
    def place(self) -> str:
        """The file or URL (without password), for the person to read."""
        return self._place

    def close(self) -> None:
        """Let go of the database; a later call opens it again."""
        self._engine.dispose()

    def last_change(self) -> int:
        """Return the number of the newest change of the whole store, whoever made it.

        It costs one short read: ask every second or so whether others did something,
        and then what, with `Project.changed_since`.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            return last_change(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def layer_key(dataset_id: str, sample: str, layer: str) -> LayerKey:
    """Return what a layer is known by.

    Raises
    ------
    StoreError
        If there is no such layer.
    """
    if layer not in LAYERS and not layer.startswith(_FURTHER):
        raise StoreError(f"A layer is one of {LAYERS}, found {layer!r}")
    return LayerKey(dataset_id, sample, layer)


def further_layer(annotation: str) -> str:
    """Return the name of the layer that keeps corrections of a further annotation.

    Names of annotations have any length and any letters, those of layers 20 at most:
    so it is a digest, the same wherever and whenever it is asked for. The provenance
    of the labels tells the annotation's own name.

    Parameters
    ----------
    annotation
        As of `core.annotation_names.names_of`.
    """
    return _FURTHER + hashlib.sha256(annotation.encode()).hexdigest()[:_DIGITS]
