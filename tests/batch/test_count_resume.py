from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from batch_models import (
    SAYS,
    bright_model,
    read_table,
    squares,
    write_picture,
    write_set,
)
from napari_cellsets.batch import count_dataset, resume
from napari_cellsets.batch.resume import GrowingTable
from napari_cellsets.catalogue import Dataset, open_dataset
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, ExportError
from napari_cellsets.counting import CountSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def counts_in(path: Path) -> list[str]:
    return [row["count"] for row in read_table(path)]


def stopping_after(images: float, total: int = 4) -> tuple[CancelToken, Callable]:
    """A token, and a progress that cancels it when so many images are done."""
    token = CancelToken()

    def progress(fraction: float, _text: str) -> None:
        if fraction >= images / total:
            token.cancel()

    return token, progress


def test_finished_images_are_not_counted_again(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    first = count_dataset(four, tmp_path / "c.csv", model=bright)
    before = (tmp_path / "c.csv").read_text()
    again = count_dataset(four, tmp_path / "c.csv", model=bright)
    assert (first.counted, again.counted) == (4, 0)
    assert (tmp_path / "c.csv").read_text() == before
    assert again.summary == first.summary


@pytest.mark.parametrize("within", [0, 0.9])  # before the model runs, and after
@pytest.mark.parametrize("stop", [0, 1, 2, 3])
def test_a_stopped_run_keeps_what_is_finished_and_goes_on(
    four: Dataset, bright: Path, tmp_path: Path, stop: int, within: float
) -> None:
    out = tmp_path / "c.csv"
    token, progress = stopping_after(stop + within)
    with pytest.raises(CancelledError, match=f"Stopped: {stop} of 4 images are in"):
        count_dataset(four, out, model=bright, token=token, progress=progress)
    assert len(read_table(out)) == stop
    report = count_dataset(four, out, model=bright)
    assert report.counted == 4 - stop
    assert counts_in(out) == ["3", "0", "5", "1"]


def test_rows_are_in_the_file_before_the_next_image_begins(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    seen: list[int] = []

    def progress(fraction: float, _text: str) -> None:
        if fraction in (0.25, 0.5, 0.75):
            seen.append(len(read_table(tmp_path / "c.csv")))

    count_dataset(four, tmp_path / "c.csv", model=bright, progress=progress)
    assert set(seen) == {1, 2, 3}


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_torn_last_row_is_counted_again(
    four: Dataset, bright: Path, tmp_path: Path, cut: int
) -> None:
    out = tmp_path / "c.csv"
    count_dataset(four, out, model=bright)
    out.write_bytes(out.read_bytes()[:-cut])
    report = count_dataset(four, out, model=bright)
    assert report.counted == 1
    assert counts_in(out) == ["3", "0", "5", "1"]


@pytest.mark.parametrize("row", ["p1.png", "p1.png,many,0,1,1,1"])
def test_a_row_that_is_no_count_is_counted_again(
    four: Dataset, bright: Path, tmp_path: Path, row: str
) -> None:
    out = tmp_path / "c.csv"
    count_dataset(four, out, model=bright)
    lines = out.read_text().splitlines()
    out.write_text("\n".join([*lines[:2], row, *lines[3:], ""]))
    assert count_dataset(four, out, model=bright).counted == 1
    assert counts_in(out) == ["3", "0", "5", "1"]


def test_a_missing_mask_is_made_again(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    masks = tmp_path / "m"
    count_dataset(four, tmp_path / "c.csv", model=bright, masks_dir=masks)
    (masks / "p1.png").unlink()
    report = count_dataset(four, tmp_path / "c.csv", model=bright, masks_dir=masks)
    assert report.counted == 1
    assert (masks / "p1.png").is_file()


@pytest.mark.parametrize("what", ["settings", "model", "channel", "choice of images"])
def test_a_changed_question_starts_anew_and_says_so(
    four: Dataset, bright: Path, tmp_path: Path, what: str
) -> None:
    out = tmp_path / "c.csv"
    count_dataset(four, out, model=bright)
    other = {
        "settings": {"model": bright, "settings": CountSettings(threshold=0.7)},
        "model": {
            "model": bright_model(tmp_path / "b.onnx", says={**SAYS, "version": "2"})
        },
        "channel": {"model": bright, "channel": 0},
        "choice of images": {"model": bright, "samples": four.samples[:2]},
    }[what]
    report = count_dataset(four, out, **other)
    assert report.counted == len(report.rows)
    assert f"Another {what}" in report.notes[0] or what in report.notes[0]
    assert "starts anew" in report.notes[0]


@pytest.mark.parametrize("state", ["{broken", "[1]", '{"format": 99}'])
def test_a_file_of_unknown_origin_is_not_trusted(
    four: Dataset, bright: Path, tmp_path: Path, state: str
) -> None:
    out = tmp_path / "c.csv"
    count_dataset(four, out, model=bright)
    (tmp_path / ".c.csv.state").write_text(state)
    report = count_dataset(four, out, model=bright)
    assert report.counted == 4
    assert report.notes == ["c.csv was not made by such a run: starts anew."]


def test_a_power_cut_while_starting_anew_does_not_mix_two_settings(
    four: Dataset, bright: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "c.csv"
    count_dataset(four, out, model=bright)
    other = CountSettings(threshold=0.99)

    def cut(_self: GrowingTable[Any]) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(GrowingTable, "_write_state", cut)
        with pytest.raises(KeyboardInterrupt):
            count_dataset(four, out, model=bright, settings=other)
    report = count_dataset(four, out, model=bright, settings=other)
    assert [row.count for row in report.rows] == [0, 0, 0, 0]


def test_without_resume_all_is_counted_again(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    count_dataset(four, tmp_path / "c.csv", model=bright)
    report = count_dataset(four, tmp_path / "c.csv", model=bright, resume=False)
    assert report.counted == 4
    assert report.notes == []


def test_the_state_beside_the_file_says_how_it_was_made(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    settings = CountSettings(threshold=0.25)
    count_dataset(four, tmp_path / "c.csv", model=bright, settings=settings)
    state = json.loads((tmp_path / ".c.csv.state").read_text())
    assert state["made_with"]["settings"]["threshold"] == 0.25
    assert state["made_with"]["data set"] == four.identity


def test_bad_files_are_tried_again(bright: Path, tmp_path: Path) -> None:
    root = write_set(tmp_path / "set")
    whole = (root / "images/p2.png").read_bytes()
    (root / "images/p2.png").write_bytes(whole[: len(whole) // 2])
    count_dataset(open_dataset(root), tmp_path / "c.csv", model=bright)
    (root / "images/p2.png").write_bytes(whole)
    report = count_dataset(open_dataset(root), tmp_path / "c.csv", model=bright)
    assert (report.counted, report.failed) == (1, [])
    assert counts_in(tmp_path / "c.csv") == [
        "3",
        "0",
        "5",
        "1",
    ]


def test_a_disk_that_fills_up_leaves_only_whole_rows(
    four: Dataset, bright: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs: list[int] = []

    def full(handle: int) -> None:
        syncs.append(handle)
        if len(syncs) == 3:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(resume.os, "fsync", full)
        with pytest.raises(ExportError, match=r"No space left .* run the same command"):
            count_dataset(four, tmp_path / "c.csv", model=bright)
    content = (tmp_path / "c.csv").read_text()
    assert content.endswith("\n")
    kept = len(read_table(tmp_path / "c.csv"))
    report = count_dataset(four, tmp_path / "c.csv", model=bright)
    assert report.counted == 4 - kept
    assert counts_in(tmp_path / "c.csv") == [
        "3",
        "0",
        "5",
        "1",
    ]


def test_a_set_that_was_moved_is_gone_on_with(bright: Path, tmp_path: Path) -> None:
    write_set(tmp_path / "a" / "set")
    count_dataset(open_dataset(tmp_path / "a/set"), tmp_path / "c.csv", model=bright)
    shutil.move(tmp_path / "a", tmp_path / "b")
    report = count_dataset(
        open_dataset(tmp_path / "b/set"), tmp_path / "c.csv", model=bright
    )
    assert report.counted == 0


def test_a_table_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="could not be read"):
        resume.read_counts_csv(tmp_path / "absent.csv")


def changed(four: Dataset, index: int, squares_now: int) -> None:
    write_picture(four.path / four.samples[index].image, squares(squares_now))


def test_a_picture_that_changed_since_is_counted_again_and_told(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    out = tmp_path / "c.csv"
    count_dataset(four, out, model=bright)
    changed(four, 2, 4)
    report = count_dataset(four, out, model=bright)
    assert report.counted == 1
    assert counts_in(out) == ["3", "0", "4", "1"]
    said = "1 picture has changed since last time, it is done again: p2.png."
    assert said in report.notes
    again = count_dataset(four, out, model=bright)
    assert again.counted == 0
    assert not any("changed" in note for note in again.notes)


def test_a_run_stopped_before_a_changed_picture_still_counts_it_later(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    out = tmp_path / "c.csv"
    count_dataset(four, out, model=bright)
    changed(four, 1, 2)
    changed(four, 3, 6)
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError, match="Stopped: 2 of 4 images are in"):
        count_dataset(four, out, model=bright, token=token)
    assert counts_in(out) == ["3", "5"]
    assert count_dataset(four, out, model=bright).counted == 2
    assert counts_in(out) == ["3", "2", "5", "6"]


def test_pictures_that_were_copied_elsewhere_are_the_same(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    out = tmp_path / "c.csv"
    count_dataset(four, out, model=bright)
    for sample in four.samples:
        os.utime(four.path / sample.image, (1, 1))
    assert count_dataset(four, out, model=bright).counted == 0


def test_a_picture_that_changes_while_it_is_counted_is_counted_again(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    out = tmp_path / "c.csv"

    def progress(_fraction: float, name: str) -> None:
        if name == "p2":
            changed(four, 3, 2)

    count_dataset(four, out, model=bright, progress=progress)
    assert count_dataset(four, out, model=bright).counted == 1
    assert count_dataset(four, out, model=bright).counted == 0


def test_rows_of_an_earlier_version_are_trusted(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    out = tmp_path / "c.csv"
    count_dataset(four, out, model=bright)
    seen = tmp_path / ".c.csv.pictures"
    seen.unlink()
    changed(four, 2, 4)
    assert count_dataset(four, out, model=bright).counted == 0
    seen.write_text('["p1.png", "0-00000000", 1, 1]\n["p0.png", ')  # torn
    assert count_dataset(four, out, model=bright).counted == 1


def test_a_picture_that_cannot_be_read_now_keeps_its_row(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    out = tmp_path / "c.csv"
    count_dataset(four, out, model=bright)
    (four.path / four.samples[2].image).unlink()
    assert count_dataset(four, out, model=bright).counted == 0
    assert counts_in(out) == ["3", "0", "5", "1"]
