"""A table of results that grows row by row and can be gone on with.

The CSV file itself is the record of what is finished. Beside it lies
``.NAME.state``, a small JSON file that says with which model, settings and set
it was made; rows are trusted only while that agrees.
"""

from __future__ import annotations

import csv
import io
import json
import os
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from napari_cellsets.batch.rows import CountRow
from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.atomic import atomic_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

_FORMAT = 1


class TableRow(Protocol):
    """One line of a table of results."""

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return the names of the columns, in order."""

    def texts(self) -> list[str]:
        """Return one text a column."""

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> Self:
        """Return the row that `texts` wrote; raises ValueError, KeyError for others."""


Row = TypeVar("Row", bound=TableRow)


class GrowingTable(Generic[Row]):
    """The file of results of one run.

    Parameters
    ----------
    path
        The CSV file.
    kind
        Of its rows.
    made_with
        What the rows depend on, as JSON can say it; rows made with anything else
        are not gone on with.
    """

    def __init__(
        self, path: Path, kind: type[Row], made_with: Mapping[str, Any]
    ) -> None:
        self._path = path
        self._kind = kind
        self._made_with = json.loads(json.dumps(made_with))
        self._state = path.with_name(f".{path.name}.state")

    def begin(self, *, resume: bool) -> tuple[list[Row], str]:
        """Make the file ready; return finished rows, and what to tell.

        Raises
        ------
        ExportError
            If the file cannot be written.
        """
        rows: list[Row] = []
        told = ""
        if resume and self._path.is_file():
            changed = self._changed()
            if changed is None:
                told = f"{self._path.name} was not made by such a run: starts anew."
            elif changed:
                told = f"Another {', '.join(changed)} than last time: starts anew."
            else:
                rows = read_rows(self._path, self._kind)
        # The rows go first: the new state must never vouch for older rows.
        write_rows(self._path, self._kind, rows)
        self._write_state()
        return rows, told

    def append(self, *rows: Row) -> None:
        """Add rows; they are on disk when this returns.

        Raises
        ------
        ExportError
            If they cannot be written; the rows before them stay as they were.
        """
        append_to(self._path, as_csv([row.texts() for row in rows]).encode())

    def finish(self, rows: Sequence[Row]) -> None:
        """Write the rows in their final order.

        Raises
        ------
        ExportError
            If the file cannot be written.
        """
        write_rows(self._path, self._kind, rows)

    def _changed(self) -> list[str] | None:
        """Name what differs from last time; None where nobody knows."""
        try:
            state = json.loads(self._state.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(state, dict) or state.get("format") != _FORMAT:
            return None
        before, now = state.get("made_with", {}), self._made_with
        return [name for name in now if before.get(name) != now[name]]

    def _write_state(self) -> None:
        state = {"format": _FORMAT, "made_with": self._made_with}
        with atomic_output(self._state) as aside:
            aside.write_text(json.dumps(state, indent=1), encoding="utf-8")


def append_to(path: Path, lines: bytes) -> None:
    """Add lines to a file; they are on disk when this returns.

    Raises
    ------
    ExportError
        If they cannot be written; the file stays as it was.
    """
    try:
        with path.open("ab") as file:
            before = file.tell()
            try:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                file.truncate(before)
                raise
    except OSError as error:
        raise ExportError(
            f"could not be written: {error.strerror or error}",
            path=path,
            advice="Make room, then run the same command again to go on.",
        ) from error


def read_counts_csv(path: Path) -> list[CountRow]:
    """Return the whole rows of a file of counts; a torn last one is left out.

    Raises
    ------
    ExportError
        If the file cannot be read.
    """
    return read_rows(path, CountRow)


def read_rows(path: Path, kind: type[Row]) -> list[Row]:
    """Return the whole rows of a table; a torn last one is left out.

    Raises
    ------
    ExportError
        If the file cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ExportError(
            f"could not be read: {error.strerror or error}", path=path
        ) from error
    whole = content[: content.rfind(b"\n") + 1].decode("utf-8", "replace")
    rows = []
    for texts in csv.DictReader(io.StringIO(whole, newline="")):
        try:
            rows.append(kind.from_texts(texts))
        except (KeyError, ValueError, TypeError):
            continue
    return rows


def write_rows(path: Path, kind: type[Row], rows: Iterable[Row]) -> None:
    """Write a header and rows, whole or not at all.

    Raises
    ------
    ExportError
        If the file cannot be written.
    """
    with atomic_output(path) as aside:
        text = as_csv([kind.columns(), *(row.texts() for row in rows)])
        aside.write_bytes(text.encode())


def as_csv(lines: Iterable[Sequence[str]]) -> str:
    """Return lines of texts as CSV, quoted where that is needed."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue()
