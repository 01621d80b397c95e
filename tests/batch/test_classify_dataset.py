from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from batch_models import read_table
from napari_cellsets.batch import classify, classify_dataset
from napari_cellsets.catalogue import Dataset, open_dataset
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import (
    CancelledError,
    CellsetsError,
    ExportError,
    ModelError,
    UnreadableFileError,
)
from napari_cellsets.formats.labels_io import write_label_png
from napari_cellsets.inference import prepare_cell, read_classifier_info
from tiny_classifiers import SAYS, gem, gem_classifier, write_cell, write_gems

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def gems(tmp_path: Path) -> Path:
    return gem_classifier(tmp_path / "gems.onnx")


@pytest.fixture
def eight(tmp_path: Path) -> Dataset:
    counts = {"ruby": 3, "emerald": 2, "sapphire": 3}
    return open_dataset(write_gems(tmp_path / "eight", counts))


def write_fields(root: Path, number: int = 3) -> Path:
    """Green fields with one blue and one red object each, and their masks."""
    for i in range(number):
        pixels, labels = gem("emerald", (80, 120)), np.zeros((80, 120), np.int32)
        pixels[10:50, 10:50], pixels[10:50, 70:110] = gem("sapphire", (40, 40)), 200
        pixels[10:50, 70:110] = gem("ruby", (40, 40))
        labels[20:40, 20:40], labels[20:40, 80:100] = 5, 3
        write_cell(root / "images" / f"f{i}.png", pixels)
        write_label_png(root / "masks" / f"f{i}.png", labels)
    return root


def test_each_picture_is_a_row_with_its_class(
    eight: Dataset, gems: Path, tmp_path: Path
) -> None:
    done = classify_dataset(eight, tmp_path / "c.csv", model=gems)
    rows = read_table(tmp_path / "c.csv")
    assert [row["image"] for row in rows] == [
        s.image.rpartition("/")[2] for s in eight.samples
    ]
    assert all(row["predicted"] == row["truth"] == row["nearest"] for row in rows)
    assert (done.classified, done.failed, done.notes) == (8, [], [])
    assert done.report is not None
    assert done.report.accuracy == 1.0


def test_predictions_are_said_in_the_words_of_the_set(
    gems: Path, tmp_path: Path
) -> None:
    root = write_gems(tmp_path / "set", {"emerald": 2})
    write_cell(root / "Red Gems" / "a.png", gem("ruby"))
    done = classify_dataset(open_dataset(root), tmp_path / "c.csv", model=gems)
    row = next(r for r in read_table(tmp_path / "c.csv") if r["image"] == "a.png")
    assert (row["predicted"], row["truth"]) == ("Red Gems", "Red Gems")
    assert done.report is not None
    assert done.report.accuracy == 1.0


def test_what_is_far_from_all_gems_is_not_known(
    eight: Dataset, gems: Path, tmp_path: Path
) -> None:
    write_cell(eight.path / "ruby" / "dark.png", gem("ruby", light=20))
    done = classify_dataset(open_dataset(eight.path), tmp_path / "c.csv", model=gems)
    row = next(r for r in read_table(tmp_path / "c.csv") if r["image"] == "dark.png")
    assert (row["predicted"], row["nearest"]) == ("not a gem I know", "ruby")
    assert done.report is not None
    assert (done.report.unknown, done.report.right) == (1, 8)


