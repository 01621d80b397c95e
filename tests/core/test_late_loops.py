from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from napari_cellsets.core import late_loops
from napari_cellsets.core.late_loops import LateLoops, wait_for_loops

if TYPE_CHECKING:
    from types import ModuleType

    import pytest

# Two modules that everybody has: nothing has to be compiled to see which is used.
COMPILED, PLAIN = "colorsys", "calendar"


def test_the_plain_way_works_until_the_loops_are_ready() -> None:
    go_on, warmed = threading.Event(), []

    def warm(module: ModuleType) -> None:
        go_on.wait()
        warmed.append(module.__name__)

    loops = LateLoops(COMPILED, PLAIN, warm)
    before = loops.now().__name__
    go_on.set()
    after = loops.wait().__name__

    assert (before, after) == (PLAIN, COMPILED)
    assert warmed == [COMPILED]


def test_loops_are_made_ready_once_however_many_ask() -> None:
    warmed: list[ModuleType] = []
    loops = LateLoops(COMPILED, PLAIN, warmed.append)

    for thread in [threading.Thread(target=loops.now) for _ in range(8)]:
        thread.start()
    loops.wait()

    assert len(warmed) == 1


def test_where_nothing_can_be_compiled_the_plain_way_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(late_loops, "can_compile", lambda: False)
    warmed: list[ModuleType] = []

    loops = LateLoops(COMPILED, PLAIN, warmed.append)

    assert loops.wait().__name__ == PLAIN
    assert warmed == []


def test_where_compiling_fails_the_plain_way_stays() -> None:
    def warm(module: ModuleType) -> None:
        raise RuntimeError("no folder for compiled loops")

    assert LateLoops(COMPILED, PLAIN, warm).wait().__name__ == PLAIN


def test_all_loops_that_were_asked_for_can_be_waited_for() -> None:
    loops = LateLoops(COMPILED, PLAIN, lambda module: None)
    loops.now()

    wait_for_loops()

    assert loops.now().__name__ == COMPILED
