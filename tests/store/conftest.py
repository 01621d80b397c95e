from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import postgres
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a PostgreSQL server that is there for the tests; skips without one."""
    reason = postgres.why_not()
    if reason:
        pytest.skip(reason)
    # not under pytest's own folder: the server's account may not look in there
    folder = Path(tempfile.mkdtemp(prefix="cellsets-", dir="/tmp"))
    folder.chmod(0o755)
    with postgres.server(folder) as url:
        yield url
    shutil.rmtree(folder)


@pytest.fixture
def postgres_place(postgres_server: str) -> Iterator[str]:
    """URL of an empty database, which is emptied for the next test."""
    import psycopg

    place = postgres_server.replace("/postgres?", "/lab?")
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'lab'")
        if known.fetchone() is None:
            connection.execute("CREATE DATABASE lab")
    yield place
    with psycopg.connect(place, autocommit=True) as connection:
        # whoever is still connected could keep the tables locked
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = 'lab'"
        )
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new store may be made: a file, or a database of a real server."""
    if request.param == "sqlite":
        return str(tmp_path / "p.sqlite")
    return str(request.getfixturevalue("postgres_place"))
