from __future__ import annotations

import csv
import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from batch_models import bright_model, squares, write_picture, write_set
from napari_cellsets.batch import count_dataset, resume
from napari_cellsets.batch.resume import GrowingTable
from napari_cellsets.catalogue import Dataset, open_dataset
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, ExportError, ModelError
from napari_cellsets.counting import CountSettings
from napari_cellsets.formats.labels_io import read_label_image
from napari_cellsets.inference import read_model_info

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def stopping_after(images: int, total: int = 4) -> tuple[CancelToken, Callable]:
    """A token, and a progress that cancels it when so many images are done."""
    token = CancelToken()

    def progress(fraction: float, _text: str) -> None:
        if fraction >= images / total:
            token.cancel()

    return token, progress


def test_one_row_an_image_in_the_order_of_the_set(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    count_dataset(four, tmp_path / "c.csv", model=bright)
    rows = table(tmp_path / "c.csv")
    assert [row["image"] for row in rows] == [f"images/p{i}.png" for i in range(4)]
    assert [row["count"] for row in rows] == ["3", "0", "5", "1"]
    assert list(rows[0])[:6] == ["image", "count", "truth", "precision", "recall", "f1"]


def test_columns_of_truth_are_empty_without_truth(bright: Path, tmp_path: Path) -> None:
    plain = open_dataset(write_set(tmp_path / "plain", (2, 1), truth=False))
    report = count_dataset(plain, tmp_path / "c.csv", model=bright)
    for row in table(tmp_path / "c.csv"):
        assert {row[name] for name in ("truth", "precision", "recall", "f1")} == {""}
    assert report.summary is None


def test_summary_pools_pairs_over_the_set(bright: Path, tmp_path: Path) -> None:
    root = write_set(tmp_path / "set", (3, 5))
    # one picture shows two cells fewer than its truth has
    write_picture(root / "images" / "p1.png", squares(3))
    report = count_dataset(open_dataset(root), tmp_path / "c.csv", model=bright)
    assert report.summary is not None
    assert (report.summary.predicted, report.summary.truth) == (6, 8)
    assert report.summary.f1 == pytest.approx(2 * 6 / 14)
    assert report.summary.f1_by_iou == pytest.approx(2 * 6 / 14)
    assert report.summary.mae == 1.0


def test_masks_are_16_bit_labels_named_as_the_images(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    import cv2

    count_dataset(four, tmp_path / "c.csv", model=bright, masks_dir=tmp_path / "m")
    raw = cv2.imread(str(tmp_path / "m/images/p2.png"), cv2.IMREAD_UNCHANGED)
    assert raw.dtype == np.uint16
    assert np.array_equal(raw > 0, squares(5) > 0)
    assert raw.max() == 5


def test_a_stack_gives_a_mask_with_all_planes(bright: Path, tmp_path: Path) -> None:
    import tifffile

    stack = np.stack([squares(2), squares(4)]).astype(np.uint8)
    (tmp_path / "set").mkdir()
    tifffile.imwrite(
        tmp_path / "set/stack.tif",
        np.where(stack > 0, 250, 5).astype(np.uint8),
        metadata={"axes": "ZYX"},
    )
    dataset = open_dataset(tmp_path / "set")
    report = count_dataset(
        dataset, tmp_path / "c.csv", model=bright, masks_dir=tmp_path / "m"
    )
    assert report.failed == []
    assert [row.count for row in report.rows] == [6]
    assert read_label_image(tmp_path / "m/stack.tif").shape == stack.shape


def test_finished_images_are_not_counted_again(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    first = count_dataset(four, tmp_path / "c.csv", model=bright)
    before = (tmp_path / "c.csv").read_text()
    again = count_dataset(four, tmp_path / "c.csv", model=bright)
    assert (first.counted, again.counted) == (4, 0)
    assert (tmp_path / "c.csv").read_text() == before
    assert again.summary == first.summary


@pytest.mark.parametrize("stop", [0, 1, 2, 3])
def test_a_stopped_run_keeps_what_is_finished_and_goes_on(
    four: Dataset, bright: Path, tmp_path: Path, stop: int
) -> None:
    out = tmp_path / "c.csv"
    token, progress = stopping_after(stop)
    with pytest.raises(CancelledError, match=f"Stopped: {stop} of 4 images are in"):
        count_dataset(four, out, model=bright, token=token, progress=progress)
    assert len(table(out)) == stop
    report = count_dataset(four, out, model=bright)
    assert report.counted == 4 - stop
    assert [row["count"] for row in table(out)] == ["3", "0", "5", "1"]


def test_rows_are_in_the_file_before_the_next_image_begins(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    seen: list[int] = []

    def progress(fraction: float, _text: str) -> None:
        if fraction in (0.25, 0.5, 0.75):
            seen.append(len(table(tmp_path / "c.csv")))

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
    assert [row["count"] for row in table(out)] == ["3", "0", "5", "1"]


def test_a_missing_mask_is_made_again(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    masks = tmp_path / "m"
    count_dataset(four, tmp_path / "c.csv", model=bright, masks_dir=masks)
    (masks / "images/p1.png").unlink()
    report = count_dataset(four, tmp_path / "c.csv", model=bright, masks_dir=masks)
    assert report.counted == 1
    assert (masks / "images/p1.png").is_file()


@pytest.mark.parametrize("what", ["settings", "model", "channel", "choice of images"])
def test_a_changed_question_starts_anew_and_says_so(
    four: Dataset, bright: Path, tmp_path: Path, what: str
) -> None:
    out = tmp_path / "c.csv"
    count_dataset(four, out, model=bright)
    other = {
        "settings": {"model": bright, "settings": CountSettings(threshold=0.7)},
        "model": {
            "model": bright_model(tmp_path / "b.onnx", says={**_says(), "version": "2"})
        },
        "channel": {"model": bright, "channel": 0},
        "choice of images": {"model": bright, "samples": four.samples[:2]},
    }[what]
    report = count_dataset(four, out, **other)
    assert report.counted == len(report.rows)
    assert f"Another {what}" in report.notes[0] or what in report.notes[0]
    assert "starts anew" in report.notes[0]


def _says() -> dict[str, object]:
    from batch_models import SAYS

    return SAYS


def test_a_file_of_unknown_origin_is_not_trusted(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    out = tmp_path / "c.csv"
    count_dataset(four, out, model=bright)
    (tmp_path / ".c.csv.state").write_text("{broken")
    report = count_dataset(four, out, model=bright)
    assert report.counted == 4
    assert report.notes == ["c.csv was not made by such a run: starts anew."]


def test_a_power_cut_while_starting_anew_does_not_mix_two_settings(
    four: Dataset, bright: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "c.csv"
    count_dataset(four, out, model=bright)
    other = CountSettings(threshold=0.99)

    def cut(_self: GrowingTable) -> None:
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


def test_bad_files_are_named_and_the_rest_is_counted(
    bright: Path, tmp_path: Path
) -> None:
    root = write_set(tmp_path / "set")
    whole = (root / "images/p2.png").read_bytes()
    (root / "images/p2.png").write_bytes(whole[: len(whole) // 2])
    (root / "images/p0.png").write_text("this is no picture")
    report = count_dataset(open_dataset(root), tmp_path / "c.csv", model=bright)
    assert [row["image"] for row in table(tmp_path / "c.csv")] == [
        "images/p1.png",
        "images/p3.png",
    ]
    assert {problem.name for problem in report.failed} >= {"p0", "p2"}


def test_bad_files_are_tried_again(bright: Path, tmp_path: Path) -> None:
    root = write_set(tmp_path / "set")
    whole = (root / "images/p2.png").read_bytes()
    (root / "images/p2.png").write_bytes(whole[: len(whole) // 2])
    count_dataset(open_dataset(root), tmp_path / "c.csv", model=bright)
    (root / "images/p2.png").write_bytes(whole)
    report = count_dataset(open_dataset(root), tmp_path / "c.csv", model=bright)
    assert (report.counted, report.failed) == (1, [])
    assert [row["count"] for row in table(tmp_path / "c.csv")] == ["3", "0", "5", "1"]


def test_an_image_whose_truth_is_unreadable_is_counted_without_it(
    bright: Path, tmp_path: Path
) -> None:
    from napari_cellsets.formats.labels_io import write_label_png

    root = write_set(tmp_path / "set", (3, 2))
    write_label_png(root / "masks/p1.png", np.ones((9, 9), np.uint16))
    for _ in range(2):  # told again when run again
        report = count_dataset(open_dataset(root), tmp_path / "c.csv", model=bright)
        assert [(row.count, row.truth) for row in report.rows] == [(3, 3), (2, None)]
        (problem,) = report.failed
        assert "without its truth" in problem.message
        assert "9 x 9" in problem.message


def test_only_chosen_samples_are_counted(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    chosen = [four.samples[2], four.samples[0]]
    report = count_dataset(four, tmp_path / "c.csv", model=bright, samples=chosen)
    assert [row.count for row in report.rows] == [5, 3]


def test_settings_and_channel_are_used(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    strict = CountSettings(threshold=0.99)
    report = count_dataset(four, tmp_path / "a.csv", model=bright, settings=strict)
    assert [row.count for row in report.rows] == [0, 0, 0, 0]
    report = count_dataset(four, tmp_path / "b.csv", model=bright, channel=1)
    assert [row.count for row in report.rows] == [0, 0, 0, 0]


def test_a_model_that_does_not_say_enough_stops_before_the_first_image(
    four: Dataset, tmp_path: Path
) -> None:
    bare = bright_model(tmp_path / "bare.onnx", says=None)
    with pytest.raises(ModelError, match=r"does not say its .*normalisation"):
        count_dataset(four, tmp_path / "c.csv", model=bare)
    assert not (tmp_path / "c.csv").exists()


def test_a_completed_model_counts(four: Dataset, tmp_path: Path) -> None:
    bare = read_model_info(bright_model(tmp_path / "bare.onnx", says=None))
    full = bare.replace(
        channel_order="rgb",
        normalisation={"kind": "divide", "value": 255},
        output_kind="probability",
        split_distance=0,
        min_area=20,
    )
    report = count_dataset(four, tmp_path / "c.csv", model=full)
    assert [row.count for row in report.rows] == [3, 0, 5, 1]


def test_masks_are_never_written_onto_the_pictures(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    before = (tmp_path / "four/images/p0.png").read_bytes()
    with pytest.raises(ExportError, match="is a file of the data set itself"):
        count_dataset(
            four, tmp_path / "c.csv", model=bright, masks_dir=tmp_path / "four"
        )
    assert (tmp_path / "four/images/p0.png").read_bytes() == before


def test_pictures_named_alike_get_masks_of_their_own(
    bright: Path, tmp_path: Path
) -> None:
    write_picture(tmp_path / "set/a.png", squares(1))
    write_picture(tmp_path / "set/b.png", squares(2))
    write_picture(tmp_path / "set/b.bmp", squares(3))
    dataset = open_dataset(tmp_path / "set")
    count_dataset(dataset, tmp_path / "c.csv", model=bright, masks_dir=tmp_path / "m")
    found = {p.name: read_label_image(p).max() for p in (tmp_path / "m").iterdir()}
    assert found == {"a.png": 1, "b.png.png": 2, "b.bmp.png": 3}


def test_a_place_that_cannot_be_written_is_told_before_counting(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    calls: list[float] = []
    with pytest.raises(ExportError, match="could not be written"):
        count_dataset(
            four,
            tmp_path / "file" / "c.csv",
            model=bright,
            progress=lambda fraction, _: calls.append(fraction),
        )
    assert calls == []


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
    kept = len(table(tmp_path / "c.csv"))
    report = count_dataset(four, tmp_path / "c.csv", model=bright)
    assert report.counted == 4 - kept
    assert [row["count"] for row in table(tmp_path / "c.csv")] == ["3", "0", "5", "1"]


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
