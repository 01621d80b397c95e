"""Connecting: places to URLs, SQLite made durable, database errors as sentences."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import StoreError
from napari_cellsets.core.places import data_home
from napari_cellsets.store import migrations, schema
from napari_cellsets.store.file_place import can_lock, watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Engine

FILE_NAME = "project.sqlite"
#: How long a writer waits for another one, in milliseconds.
BUSY_MS = 5000
#: How long a database server may take to answer, in seconds.
_CONNECT_S = 10
#: What the lock on making the tables is known by on a PostgreSQL server.
_TABLES_LOCK = 0x63656C6C
#: Packages of database drivers, where a name alone is not enough.
_DRIVERS = {"psycopg": '"napari-cellsets[postgres]"'}
#: The write-ahead file is cut back to this many bytes after a checkpoint.
WAL_BYTES = 16 * 2**20

#: What a database says, what we say, what the person can do.
_SENTENCES = (
    (
        "not a database",
        "is not a project store (not an SQLite file)",
        "Choose another file.",
    ),
    (
        "malformed",
        "is damaged (the database cannot be read to its end)",
        "Restore it from a copy, or move it away to start a new one.",
    ),
    (
        "disk is full",
        "could not be written: the disk is full",
        "Make room, then repeat the last edit.",
    ),
    (
        "disk I/O error",
        "could not be read or written: the disk is full, or fails",
        "Make room and check the disk, then repeat the last edit.",
    ),
    (
        "readonly database",
        "could not be written: the file or its folder is read-only",
        "Allow writing there, or choose another project store.",
    ),
    (
        "unable to open",
        "could not be opened",
        "Check that the folder exists and that you may write to it.",
    ),
    (
        "database is locked",
        "is held by another program that is writing for too long",
        "Close the other program, then try again.",
    ),
    (
        "lock timeout",
        "is held by another program that is writing for too long",
        "Close the other program, then try again.",
    ),
    (
        "connection to server",
        "the database server does not answer, or does not let you in",
        "Check the address, your name and password, and that the server runs.",
    ),
    (
        "could not receive data",
        "the database server cannot be reached any more",
        "Nothing of this step was saved. Check the network, then try again.",
    ),
    (
        "terminating connection",
        "the database server ended the connection",
        "Nothing of this step was saved. Try again.",
    ),
    (
        "server closed the connection",
        "the database server ended the connection",
        "Nothing of this step was saved. Try again.",
    ),
)


def url_of(place: Path | str | None) -> URL:
    """Return the SQLAlchemy URL of a file, a folder, a URL or the default place.

    Raises
    ------
    StoreError
        If text with ``://`` is no URL of a database.
    """
    import sqlalchemy as sa

    if isinstance(place, str) and "://" in place:
        try:
            url = sa.make_url(place)
        except sa.exc.ArgumentError as error:
            raise StoreError(
                "A database URL such as 'postgresql://user@host/name' was expected",
                path=place.split("@")[-1],
            ) from error
        plain = url.drivername in ("postgresql", "postgres")
        return url.set(drivername="postgresql+psycopg") if plain else url
    path = Path(place) if place is not None else data_home()
    if place is None or path.is_dir():
        path = path / FILE_NAME
    return sa.URL.create("sqlite", database=str(path))


def connect(url: URL, place: str) -> Engine:
    """Open the database, check that it is ours, create or migrate its tables.

    Raises
    ------
    StoreError
        If it cannot be opened or written, is no store, or is of a newer version.
    """
    import sqlalchemy as sa

    with told_as_store_errors(place):
        try:
            engine = _make_engine(url)
        except ImportError as error:
            raise StoreError(
                f"needs the Python package {error.name!r}, which is not installed",
                path=place,
                advice="Install it with "
                f"'pip install {_DRIVERS.get(error.name or '', error.name)}'.",
            ) from error
        except sa.exc.NoSuchModuleError as error:
            raise StoreError(
                f"names a kind of database that is not known: {url.drivername!r}",
                path=place,
            ) from error
        try:
            _prepare(engine, place)
        except BaseException as error:
            engine.dispose()
            _tell_where_nothing_locks(error, url, place)
            raise
    return engine


def _tell_where_nothing_locks(error: BaseException, url: URL, place: str) -> None:
    """Say it where no other program holds the store, but the drive has no locks."""
    file = file_of(url)
    if file is None or "is locked" not in str(error) or can_lock(file.parent):
        return
    raise StoreError(
        "lies on a drive that cannot lock files",
        path=place,
        advice="Choose a disk of this computer, or a PostgreSQL database.",
    ) from error


def _prepare(engine: Engine, place: str) -> None:
    file = file_of(engine.url)
    created = file is not None and not file.exists()
    watched = None if file is None else watch(engine, file)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    with engine.connect() as connection:
        schema.check(connection, place)
    if file is not None:
        _use_write_ahead_log(engine)
    with _one_writer(engine) as connection:
        if engine.dialect.name == "postgresql":
            # there is no table yet that two programs could lock
            lock = f"SELECT pg_advisory_xact_lock({_TABLES_LOCK})"
            connection.exec_driver_sql(lock)
        schema.check(connection, place)
        migrations.raise_to_current(connection)
    if created and file is not None:
        _sync_folder(file.parent)
    if watched is not None:
        watched.begun = True


def file_of(url: URL) -> Path | None:
    """Return the SQLite file of a URL; None for memory and other databases."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))


