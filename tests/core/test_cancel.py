from __future__ import annotations

import pytest

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError


def test_cancelled_token_stops_the_next_step() -> None:
    token = CancelToken()
    token.raise_if_cancelled()
    token.cancel()
    with pytest.raises(CancelledError, match="Cancelled"):
        token.raise_if_cancelled()


def test_cancel_interrupts_a_running_call() -> None:
    token = CancelToken()
    calls: list[str] = []
    with token.interrupting(lambda: calls.append("stopped")):
        token.cancel()
    assert calls == ["stopped"]


def test_cancel_after_the_call_interrupts_nothing() -> None:
    token = CancelToken()
    calls: list[str] = []
    with token.interrupting(lambda: calls.append("stopped")):
        pass
    token.cancel()
    assert calls == []


def test_call_is_not_started_once_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with (
        pytest.raises(CancelledError, match="Cancelled"),
        token.interrupting(lambda: None),
    ):
        pytest.fail("the engine was started")
