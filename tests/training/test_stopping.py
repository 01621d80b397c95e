"""A run is stopped with the best so far, or left at once and gone on with."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training is an optional extra")

from napari_cellsets.core.cancel import CancelToken  # noqa: E402
from napari_cellsets.core.errors import CancelledError  # noqa: E402
from napari_cellsets.training.loop import Loop, Schedule, read_state  # noqa: E402
from napari_cellsets.training.stopping import StopToken, leaving  # noqa: E402


class Doubling:
    """Learn y = 2 x; calls `meanwhile` in every check."""

    score_name = "none"

    def __init__(self, meanwhile=lambda: None):
        self.meanwhile = meanwhile
        self.checks = 0

    def batch(self, step):
        x = np.random.default_rng(step).random((4, 1), dtype=np.float32)
        return x, 2 * x

    def prepare(self, network):
        pass

    def loss(self, network, batch, device):
        x, y = (torch.from_numpy(one) for one in batch)
        return ((network(x) - y) ** 2).mean()

    def check(self, network):
        self.checks += 1
        self.meanwhile()
        return float(-network(torch.ones(1, 1)).detach()), []


def loop_in(folder, task):
    torch.manual_seed(0)
    schedule = Schedule(steps=40, minutes=None, rate=0.01, seed=1)
    return Loop(folder, torch.nn.Sequential(torch.nn.Linear(1, 1)), task, schedule, {})


def leave_at(step, token):
    def progress(_fraction, text):
        if text.startswith(f"Step {step},"):
            token.leave()

    return progress


def test_leaving_cancels_too():
    token = StopToken()
    token.cancel()
    assert not leaving(token).cancelled
    token.leave()
    assert leaving(token).cancelled


def test_a_plain_token_leaves_nothing():
    token = CancelToken()
    token.cancel()
    assert not leaving(token).cancelled


def test_a_run_that_is_left_is_saved_where_it_was(tmp_path):
    token = StopToken()
    loop = loop_in(tmp_path, Doubling())
    with pytest.raises(CancelledError):
        loop.run(token, leave_at(7, token), lambda seen: None)
    assert read_state(tmp_path / "last.pt")["step"] == 7
    again = loop_in(tmp_path, Doubling())
    assert again.step == 7
    assert not again.run(CancelToken(), lambda done, told: None, lambda seen: None)
    assert again.step == 40


def test_a_run_that_is_stopped_is_checked_once_more(tmp_path):
    token = StopToken()
    task = Doubling()
    loop = loop_in(tmp_path, task)

    def progress(_fraction, text):
        if text.startswith("Step 3,"):
            token.cancel()

    assert loop.run(token, progress, lambda seen: None)
    assert (loop.step, task.checks) == (3, 2)


def test_a_check_is_left_in_the_middle(tmp_path):
    token = StopToken()
    task = Doubling(token.leave)
    loop = loop_in(tmp_path, task)
    with pytest.raises(CancelledError):
        loop.run(token, lambda done, told: None, lambda seen: None)
    assert (loop.step, task.checks) == (0, 1)
    assert not (tmp_path / "best.pt").exists()


def test_the_best_network_can_be_used_after_leaving(tmp_path):
    token = StopToken()
    loop = loop_in(tmp_path, Doubling())
    with pytest.raises(CancelledError):
        loop.run(token, leave_at(5, token), lambda seen: None)
    assert loop.best_network()(torch.ones(1, 1)).shape == (1, 1)
