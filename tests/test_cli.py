"""The real console command, in a process of its own."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from batch_models import (
    bright_model,
    read_table,
    slow_model,
    squares,
    write_picture,
    write_set,
)
from napari_cellsets import __version__, cli
from napari_cellsets.formats.labels_io import read_label_image

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND = Path(sys.executable).with_name("napari-cellsets")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command that people type."""
    return subprocess.run(
        [str(COMMAND), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def bright(tmp_path: Path) -> Path:
    return bright_model(tmp_path / "bright.onnx")


@pytest.fixture
def four(tmp_path: Path) -> Path:
    return write_set(tmp_path / "four")


def test_version_is_told() -> None:
    assert run("--version").stdout == f"napari-cellsets {__version__}\n"


def test_count_writes_a_table_and_sums_it_up(
    four: Path, bright: Path, tmp_path: Path
) -> None:
    out = tmp_path / "c.csv"
    done = run("count", four, "--model", bright, "--out", out)
    assert done.returncode == 0, done.stderr
    assert [row["count"] for row in read_table(out)] == ["3", "0", "5", "1"]
    assert done.stdout == (
        f"4 images, 9 cells; 4 with truth: F1 1.000, MAE 0.00 -> {out}\n"
    )
    assert "4/4" in done.stderr


def test_count_of_the_real_v1_samples(
    real_samples: Path, bright: Path, tmp_path: Path
) -> None:
    root = real_samples / "fluorescent_neuronal_cells_v1"
    out, masks = tmp_path / "c.csv", tmp_path / "m"
    done = run("count", root, "--model", bright, "--out", out, "--masks", masks)
    assert done.returncode == 0, done.stderr
    rows = read_table(out)
    assert sorted(row["truth"] for row in rows) == ["13", "6"]
    for row in rows:
        mask = read_label_image(masks / row["image"])
        assert mask.shape == (1200, 1600)
        assert mask.max() == int(row["count"])


def test_a_single_picture_is_counted_alone(
    four: Path, bright: Path, tmp_path: Path
) -> None:
    out = tmp_path / "c.csv"
    done = run("count", four / "images/p2.png", "--model", bright, "--out", out)
    assert done.returncode == 0, done.stderr
    assert [(row["image"], row["count"]) for row in read_table(out)] == [
        ("p2.png", "5")
    ]


def test_a_second_run_has_nothing_left_to_do(
    four: Path, bright: Path, tmp_path: Path
) -> None:
    command = ("count", four, "--model", bright, "--out", tmp_path / "c.csv")
    first, again = run(*command), run(*command)
    assert again.returncode == 0
    assert again.stdout == first.stdout


def test_other_settings_start_anew_and_say_so(
    four: Path, bright: Path, tmp_path: Path
) -> None:
    command = ("count", four, "--model", bright, "--out", tmp_path / "c.csv")
    run(*command)
    done = run(*command, "--threshold", "0.99")
    assert done.returncode == 0
    assert "Another settings than last time: starts anew." in done.stderr
    assert done.stdout.startswith("4 images, 0 cells;")


@pytest.mark.parametrize(
    ("options", "cells"),
    [
        (["--min-area", "101"], 0),
        (["--channel", "1"], 0),
        (["--channel", "0"], 9),
        (["--no-split", "--no-resume"], 9),
        (["--row", "image_and_mask_folders"], 9),
    ],
)
def test_options_of_count_are_used(
    four: Path,
    bright: Path,
    tmp_path: Path,
    options: list[str],
    cells: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ["count", str(four), "--model", str(bright), "--out", str(tmp_path / "c")]
    assert cli.main([*given, *options]) == 0
    assert capsys.readouterr().out.startswith(f"4 images, {cells} cells;")


def test_bad_files_are_listed_at_the_end_with_exit_code_1(
    four: Path, bright: Path, tmp_path: Path
) -> None:
    (four / "images/p1.png").write_text("no picture")
    out = tmp_path / "c.csv"
    done = run("count", four, "--model", bright, "--out", out)
    assert done.returncode == 1
    assert [row["image"] for row in read_table(out)] == [f"p{i}.png" for i in (0, 2, 3)]
    assert "skipped p1: " in done.stderr.splitlines()[-1]
    assert "; 1 problem -> " in done.stdout


def test_a_foreign_model_can_be_told_what_it_does_not_say(
    four: Path, tmp_path: Path
) -> None:
    bare = bright_model(tmp_path / "bare.onnx", says=None)
    command = ("count", four, "--model", bare, "--out", tmp_path / "c.csv")
    asked = run(*command)
    assert asked.returncode == 1
    assert "does not say its" in asked.stderr
    assert "--model-says NAME=VALUE" in asked.stderr
    done = run(
        *command,
        "--model-says=channel_order=rgb",
        "--model-says=output_kind=probability",
        '--model-says=normalisation={"kind": "divide", "value": 255}',
        "--no-split",
    )
    assert done.stdout.startswith("4 images, 9 cells"), done.stderr


@pytest.mark.parametrize("what", ["path", "model", "out"])
def test_what_cannot_be_used_is_one_sentence_on_stderr(
    four: Path, bright: Path, tmp_path: Path, what: str
) -> None:
    (tmp_path / "file").write_text("nothing")
    places = {"path": four, "model": bright, "out": tmp_path / "c.csv"}
    places[what] = tmp_path / "file" / "below" if what == "out" else tmp_path / "file"
    done = run(
        "count", places["path"], "--model", places["model"], "--out", places["out"]
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("napari-cellsets: ")
    assert "file" in last


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["count"],
        ["count", "x"],
        ["count", "x", "--out", "c", "--threshold", "2"],
        ["count", "x", "--out", "c", "--threshold", "high"],
        ["count", "x", "--out", "c", "--channel", "red"],
        ["count", "x", "--out", "c", "--min-area", "-1"],
        ["count", "x", "--out", "c", "--model-says", "logit"],
        ["simulate", "x", "--n", "0"],
        ["simulate", "x", "--size", "big"],
        ["simulate", "x", "--size", "20x20"],
        ["fly"],
    ],
)
def test_a_command_that_is_not_understood_ends_with_code_2(
    arguments: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(arguments)
    assert "usage: napari-cellsets" in capsys.readouterr().err


def test_info_as_json_tells_exactly_what_scripts_expect(real_samples: Path) -> None:
    done = run("info", real_samples / "fluorescent_neuronal_cells_v1", "--json")
    told = json.loads(done.stdout)
    assert list(told) == [
        "dataset",
        "title",
        "samples",
        "annotated",
        "classes",
        "splits",
        "complete",
        "problems",
    ]
    assert told["dataset"] == "fluorescent_neuronal_cells_v1"
    assert (told["samples"], told["annotated"]) == (2, 2)
    assert list(told["classes"].values()) == [19]
    assert sum(told["splits"].values()) == 2
    assert (told["complete"], told["problems"]) == (False, [])


def test_info_for_people_names_the_set_and_its_counts(real_samples: Path) -> None:
    done = run("info", real_samples / "fluorescent_neuronal_cells_v1")
    assert done.stdout.startswith("Fluorescent Neuronal Cells v1")
    assert "2 of 283 images" in done.stdout


def test_info_lists_problems(four: Path) -> None:
    (four / "masks/p1.png").write_text("no picture")
    done = run("info", four)
    assert done.returncode == 0
    assert "  problem: " in done.stdout
    assert "p1.png" in done.stdout


def test_info_of_an_empty_folder_is_one_sentence(tmp_path: Path) -> None:
    done = run("info", tmp_path, "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1


def test_datasets_are_listed_for_people_and_for_scripts() -> None:
    lines = run("datasets").stdout.splitlines()
    rows = json.loads(run("datasets", "--json").stdout)
    assert [line.split()[0] for line in lines] == [row["key"] for row in rows]
    first = next(r for r in rows if r["key"] == "fluorescent_neuronal_cells_v1")
    assert first["licence"] == "CC BY-SA 4.0"
    assert first["expect"]["samples"] == 283


def test_simulate_writes_a_set_that_count_takes(bright: Path, tmp_path: Path) -> None:
    made = run("simulate", tmp_path / "s", "--n", 2, "--seed", 3, "--size", "320x240")
    assert made.returncode == 0, made.stderr
    cells = int(made.stdout.split()[2])
    done = run("count", tmp_path / "s", "--model", bright, "--out", tmp_path / "c.csv")
    assert done.returncode == 0, done.stderr
    assert sum(int(row["truth"]) for row in read_table(tmp_path / "c.csv")) == cells


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    with subprocess.Popen(
        [str(COMMAND), "datasets"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(COMMAND), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_rows(out: Path, rows: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if out.is_file() and out.read_bytes().count(b"\n") > rows:
            return
        time.sleep(0.005)


@pytest.mark.skipif(os.name != "posix", reason="needs SIGINT from another process")
def test_ctrl_c_stops_inside_an_engine_call_and_keeps_the_rows(tmp_path: Path) -> None:
    # The first picture is small and fast, the second would take minutes.
    write_picture(tmp_path / "set/images/a.png", squares(2, (30, 40)))
    write_picture(tmp_path / "set/images/b.png", squares(2, (1500, 2000)))
    out = tmp_path / "c.csv"
    model = slow_model(tmp_path / "slow.onnx")
    with start("count", tmp_path / "set", "--model", model, "--out", out) as process:
        wait_for_rows(out, 1, process)
        time.sleep(1.0)  # well inside the second picture
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert "Traceback" not in said
    assert f"Stopped: 1 of 2 images are in {out}" in said
    assert [row["count"] for row in read_table(out)] == ["2"]


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_killed_count_goes_on_and_ends_as_an_unbroken_one(
    bright: Path, tmp_path: Path
) -> None:
    counts = tuple((i * 5) % 13 for i in range(60))
    root = write_set(tmp_path / "set", counts)
    out, masks = tmp_path / "c.csv", tmp_path / "m"
    command = ("count", root, "--model", bright, "--out", out, "--masks", masks)
    rng = random.Random(3)
    for kill in range(4):
        with start(*command) as process:
            wait_for_rows(out, 10 * kill + rng.randint(1, 9), process)
            process.kill()
            process.communicate()
        for row in read_table(out):
            if row.get("seconds"):  # not the torn last one
                assert int(row["count"]) == counts[int(row["image"][1:-4])]
    before = {p: p.stat().st_mtime_ns for p in masks.rglob("*.png")}
    assert len(before) >= 30
    assert run(*command).returncode == 0
    found = read_table(out)
    assert [int(row["image"][1:-4]) for row in found] == list(range(60))
    assert [int(row["count"]) for row in found] == list(counts)
    kept = [p for p, when in before.items() if p.stat().st_mtime_ns == when]
    assert len(kept) >= len(before) - 1
