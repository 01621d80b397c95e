from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from napari_cellsets.core import freed_memory


def resident() -> int:
    """Return the bytes of this process that are in memory."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep no such memory")
def test_memory_between_things_in_use_is_given_back() -> None:
    # small enough to come from the heap, every second one stays
    things = [bytearray(100_000) for _ in range(1_000)]
    kept = things[::2]
    del things
    before = resident()
    assert freed_memory.give_back()
    assert before - resident() > 25_000_000
    assert len(kept) == 500


def test_elsewhere_nothing_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freed_memory, "_LINUX", False)
    assert not freed_memory.give_back()
