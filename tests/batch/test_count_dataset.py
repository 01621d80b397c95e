from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from batch_models import (
    bright_model,
    read_table,
    squares,
    write_picture,
    write_set,
)
from napari_cellsets.batch import count, count_dataset
from napari_cellsets.catalogue import Dataset, open_dataset
from napari_cellsets.core.errors import ExportError, ModelError
from napari_cellsets.counting import CountSettings
from napari_cellsets.formats.labels_io import read_label_image, write_label_png
from napari_cellsets.inference import read_model_info

if TYPE_CHECKING:
    from pathlib import Path


def test_one_row_an_image_in_the_order_of_the_set(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    count_dataset(four, tmp_path / "c.csv", model=bright)
    rows = read_table(tmp_path / "c.csv")
    assert [row["image"] for row in rows] == [f"p{i}.png" for i in range(4)]
    assert [row["count"] for row in rows] == ["3", "0", "5", "1"]
    assert list(rows[0])[:6] == ["image", "count", "truth", "precision", "recall", "f1"]


def test_columns_of_truth_are_empty_without_truth(bright: Path, tmp_path: Path) -> None:
    plain = open_dataset(write_set(tmp_path / "plain", (2, 1), truth=False))
    report = count_dataset(plain, tmp_path / "c.csv", model=bright)
    for row in read_table(tmp_path / "c.csv"):
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
    raw = cv2.imread(str(tmp_path / "m/p2.png"), cv2.IMREAD_UNCHANGED)
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


def test_an_image_whose_mask_cannot_be_said_is_listed(
    four: Dataset, bright: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, labels: np.ndarray) -> None:
        if path.name == "p2.png":
            raise ExportError("label 70,000 does not fit", path=path)
        write_label_png(path, labels)

    monkeypatch.setattr(count, "write_label_png", refuse)
    report = count_dataset(
        four, tmp_path / "c.csv", model=bright, masks_dir=tmp_path / "m"
    )
    assert [problem.name for problem in report.failed] == ["p2"]
    assert [row.count for row in report.rows] == [3, 0, 1]


def test_bad_files_are_named_and_the_rest_is_counted(
    bright: Path, tmp_path: Path
) -> None:
    root = write_set(tmp_path / "set")
    whole = (root / "images/p2.png").read_bytes()
    (root / "images/p2.png").write_bytes(whole[: len(whole) // 2])
    (root / "images/p0.png").write_text("this is no picture")
    report = count_dataset(open_dataset(root), tmp_path / "c.csv", model=bright)
    assert [row["image"] for row in read_table(tmp_path / "c.csv")] == [
        "p1.png",
        "p3.png",
    ]
    assert {problem.name for problem in report.failed} >= {"p0", "p2"}


def test_an_image_whose_truth_is_unreadable_is_counted_without_it(
    bright: Path, tmp_path: Path
) -> None:
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
            four, tmp_path / "c.csv", model=bright, masks_dir=tmp_path / "four/images"
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


def test_table_never_replaces_a_file_of_the_set(bright: Path, tmp_path: Path) -> None:
    root = write_set(tmp_path / "set", (2, 1))
    picture = root / "images" / "p0.png"
    before = picture.read_bytes()
    with pytest.raises(ExportError, match="file of the data set itself"):
        count_dataset(open_dataset(root), picture, model=bright)
    assert picture.read_bytes() == before


def test_table_never_replaces_the_archive_of_the_set(
    bright: Path, tmp_path: Path
) -> None:
    archive = shutil.make_archive(
        str(tmp_path / "set"), "zip", write_set(tmp_path / "a", (2, 1))
    )
    with pytest.raises(ExportError, match="file of the data set itself"):
        count_dataset(open_dataset(archive), archive, model=bright)
