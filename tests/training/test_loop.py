"""The loop alone: it ends, keeps the best, goes on, and stops on nonsense."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training is an optional extra")

from napari_cellsets.core.cancel import CancelToken  # noqa: E402
from napari_cellsets.core.errors import TrainingError  # noqa: E402
from napari_cellsets.training import loop as loop_module  # noqa: E402
from napari_cellsets.training.devices import (  # noqa: E402
    autocast,
    halves_help,
    repeatable,
)
from napari_cellsets.training.loop import Loop, Schedule  # noqa: E402

SCHEDULE = Schedule(steps=20, minutes=None, rate=0.05, seed=1)


class Line:
    """Learn y = 3 x; scores can be given, else minus the error."""

    score_name = "closeness"

    def __init__(self, scores=None, factor=3.0):
        self.scores, self.factor = scores, factor

    def batch(self, step):
        x = np.random.default_rng(step).random((8, 1), dtype=np.float32)
        return x, x * np.float32(self.factor)

    def prepare(self, network):
        pass

    def loss(self, network, batch, device):
        x, y = (torch.from_numpy(one) for one in batch)
        return ((network(x) - y) ** 2).mean()

    def check(self, network):
        if self.scores is None:
            return None, []
        return self.scores.pop(0), []


def line(folder, task=None, schedule=SCHEDULE, identity=None):
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(1, 1))
    return Loop(folder, network, task or Line(), schedule, identity or {"a": 1})


def run(loop, watch=lambda point: None, token=None):
    return loop.run(token or CancelToken(), lambda done, told: None, watch)


def test_it_learns_and_tells_how_far_it_is(tmp_path):
    told = []
    loop = line(tmp_path)
    loop.run(CancelToken(), lambda done, text: told.append(done), lambda point: None)
    assert told == pytest.approx([(i + 1) / 20 for i in range(20)])
    assert loop.best_step == 20
    assert not loop.best_network().training


def test_the_best_is_kept_and_not_the_last(tmp_path):
    scores = [0.1, *([0.2] * 4), 0.9, *([0.3] * 5)]
    loop = line(tmp_path, Line(scores))
    points = []
    run(loop, points.append)
    assert (loop.best, loop.best_step) == (0.9, 10)
    assert points[-1].best == 0.9
    assert points[-1].score == 0.3


def test_of_equal_scores_the_later_wins(tmp_path):
    loop = line(tmp_path, Line([1.0] * 11))
    run(loop)
    assert loop.best_step == 20


def test_what_is_stopped_by_the_clock_ends(tmp_path):
    loop = line(tmp_path, schedule=Schedule(steps=None, minutes=1e-5, rate=0.1))
    assert not run(loop)
    assert loop.step >= 1


def test_a_finished_run_learns_no_more(tmp_path):
    run(line(tmp_path))
    again = line(tmp_path)
    run(again)
    assert again.step == 20


def test_a_longer_run_goes_on(tmp_path):
    run(line(tmp_path))
    longer = line(tmp_path, schedule=dataclasses.replace(SCHEDULE, steps=24))
    assert longer.step == 20
    run(longer)
    assert longer.step == 24


def test_another_run_in_the_folder_is_refused(tmp_path):
    run(line(tmp_path))
    with pytest.raises(TrainingError, match="another run is in this folder: other a"):
        line(tmp_path, identity={"a": 2})


def test_a_loss_that_is_no_number_ends_the_run(tmp_path):
    with pytest.raises(TrainingError, match="the loss is nan after 1 steps"):
        run(line(tmp_path, Line(factor=np.nan)))


def test_points_between_checks_have_a_loss_and_no_score(tmp_path, monkeypatch):
    monkeypatch.setattr(loop_module, "CHECKS", 1)
    points = []
    run(line(tmp_path, Line([0.5, 0.6])), points.append)
    assert [(point.step, point.score) for point in points] == [
        (0, 0.5),
        (10, None),
        (20, 0.6),
    ]
    assert points[1].loss > 0


def test_what_others_draw_is_not_disturbed():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    with repeatable(8):
        torch.rand(5)
    assert torch.equal(torch.rand(1), expected)


def test_halves_are_used_where_they_help():
    device = torch.device("cpu")
    with autocast(device):
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert (product.dtype == torch.bfloat16) is halves_help(device)
    assert halves_help(torch.device("cuda"))
