from __future__ import annotations

import shutil
import tempfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import postgres
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBERS = count(1)


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
def postgres_place(postgres_server: str) -> str:
    """URL of an empty database."""
    import psycopg

    name = f"lab{next(_NUMBERS)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    return postgres_server.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new store may be made: a file, or a database of a real server."""
    if request.param == "sqlite":
        return str(tmp_path / "p.sqlite")
    return str(request.getfixturevalue("postgres_place"))
