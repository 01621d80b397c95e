"""A PostgreSQL server for the tests, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pwd
    from collections.abc import Iterator

#: Who runs the server where the tests run as root, which PostgreSQL refuses.
ACCOUNTS = ("postgres", "nobody")


def why_not() -> str:
    """Return why no server can be started here; empty where one can."""
    if os.name != "posix":
        return "a PostgreSQL server on a socket needs Linux or macOS"
    if _programs() is None:
        return "no PostgreSQL server (initdb, pg_ctl) is installed"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed"
    if os.geteuid() == 0 and (_account() is None or shutil.which("setpriv") is None):
        return "PostgreSQL refuses root, and there is no other account to run it"
    return ""


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start a server in an empty folder; yield the URL of its database.

    It listens on a socket in the folder only: no port is taken.
    """
    programs = _programs()
    if programs is None:
        raise RuntimeError(why_not())
    data = folder / "data"
    data.mkdir()
    as_who: list[str] = []
    if os.geteuid() == 0:
        account = _account()
        if account is None:
            raise RuntimeError(why_not())
        os.chown(folder, account.pw_uid, account.pw_gid)
        os.chown(data, account.pw_uid, account.pw_gid)
        who = (f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}")
        as_who = ["setpriv", *who, "--clear-groups", "--"]
    _run(as_who, programs / "initdb", "-D", data, "-U", "lab", "-A", "trust", "-N")
    words = f"-k {folder} -c listen_addresses='' -c unix_socket_permissions=0777"
    log = folder / "log"
    control = (programs / "pg_ctl", "-D", data, "-w")
    _run(as_who, *control, "-l", log, "-o", words, "start")
    try:
        yield f"postgresql://lab@/postgres?host={folder}"
    finally:
        _run(as_who, *control, "-m", "immediate", "stop")


def _run(as_who: list[str], *words: str | Path) -> None:
    done = subprocess.run(
        [*as_who, *map(str, words)],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd="/",
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    )
    if done.returncode:
        raise RuntimeError(done.stdout)


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    beside = shutil.which("initdb")
    if beside is not None:
        return Path(beside).resolve().parent
    return found[-1].parent if found else None


def _account() -> pwd.struct_passwd | None:
    import pwd

    for name in ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None
