"""Bytes that can be made again, kept in one file of limited size."""

from __future__ import annotations

import sqlite3
import threading
import time
import weakref
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    T = TypeVar("T")

#: What is left of the limit when the oldest were deleted, so that it lasts a while.
_TRIMMED_TO = 0.9
#: Bytes written between two looks at the size, which other windows add to.
_BYTES_BETWEEN_LOOKS = 16 * 2**20
_PATIENCE_S = 1.0
#: Values written at once, and the longest that one waits while others come, s: a
#: transaction for each takes as long as coding a picture.
_BATCH, _WAITING_S = 32, 0.5
#: Nothing waits for the disk: what a power cut takes is made again.
_SETTINGS = (
    "PRAGMA auto_vacuum = INCREMENTAL",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = OFF",
    "PRAGMA journal_size_limit = 4194304",
    "CREATE TABLE IF NOT EXISTS blobs"
    " (id INTEGER PRIMARY KEY, key BLOB UNIQUE, value BLOB)",
)


class BlobFile:
    """Values by key in a file that several windows share; safe in any thread.

    One file, as making a file for each picture costs as much as decoding it. A
    place that cannot be written, and a damaged file, only cost time. Values are
    written some at a time, the last ones when this object goes.

    Parameters
    ----------
    place
        The file; its folder is made when absent.
    limit
        The oldest values go when all together have more bytes.
    """

    def __init__(self, place: Path, limit: int) -> None:
        self._limit = limit
        self._file = _SharedFile(place)
        self._lock = threading.Lock()
        self._waiting: dict[bytes, bytes] = {}
        self._written = time.monotonic()
        self._unseen = 0
        weakref.finalize(self, _finish, self._file, self._waiting)

    def get(self, key: bytes) -> bytes | None:
        """Return a value; None where it is not there."""
        waiting = self._waiting.get(key)
        if waiting is not None:
            return waiting
        query = "SELECT value FROM blobs WHERE key = ?"
        row = self._file.run(lambda file: file.execute(query, (key,)).fetchone())
        return None if row is None else bytes(row[0])

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value in place of an older one."""
        with self._lock:
            self._waiting[key] = value
            self._unseen += len(value)
            full = self._unseen > min(_BYTES_BETWEEN_LOOKS, self._limit)
            late = time.monotonic() > self._written + _WAITING_S
            due = late or len(self._waiting) >= _BATCH
        if full:
            self.trim()
        elif due:
            self._flush()

    def trim(self) -> None:
        """Delete the oldest values where all together are beyond the limit."""
        self._flush()
        self._file.run(self._trim)
        with self._lock:
            self._unseen = 0

    def _flush(self) -> None:
        with self._lock:
            batch = dict(self._waiting)
            self._waiting.clear()
            self._written = time.monotonic()
        self._file.write(batch)

    def _trim(self, file: sqlite3.Connection) -> None:
        sizes = file.execute("SELECT id, length(value) FROM blobs ORDER BY id")
        rows = sizes.fetchall()
        total, last = sum(size for _, size in rows), 0
        if total <= self._limit:
            return
        for number, size in rows:
            if total <= self._limit * _TRIMMED_TO:
                break
            total, last = total - size, number
        file.execute("DELETE FROM blobs WHERE id <= ?", (last,))
        file.executescript("PRAGMA incremental_vacuum")  # `execute` frees one page


class _SharedFile:
    """The file itself, opened when it is first needed."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def write(self, values: Mapping[bytes, bytes]) -> None:
        """Put values into the file, all at once."""

        def act(file: sqlite3.Connection) -> None:
            said = "INSERT OR REPLACE INTO blobs (key, value) VALUES (?, ?)"
            with file:  # one transaction
                file.execute("BEGIN IMMEDIATE")
                file.executemany(said, values.items())

        if values:
            self.run(act)

    def run(self, act: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do it with the open file; None where the file is of no use."""
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._opened()
                return act(self._connection)
            except (sqlite3.OperationalError, OSError):
                return None  # locked, full, or not ours to write
            except sqlite3.DatabaseError:
                self._begin_anew()
                return None

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _opened(self) -> sqlite3.Connection:
        self._place.parent.mkdir(parents=True, exist_ok=True)
        file = sqlite3.connect(
            self._place,
            timeout=_PATIENCE_S,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            for setting in _SETTINGS:
                file.execute(setting).fetchall()
        except sqlite3.Error:
            file.close()
            raise
        return file

    def _begin_anew(self) -> None:
        """Delete a damaged file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        for ending in ("", "-wal", "-shm"):
            try:
                self._place.with_name(self._place.name + ending).unlink(missing_ok=True)
            except OSError:
                return  # another window has it open


def _finish(file: _SharedFile, waiting: Mapping[bytes, bytes]) -> None:
    file.write(waiting)
    file.close()
