"""How much memory a run may take."""

from __future__ import annotations

import os
from pathlib import Path

FALLBACK = 4 * 2**30
SHARE = 0.5
# Larger frames would save less than a fifth of the work, and a single step of the
# engine, which cannot be interrupted, would take too long for Cancel.
MOST = 4 * 2**30
MEMINFO = Path("/proc/meminfo")
GROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
GROUP_USED = Path("/sys/fs/cgroup/memory.current")


def default_budget(held: int = 0) -> int:
    """Return half of the memory that is free now, 4 GiB at most, in bytes.

    Parameters
    ----------
    held
        Bytes that the engine kept from earlier runs and will use again.
    """
    return min(MOST, held + int(SHARE * available_memory()))


def available_memory() -> int:
    """Return the memory that a program may still take, in bytes; a guess if unknown."""
    known = [n for n in (_meminfo(), _group()) if n is not None]
    return min(known) if known else _sysconf() or FALLBACK


def _meminfo() -> int | None:
    try:
        lines = MEMINFO.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _group() -> int | None:
    """What a container's limit leaves."""
    try:
        limit = GROUP_LIMIT.read_text().strip()
        return max(0, int(limit) - int(GROUP_USED.read_text()))
    except (OSError, ValueError):
        return None


def _sysconf() -> int | None:
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        names = os.sysconf_names
        name = "SC_AVPHYS_PAGES" if "SC_AVPHYS_PAGES" in names else "SC_PHYS_PAGES"
        return int(page * os.sysconf(name))
    except (AttributeError, ValueError, OSError):
        return None
