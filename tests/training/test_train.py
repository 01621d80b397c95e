"""A run learns, repeats itself for a seed, and goes on where it stopped."""

from __future__ import annotations

import dataclasses
import json

import pytest

torch = pytest.importorskip("torch", reason="training is an optional extra")

from napari_cellsets.training.data import Mixture  # noqa: E402
from napari_cellsets.training.sources import simulated_pairs  # noqa: E402
from napari_cellsets.training.train import Recipe, Trainer, main, run  # noqa: E402

TINY = Recipe(
    steps=24, rate=3e-3, batch=2, crop=64, width=2, save_every=8, fast=False, seed=4
)


@pytest.fixture
def mixture(simulated):
    return Mixture((tuple(simulated_pairs(simulated)),), (1.0,))


def weights(trainer):
    return torch.cat([value.flatten() for value in trainer.model.parameters()])


def test_a_short_run_lowers_its_loss(tmp_path, mixture):
    logged = run(Trainer(tmp_path / "run", TINY), mixture)
    assert logged[-1]["loss"] < logged[0]["loss"]


def test_the_same_seed_gives_the_same_weights(tmp_path, mixture):
    one, two = Trainer(tmp_path / "one", TINY), Trainer(tmp_path / "two", TINY)
    run(one, mixture)
    run(two, mixture)
    assert torch.equal(weights(one), weights(two))


def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path, mixture):
    whole = Trainer(tmp_path / "whole", TINY)
    run(whole, mixture)
    half = Trainer(tmp_path / "half", TINY)
    real = half.progress
    half.progress = lambda: 1.0 if half.step == 8 else real()
    run(half, mixture)
    again = Trainer(tmp_path / "half", TINY)
    assert again.step == 8
    run(again, mixture)
    assert again.step == whole.step == 24
    assert torch.equal(weights(again), weights(whole))


def test_another_seed_in_the_same_folder_is_refused(tmp_path):
    Trainer(tmp_path, TINY).save()
    with pytest.raises(ValueError, match="was begun with seed 4"):
        Trainer(tmp_path, dataclasses.replace(TINY, seed=5))


def test_the_log_is_json_lines_and_the_best_is_kept(tmp_path, mixture, simulated):
    run(Trainer(tmp_path, TINY), mixture, simulated_pairs(simulated)[:1])
    lines = (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    assert [entry["step"] for entry in entries] == [8, 16, 24]
    assert "simulated" in entries[-1]
    best = torch.load(tmp_path / "best.pt", weights_only=True)
    assert best["f1"] == pytest.approx(entries[-1]["best"], abs=1e-4)


def test_the_clock_ends_a_run(tmp_path, mixture):
    recipe = dataclasses.replace(TINY, steps=10_000, minutes=1e-4, save_every=1)
    trainer = Trainer(tmp_path, recipe)
    run(trainer, mixture)
    assert 0 < trainer.step < 100


def test_the_command_line_trains_and_starts_from_weights(tmp_path, simulated):
    threads = torch.get_num_threads()
    common = ["--simulated", str(simulated), "--width", "2", "--crop", "64"]
    common += ["--batch", "1", "--steps", "2", "--threads", str(threads)]
    checks = ["--checks", str(simulated)]
    main(["--out", str(tmp_path / "a"), *common, *checks, "--shares", "1", "0", "0"])
    start = str(tmp_path / "a" / "best.pt")
    main(["--out", str(tmp_path / "b"), *common, "--start", start])
    assert (tmp_path / "b" / "last.pt").exists()
