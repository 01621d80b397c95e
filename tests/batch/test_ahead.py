from __future__ import annotations

import threading

import pytest

from napari_cellsets.batch.ahead import done_ahead
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, CellsetsError


def test_results_come_in_order() -> None:
    waits = [threading.Event() for _ in range(3)]

    def work(number: int) -> int:
        if number < 2:
            assert waits[number + 1].wait(30)  # the later ones are done first
        waits[number].set()
        return number * 10

    found = done_ahead(work, range(3), CancelToken(), workers=3, ahead=3)
    assert list(found) == [0, 10, 20]


def test_no_more_than_asked_for_is_done_ahead() -> None:
    taken: list[int] = []

    def items() -> object:
        for number in range(100):
            taken.append(number)
            yield number

    found = done_ahead(str, items(), CancelToken(), workers=2, ahead=3)  # type: ignore[arg-type]
    assert next(found) == "0"
    assert len(taken) == 4
    found.close()


def test_what_work_raises_is_raised_here() -> None:
    def work(number: int) -> int:
        if number == 1:
            raise CellsetsError("bad one")
        return number

    found = done_ahead(work, range(9), CancelToken(), workers=2, ahead=2)
    assert next(found) == 0
    with pytest.raises(CellsetsError, match="bad one"):
        next(found)


def test_cancel_ends_it_and_no_thread_stays() -> None:
    token = CancelToken()
    found = done_ahead(abs, range(1000), token, workers=2, ahead=4)
    next(found)
    token.cancel()
    with pytest.raises(CancelledError, match="Cancelled"):
        next(found)
    assert not [t for t in threading.enumerate() if "cellsets-ahead" in t.name]
