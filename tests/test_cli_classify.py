"""The command classify, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from batch_models import read_table
from napari_cellsets import cli
from tiny_classifiers import SAYS, gem, gem_classifier, write_cell, write_gems

COMMAND = Path(sys.executable).with_name("napari-cellsets")
UNKNOWN = "not a gem I know"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command that people type."""
    return subprocess.run(
        [str(COMMAND), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def gems(tmp_path: Path) -> Path:
    return gem_classifier(tmp_path / "gems.onnx")


@pytest.fixture
def ten(tmp_path: Path) -> Path:
    """Nine gems as labelled, and a dark one."""
    root = write_gems(tmp_path / "ten", {"ruby": 3, "emerald": 2, "sapphire": 4})
    write_cell(root / "ruby" / "zz_dark.png", gem("ruby", light=9))
    return root


def test_a_set_is_named_and_summed_up(ten: Path, gems: Path, tmp_path: Path) -> None:
    out = tmp_path / "c.csv"
    done = run("classify", ten, "--model", gems, "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "10 cells; 10 with truth: accuracy 0.900 (0.596 to 0.982);"
        " worst class recall 0.750 (red gem); 1 cell not known"
        f" -> {out}\n"
    )
    assert "10/10" in done.stderr
    rows = read_table(out)
    assert list(rows[0])[:4] == ["image", "predicted", "confidence", "truth"]
    assert [r["predicted"] for r in rows if r["image"] == "zz_dark.png"] == [UNKNOWN]


def test_real_blood_cells_are_read(
    real_samples: Path, gems: Path, tmp_path: Path
) -> None:
    out = tmp_path / "c.csv"
    done = run("classify", real_samples / "pbc_acevedo", "--model", gems, "--out", out)
    assert done.returncode == 0, done.stderr
    rows = read_table(out)
    assert len(rows) == 398
    assert {row["truth"] for row in rows} >= {"ig", "platelet", "neutrophil"}
    assert "398 cells; " in done.stdout


def test_a_report_is_written_where_asked(ten: Path, gems: Path, tmp_path: Path) -> None:
    out, folder = tmp_path / "c.csv", tmp_path / "report"
    done = run("classify", ten, "--model", gems, "--out", out, "--report", folder)
    assert done.returncode == 0, done.stderr
    files = sorted(path.name for path in folder.iterdir())
    assert files == ["calibration.csv", "confusion.csv", "per_class.csv"]
    confusion = {row["truth"]: row for row in read_table(folder / "confusion.csv")}
    assert (confusion["ruby"]["ruby"], confusion["ruby"][UNKNOWN]) == ("3", "1")


def test_one_picture_of_a_set_is_named_alone(
    ten: Path, gems: Path, tmp_path: Path
) -> None:
    out = tmp_path / "c.csv"
    done = run("classify", ten / "ruby/ruby_1.png", "--model", gems, "--out", out)
    assert done.returncode == 0, done.stderr
    assert [(r["image"], r["predicted"]) for r in read_table(out)] == [
        ("ruby_1.png", "ruby")
    ]


def test_cells_without_labels_are_counted_by_class(
    gems: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for i, name in enumerate(("ruby", "ruby", "emerald")):
        write_cell(tmp_path / "cells" / f"{i}.png", gem(name))
    out, folder = tmp_path / "c.csv", tmp_path / "report"
    given = ["classify", str(tmp_path / "cells"), "--model", str(gems)]
    assert cli.main([*given, "--out", str(out), "--report", str(folder)]) == 0
    said = capsys.readouterr()
    assert said.out == f"3 cells; 2 ruby; 1 emerald; 0 cells not known -> {out}\n"
    assert "no report: no cell has a published class" in said.err
    assert not folder.exists()


def test_objects_of_simulated_fields_are_rows(
    gems: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = str(tmp_path / "fields")
    assert cli.main(["simulate", fields, "--n", "2", "--size", "320x240"]) == 0
    cells = int(capsys.readouterr().out.split()[2])
    given = ["classify", fields, "--model", str(gems), "--out", str(tmp_path / "c.csv")]
    assert cli.main([*given, "--objects"]) == 0
    assert capsys.readouterr().out.startswith(f"{cells} cells; ")
    assert list(read_table(tmp_path / "c.csv")[0])[-3:] == ["label", "y", "x"]
    assert cli.main(given) == 0
    assert "--objects takes the cells in them" in capsys.readouterr().err


def test_objects_of_masks_that_count_has_written_are_rows(
    gems: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = str(tmp_path / "fields")
    cli.main(["simulate", fields, "--n", "1", "--size", "320x240", "--layout", "plain"])
    cells = int(capsys.readouterr().out.split()[2])
    masks = tmp_path / "masks"
    (tmp_path / "fields" / "masks").rename(masks)
    given = ["classify", fields, "--model", str(gems), "--out", str(tmp_path / "c.csv")]
    assert cli.main([*given, "--masks", str(masks)]) == 0
    assert capsys.readouterr().out.startswith(f"{cells} cells; ")


def test_broken_files_are_listed_with_exit_code_1(
    ten: Path, gems: Path, tmp_path: Path
) -> None:
    (ten / "emerald" / "emerald_0.png").write_text("no picture")
    out = tmp_path / "c.csv"
    done = run("classify", ten, "--model", gems, "--out", out)
    assert done.returncode == 1
    assert "skipped emerald/emerald_0: " in done.stderr
    assert "; 1 problem -> " in done.stdout
    assert len(read_table(out)) == 9


def test_a_foreign_classifier_can_be_told_what_it_does_not_say(
    ten: Path, tmp_path: Path
) -> None:
    bare = gem_classifier(tmp_path / "bare.onnx", says=None)
    command = ("classify", ten, "--model", bare, "--out", tmp_path / "c.csv")
    asked = run(*command)
    assert asked.returncode == 1
    assert "--model-says NAME=VALUE" in asked.stderr
    done = run(
        *command,
        "--model-says=channel_order=rgb",
        "--model-says=output_kind=logit",
        '--model-says=normalisation={"kind": "divide", "value": 255}',
        '--model-says=classes=["ruby", "emerald", "sapphire"]',
    )
    assert done.stdout.startswith("10 cells; 10 with truth: accuracy 1.000"), done


@pytest.mark.parametrize("what", ["path", "model", "out", "masks"])
def test_what_cannot_be_used_is_one_sentence(
    ten: Path, gems: Path, tmp_path: Path, what: str
) -> None:
    (tmp_path / "file").write_text("nothing")
    places: dict[str, Path] = {"path": ten, "model": gems, "out": tmp_path / "c.csv"}
    places[what] = tmp_path / "file" / "below" if what == "out" else tmp_path / "file"
    path = places.pop("path")
    options = [x for name, place in places.items() for x in (f"--{name}", place)]
    done = run("classify", path, *options)
    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert last.startswith("napari-cellsets: ")
    assert "file" in last


@pytest.mark.skipif(os.name != "posix", reason="needs SIGINT from another process")
def test_ctrl_c_stops_inside_an_engine_call_and_keeps_the_rows(tmp_path: Path) -> None:
    # 32 cells in one call, which takes minutes; each of its steps takes seconds.
    says = {**SAYS, "size": 128}
    slow = gem_classifier(tmp_path / "slow.onnx", says=says, size=128, slow=60)
    root = write_gems(tmp_path / "set", {"ruby": 20, "emerald": 20})
    out = tmp_path / "c.csv"
    with subprocess.Popen(
        [str(COMMAND), "classify", str(root), f"--model={slow}", f"--out={out}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 60
        while not out.is_file() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(2.0)  # inside the first call
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert "Traceback" not in said
    assert f"Stopped: 0 of 40 images are in {out}" in said
    assert read_table(out) == []


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_killed_run_goes_on_and_ends_as_an_unbroken_one(
    gems: Path, tmp_path: Path
) -> None:
    root = write_gems(tmp_path / "set", {"ruby": 150, "emerald": 150})
    out = tmp_path / "c.csv"
    command = [str(COMMAND), "classify", str(root), f"--model={gems}", f"--out={out}"]
    for kill in range(2):
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            deadline = time.monotonic() + 60
            while process.poll() is None and time.monotonic() < deadline:
                if out.is_file() and out.read_bytes().count(b"\n") > 1 + 100 * kill:
                    break
                time.sleep(0.002)
            process.kill()
            process.communicate()
    assert run(*command[1:]).returncode == 0
    whole = tmp_path / "whole.csv"
    run("classify", root, "--model", gems, "--out", whole)
    assert out.read_bytes() == whole.read_bytes()