def test_a_broken_file_is_named_and_the_rest_goes_on(
    eight: Dataset, gems: Path, tmp_path: Path
) -> None:
    (eight.path / "emerald" / "emerald_0.png").write_text("no picture")
    whole = (eight.path / "ruby" / "ruby_1.png").read_bytes()
    (eight.path / "ruby" / "ruby_1.png").write_bytes(whole[: len(whole) // 2])
    done = classify_dataset(open_dataset(eight.path), tmp_path / "c.csv", model=gems)
    assert [p.name for p in done.failed] == ["emerald/emerald_0", "ruby/ruby_1"]
    assert len(read_table(tmp_path / "c.csv")) == 6


def test_a_plain_folder_of_cells_has_no_truth(gems: Path, tmp_path: Path) -> None:
    for i, name in enumerate(("ruby", "sapphire")):
        write_cell(tmp_path / "cells" / f"{i}.png", gem(name))
    dataset = open_dataset(tmp_path / "cells")
    done = classify_dataset(dataset, tmp_path / "c.csv", model=gems)
    rows = read_table(tmp_path / "c.csv")
    assert [(r["predicted"], r["truth"]) for r in rows] == [
        ("ruby", ""),
        ("sapphire", ""),
    ]
    assert done.report is None


def test_only_chosen_samples_are_classified(
    eight: Dataset, gems: Path, tmp_path: Path
) -> None:
    some = eight.samples[2:4]
    done = classify_dataset(eight, tmp_path / "c.csv", model=gems, samples=some)
    assert len(done.rows) == 2


def test_a_second_run_has_nothing_to_do_and_says_the_same(
    eight: Dataset, gems: Path, tmp_path: Path
) -> None:
    first = classify_dataset(eight, tmp_path / "c.csv", model=gems)
    content = (tmp_path / "c.csv").read_bytes()
    again = classify_dataset(eight, tmp_path / "c.csv", model=gems)
    assert (again.classified, again.rows) == (0, first.rows)
    assert (tmp_path / "c.csv").read_bytes() == content
    assert again.report is not None
    assert first.report is not None
    assert again.report.calibration.ece == first.report.calibration.ece


def test_another_model_starts_anew_and_says_so(
    eight: Dataset, gems: Path, tmp_path: Path
) -> None:
    classify_dataset(eight, tmp_path / "c.csv", model=gems)
    other = gem_classifier(tmp_path / "o.onnx", says={**SAYS, "version": "2"})
    done = classify_dataset(eight, tmp_path / "c.csv", model=other)
    assert done.classified == 8
    assert "starts anew" in done.notes[0]


def test_without_resume_everything_is_classified_again(
    eight: Dataset, gems: Path, tmp_path: Path
) -> None:
    classify_dataset(eight, tmp_path / "c.csv", model=gems)
    done = classify_dataset(eight, tmp_path / "c.csv", model=gems, resume=False)
    assert done.classified == 8


def test_a_cell_whose_picture_changed_since_is_named_again_and_told(
    eight: Dataset, gems: Path, tmp_path: Path
) -> None:
    before = classify_dataset(eight, tmp_path / "c.csv", model=gems).rows
    first, other = (eight.path / eight.samples[at].image for at in (1, 6))
    shutil.copyfile(other, first)
    done = classify_dataset(eight, tmp_path / "c.csv", model=gems)
    assert done.classified == 1
    assert done.rows[1].predicted == before[6].predicted != before[1].predicted
    assert "1 picture has changed since last time" in done.notes[0]


def test_a_stopped_run_keeps_its_rows_and_goes_on(
    gems: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classify, "BATCH", 1)
    dataset = open_dataset(write_gems(tmp_path / "many", {"ruby": 50, "emerald": 50}))
    whole = classify_dataset(dataset, tmp_path / "whole.csv", model=gems)
    token = CancelToken()

    def stop(share: float, _text: str) -> None:
        if share > 0.3:
            token.cancel()

    out = tmp_path / "c.csv"
    with pytest.raises(CancelledError, match=r"Stopped: \d+ of 100 images are in"):
        classify_dataset(dataset, out, model=gems, token=token, progress=stop)
    kept = len(read_table(out))
    assert 0 < kept < 100
    done = classify_dataset(dataset, out, model=gems)
    assert (done.classified, done.rows) == (100 - kept, whole.rows)
    assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_no_more_than_a_few_batches_are_held(
    gems: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = open_dataset(write_gems(tmp_path / "many", {"ruby": 300, "emerald": 1}))
    decoded, scored, most = [0], [0], [0]

    def counted(pixels: np.ndarray, info: Any) -> Any:
        decoded[0] += 1
        most[0] = max(most[0], decoded[0] - scored[0])
        return prepare_cell(pixels, info)

    def watch(share: float, _text: str) -> None:
        scored[0] = round(share * 301)

    monkeypatch.setattr(classify, "prepare_cell", counted)
    classify_dataset(dataset, tmp_path / "c.csv", model=gems, progress=watch)
    assert decoded[0] == 301
    assert most[0] <= 4 * 32 + 8


def test_objects_of_ground_truth_are_rows_with_their_place(
    gems: Path, tmp_path: Path
) -> None:
    dataset = open_dataset(write_fields(tmp_path / "fields"))
    classify_dataset(dataset, tmp_path / "c.csv", model=gems, objects=True)
    rows = read_table(tmp_path / "c.csv")
    assert [(r["image"], r["label"], r["predicted"]) for r in rows[:2]] == [
        ("f0.png", "3", "ruby"),
        ("f0.png", "5", "sapphire"),
    ]
    assert (rows[0]["y"], rows[0]["x"], rows[0]["truth"]) == ("29.5", "89.5", "")
    assert len(rows) == 6


def test_objects_of_a_folder_of_masks_are_classified(
    gems: Path, tmp_path: Path
) -> None:
    write_fields(tmp_path / "set", 2)
    (tmp_path / "set/masks").rename(tmp_path / "mine")
    (tmp_path / "mine/f1.png").unlink()
    dataset = open_dataset(tmp_path / "set")
    done = classify_dataset(
        dataset, tmp_path / "c.csv", model=gems, masks_dir=tmp_path / "mine"
    )
    assert [row.image for row in done.rows] == ["f0.png", "f0.png"]
    assert "there is no label image for this image" in done.failed[0].message


def test_a_mask_of_another_size_is_a_problem_of_its_image(
    gems: Path, tmp_path: Path
) -> None:
    write_fields(tmp_path / "set", 2)
    (tmp_path / "set/masks").rename(tmp_path / "mine")
    write_label_png(tmp_path / "mine/f0.png", np.ones((9, 9), np.int32))
    dataset = open_dataset(tmp_path / "set")
    done = classify_dataset(
        dataset, tmp_path / "c.csv", model=gems, masks_dir=tmp_path / "mine"
    )
    assert {row.image for row in done.rows} == {"f1.png"}
    assert "labels as large as the picture" in done.failed[0].message


def test_objects_go_on_after_the_last_whole_image(gems: Path, tmp_path: Path) -> None:
    dataset = open_dataset(write_fields(tmp_path / "fields"))
    out = tmp_path / "c.csv"
    whole = classify_dataset(dataset, out, model=gems, objects=True)
    content = out.read_text().splitlines(keepends=True)
    out.write_text("".join(content[:4]))  # stopped inside the second image
    done = classify_dataset(dataset, out, model=gems, objects=True)
    assert (done.classified, done.rows) == (4, whole.rows)
    assert out.read_text() == "".join(content)


def test_an_image_whose_truth_is_missing_is_a_problem(
    gems: Path, tmp_path: Path
) -> None:
    write_fields(tmp_path / "fields", 3)
    (tmp_path / "fields/masks/f1.png").unlink()
    dataset = open_dataset(tmp_path / "fields")
    done = classify_dataset(dataset, tmp_path / "c.csv", model=gems, objects=True)
    assert {row.image for row in done.rows} == {"f0.png", "f2.png"}
    assert any("no ground truth for this" in p.message for p in done.failed)


def test_objects_need_something_that_labels_them(
    eight: Dataset, gems: Path, tmp_path: Path
) -> None:
    with pytest.raises(CellsetsError, match="no ground truth with objects"):
        classify_dataset(eight, tmp_path / "c.csv", model=gems, objects=True)
    with pytest.raises(UnreadableFileError, match="folder of label images was exp"):
        classify_dataset(
            eight, tmp_path / "c.csv", model=gems, masks_dir=tmp_path / "absent"
        )


def test_a_file_of_the_set_is_never_written(eight: Dataset, gems: Path) -> None:
    with pytest.raises(ExportError, match="a file of the data set itself"):
        classify_dataset(eight, eight.path / "ruby" / "ruby_0.png", model=gems)


def test_a_model_that_lacks_answers_is_refused_before_the_first_image(
    eight: Dataset, tmp_path: Path
) -> None:
    bare = gem_classifier(tmp_path / "bare.onnx", says=None)
    with pytest.raises(ModelError, match=r"does not say its .*classes.*--model-says"):
        classify_dataset(eight, tmp_path / "c.csv", model=bare)
    assert not (tmp_path / "c.csv").exists()


def test_a_model_that_was_told_the_rest_is_used(eight: Dataset, tmp_path: Path) -> None:
    bare = gem_classifier(tmp_path / "bare.onnx", says=None)
    info = read_classifier_info(bare).replace(
        channel_order="rgb",
        normalisation={"kind": "divide", "value": 255},
        output_kind="logit",
        classes=("ruby", "emerald", "sapphire"),
    )
    done = classify_dataset(eight, tmp_path / "c.csv", model=info)
    assert done.report is not None
    assert done.report.accuracy == 1.0
