"""The neuron recipe learns, repeats itself for a seed, goes on where it stopped."""

from __future__ import annotations

import json

import pytest

torch = pytest.importorskip("torch", reason="training is an optional extra")

from napari_cellsets.core.cancel import CancelToken  # noqa: E402
from napari_cellsets.core.errors import TrainingError  # noqa: E402
from napari_cellsets.training.cresunet import CResUnet  # noqa: E402
from napari_cellsets.training.data import Mixture  # noqa: E402
from napari_cellsets.training.loop import Loop, Schedule  # noqa: E402
from napari_cellsets.training.neurons import MixtureTask, begin_with, main, run  # noqa: E402
from napari_cellsets.training.sources import simulated_pairs  # noqa: E402

STEPS = 20


@pytest.fixture
def begin(tmp_path, simulated):
    """Begin a tiny run in a folder, or go on with it."""

    def make(name, *, checks=0, seed=4, steps=STEPS):
        pairs = simulated_pairs(simulated)
        task = MixtureTask(
            Mixture((tuple(pairs),), (1.0,)), pairs[:checks], seed=seed, size=2, crop=64
        )
        torch.manual_seed(seed)
        schedule = Schedule(steps, None, 3e-3, seed=seed)
        return Loop(tmp_path / name, CResUnet(2), task, schedule, {"seed": seed})

    return make


def entries(loop):
    lines = (loop.folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def weights(loop):
    return torch.cat([value.flatten() for value in loop.network.parameters()])


def test_a_short_run_lowers_its_loss(begin):
    loop = begin("run")
    run(loop)
    losses = [entry["loss"] for entry in entries(loop) if entry["loss"] is not None]
    assert losses[-1] < losses[0]


def test_the_same_seed_gives_the_same_weights(begin):
    one, two = begin("one", steps=4), begin("two", steps=4)
    run(one)
    run(two)
    assert torch.equal(weights(one), weights(two))


def test_a_stopped_run_goes_on_to_the_same_weights(begin):
    whole, half = begin("whole"), begin("half")
    run(whole)
    token = CancelToken()
    half.run(
        token, lambda done, told: half.step == 8 and token.cancel(), lambda _: None
    )
    again = begin("half")
    assert again.step == 8
    run(again)
    assert again.step == whole.step == STEPS
    assert torch.equal(weights(again), weights(whole))


def test_another_seed_in_the_same_folder_is_refused(begin):
    run(begin("run", steps=1))
    with pytest.raises(
        TrainingError, match="another run is in this folder: other seed"
    ):
        begin("run", seed=5)


def test_the_best_by_whole_pictures_is_kept(begin):
    loop = begin("run", checks=1)
    run(loop)
    scores = [entry["score"] for entry in entries(loop)]
    assert all(0 <= score <= 1 for score in scores)
    best = torch.load(loop.folder / "best.pt", weights_only=True)
    assert best["step"] == loop.best_step
    assert loop.best == pytest.approx(max(scores), abs=1e-4)


def test_a_network_begins_with_the_averaged_weights_of_a_run(begin):
    loop = begin("run", steps=2)
    run(loop)
    network = begin_with(CResUnet(2), loop.folder / "last.pt")
    for mine, average in zip(
        network.parameters(), loop.average.parameters(), strict=True
    ):
        assert torch.equal(mine, average)


def test_the_command_line_trains_and_starts_from_weights(tmp_path, simulated):
    threads = torch.get_num_threads()
    common = ["--simulated", str(simulated), "--width", "2", "--crop", "64"]
    common += ["--batch", "1", "--steps", "2", "--threads", str(threads)]
    checks = ["--checks", str(simulated)]
    main(["--out", str(tmp_path / "a"), *common, *checks, "--shares", "1", "0", "0"])
    start = str(tmp_path / "a" / "best.pt")
    main(["--out", str(tmp_path / "b"), *common, "--start", start])
    assert (tmp_path / "b" / "last.pt").exists()