def _make_engine(url: URL) -> Engine:
    import sqlalchemy as sa

    if url.get_backend_name() == "postgresql":
        # as on SQLite: a writer waits only so long; one that hangs is let go
        waits = f"-c lock_timeout={BUSY_MS} -c idle_in_transaction_session_timeout=60s"
        said = {"options": waits, "connect_timeout": _CONNECT_S}
        # a server whose cable was pulled says nothing: it is given up as soon
        said |= {"tcp_user_timeout": 1000 * _CONNECT_S, "keepalives_idle": _CONNECT_S}
        return sa.create_engine(url, pool_pre_ping=True, connect_args=said)
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True)
    if file_of(url) is None:
        # One connection, or every thread would see an empty database of its own.
        engine = sa.create_engine(
            url,
            poolclass=sa.StaticPool,
            connect_args={"check_same_thread": False},
        )
    else:
        engine = sa.create_engine(url)
    sa.event.listen(engine, "connect", _on_connect)
    sa.event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _record: object) -> None:
    # The driver's own idea of transactions is switched off; `_on_begin` begins.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    # FULL: the write-ahead log is flushed to disk before a commit returns.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    # A writer takes its place at once: a check and the write after it are one.
    immediate = connection.get_execution_options().get("cellsets_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _use_write_ahead_log(engine: Engine) -> None:
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.close()
    finally:
        raw.close()


def _sync_folder(folder: Path) -> None:
    """Make the new file's name durable; Windows has no way to, nor needs it."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in one transaction that holds the writer's place."""
    with _one_writer(engine) as connection:
        schema.take_turn(connection)
        yield connection


@contextmanager
def _one_writer(engine: Engine) -> Iterator[Connection]:
    with engine.connect().execution_options(cellsets_writing=True) as connection:
        with connection.begin():
            yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Yield a connection that sees one state of the store throughout."""
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":  # which does so by itself
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


@contextmanager
def told_as_store_errors(place: str) -> Iterator[None]:
    """Turn errors of the database and the disk into one sentence each."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except StoreError as error:
        if error.path is not None:
            raise
        raise StoreError(error.problem, path=place, advice=error.advice) from error
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise _sentence(error, place) from error


def _sentence(error: Exception, place: str) -> StoreError:
    if isinstance(error, OSError):
        return StoreError(
            f"could not be opened: {error.strerror or error}",
            path=place,
            advice="Choose a folder that you may write to and that has room.",
        )
    said = str(getattr(error, "orig", None) or error)
    for needle, problem, advice in _SENTENCES:
        if needle in said:
            return StoreError(problem, path=place, advice=advice)
    first = said.strip().splitlines()[0] if said.strip() else type(error).__name__
    return StoreError(
        f"the database said: {first}", path=place, advice="Nothing was saved."
    )
