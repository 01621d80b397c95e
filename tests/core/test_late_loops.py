from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from napari_cellsets.core import late_loops
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError
from napari_cellsets.core.late_loops import (
    LateLoops,
    loops_are_ready,
    wait_for_loops,
)

if TYPE_CHECKING:
    from types import ModuleType

# Two modules that everybody has: nothing has to be compiled to see which is used.
COMPILED, PLAIN = "colorsys", "calendar"


def test_the_plain_way_works_until_somebody_waits_for_the_loops() -> None:
    warmed: list[ModuleType] = []
    loops = LateLoops(COMPILED, PLAIN, warmed.append)
    assert loops.now().__name__ == PLAIN
    assert not loops_are_ready()
    assert warmed == []
    assert loops.wait().__name__ == COMPILED
    assert loops.now().__name__ == COMPILED
    assert [module.__name__ for module in warmed] == [COMPILED]


def test_loops_are_made_ready_once_however_many_wait() -> None:
    warmed: list[ModuleType] = []
    loops = LateLoops(COMPILED, PLAIN, warmed.append)

    threads = [threading.Thread(target=loops.wait) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(warmed) == 1


def test_no_two_are_made_ready_at_a_time() -> None:
    busy, most = [], []

    def warm(_: ModuleType) -> None:
        busy.append(1)
        most.append(len(busy))
        threading.Event().wait(0.01)
        busy.pop()

    loops = [LateLoops(COMPILED, PLAIN, warm) for _ in range(4)]
    threads = [threading.Thread(target=one.wait) for one in loops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == [1, 1, 1, 1]


def test_where_nothing_can_be_compiled_the_plain_way_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(late_loops, "can_compile", lambda: False)
    warmed: list[ModuleType] = []

    loops = LateLoops(COMPILED, PLAIN, warmed.append)

    assert loops.wait().__name__ == PLAIN
    assert warmed == []
    assert loops_are_ready()


def test_where_compiling_fails_the_plain_way_stays() -> None:
    tried = []

    def warm(module: ModuleType) -> None:
        tried.append(module)
        raise RuntimeError("no folder for compiled loops")

    loops = LateLoops(COMPILED, PLAIN, warm)
    assert loops.wait().__name__ == PLAIN
    assert loops.wait().__name__ == PLAIN
    assert len(tried) == 1


def test_all_loops_that_were_asked_for_can_be_waited_for() -> None:
    loops = LateLoops(COMPILED, PLAIN, lambda module: None)
    loops.now()

    wait_for_loops()

    assert loops_are_ready()
    assert loops.now().__name__ == COMPILED


def test_waiting_stops_when_told() -> None:
    LateLoops(COMPILED, PLAIN, lambda module: None).now()
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        wait_for_loops(token)
    wait_for_loops()
