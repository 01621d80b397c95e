from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from batch_models import squares, write_set
from napari_cellsets.batch import (
    CountRow,
    count_dataset,
    export_masks,
    labels_from_store,
    write_counts_csv,
    write_objects_csv,
)
from napari_cellsets.catalogue import Dataset, open_dataset
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, ExportError
from napari_cellsets.core.image import Picture
from napari_cellsets.counting import measure
from napari_cellsets.formats import atomic, labels_io
from napari_cellsets.formats.labels_io import read_label_image
from napari_cellsets.store import LabelDelta, Project

if TYPE_CHECKING:
    from napari_cellsets.core.sample import Sample


def numbered(sample: Sample) -> np.ndarray:
    """Labels that differ from sample to sample."""
    return squares(int(sample.name[-1]) + 1)


def files(root: Path) -> list[str]:
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*.*"))


@pytest.mark.parametrize(("form", "ending"), [("png", "png"), ("tiff", "tif")])
def test_labels_are_written_under_the_names_of_the_images(
    four: Dataset, tmp_path: Path, form: str, ending: str
) -> None:
    out = tmp_path / "out"
    report = export_masks(four, numbered, out, form)
    assert files(out) == [f"p{i}.{ending}" for i in range(4)]
    assert [p.relative_to(out).as_posix() for p in report.written] == files(out)
    for i in range(4):
        back = read_label_image(out / f"p{i}.{ending}")
        assert np.array_equal(back, squares(i + 1))


def test_own_form_opens_as_the_set_with_the_new_truth(
    four: Dataset, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    export_masks(four, numbered, out, "own")
    shutil.copytree(tmp_path / "four/images", out / "images")
    again = open_dataset(out)
    assert again.recipe.key == four.recipe.key
    for sample in again.samples:
        truth = again.read_truth(sample)
        assert truth is not None
        assert np.array_equal(truth.labels, numbered(sample))


def test_real_masks_of_v1_keep_their_objects(
    real_samples: Path, tmp_path: Path
) -> None:
    dataset = open_dataset(real_samples / "fluorescent_neuronal_cells_v1")
    truth = {s.name: dataset.read_truth(s) for s in dataset.samples}
    export_masks(dataset, lambda s: truth[s.name].labels, tmp_path / "out", "own")
    shutil.copytree(dataset.tree.root / "all_images", tmp_path / "out" / "all_images")
    again = open_dataset(tmp_path / "out")
    assert again.recipe.key == dataset.recipe.key
    for sample in again.samples:
        back = again.read_truth(sample)
        assert back is not None
        assert np.array_equal(back.labels, truth[sample.name].labels)


def test_chosen_samples_alone_are_written(four: Dataset, tmp_path: Path) -> None:
    export_masks(four, numbered, tmp_path / "out", "png", samples=four.samples[1:2])
    assert files(tmp_path / "out") == ["p1.png"]


def test_samples_without_labels_are_listed(four: Dataset, tmp_path: Path) -> None:
    report = export_masks(four, lambda sample: None, tmp_path / "out", "png")
    assert report.skipped == ["p0", "p1", "p2", "p3"]
    assert report.written == []


def test_corrected_labels_go_before_the_prediction(
    four: Dataset, tmp_path: Path
) -> None:
    before, after = squares(0), squares(6)
    with Project.open(tmp_path / "p.sqlite") as project:
        for name in ("p1", "p2"):
            project.save_labels(four.identity, name, "cells", before, {})
        delta = LabelDelta.between(before, after)
        assert delta is not None
        project.record(four.identity, "p2", "cells", delta, {})
        corrected = labels_from_store(four, project, numbered)
        anything = labels_from_store(four, project, corrected_only=False)
        found = [corrected(sample).max() for sample in four.samples]
        kept = [anything(sample) for sample in four.samples]
    assert found == [1, 2, 6, 4]
    assert [labels is None for labels in kept] == [True, False, False, True]
    assert kept[1].max() == 0


def test_labels_that_do_not_fit_are_listed_and_the_rest_is_written(
    four: Dataset, tmp_path: Path
) -> None:
    def too_many(sample: Sample) -> np.ndarray:
        labels = numbered(sample)
        return labels + 70_000 if sample.name == "p1" else labels

    report = export_masks(four, too_many, tmp_path / "out", "png")
    assert [problem.name for problem in report.failed] == ["p1"]
    assert "does not fit a 16-bit PNG" in report.failed[0].message
    assert files(tmp_path / "out") == [f"p{i}.png" for i in (0, 2, 3)]


def test_an_unknown_form_is_refused(four: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="a form is one of"):
        export_masks(four, numbered, tmp_path, "jpeg")  # type: ignore[arg-type]


@pytest.mark.parametrize(("form", "folder"), [("own", "."), ("png", "images")])
def test_the_set_itself_is_never_overwritten(
    four: Dataset, tmp_path: Path, form: str, folder: str
) -> None:
    before = {p: p.read_bytes() for p in (tmp_path / "four").rglob("*.png")}
    with pytest.raises(ExportError, match="is a file of the data set itself"):
        export_masks(four, numbered, tmp_path / "four" / folder, form)
    assert {p: p.read_bytes() for p in (tmp_path / "four").rglob("*.png")} == before


def test_a_new_folder_inside_the_set_is_allowed(four: Dataset, tmp_path: Path) -> None:
    report = export_masks(four, numbered, tmp_path / "four" / "corrected", "png")
    assert len(report.written) == 4


def test_a_cancelled_export_leaves_whole_files(four: Dataset, tmp_path: Path) -> None:
    token = CancelToken()

    def progress(fraction: float, _text: str) -> None:
        if fraction >= 0.5:
            token.cancel()

    with pytest.raises(CancelledError, match="Cancelled"):
        export_masks(
            four, numbered, tmp_path / "out", "png", token=token, progress=progress
        )
    assert files(tmp_path / "out") == [f"p{i}.png" for i in range(3)]


def test_a_prediction_that_is_cancelled_stops_the_export(
    four: Dataset, tmp_path: Path
) -> None:
    def cancelled(_sample: Sample) -> np.ndarray:
        raise CancelledError

    with pytest.raises(CancelledError, match="Cancelled"):
        export_masks(four, cancelled, tmp_path / "out", "png")


def _fills_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk be full when a finished file is flushed."""

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)


@pytest.mark.parametrize("form", ["own", "png", "tiff"])
def test_a_full_disk_stops_the_export_and_leaves_nothing_half(
    four: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    _fills_up(monkeypatch)
    with pytest.raises(ExportError, match="No space left on device"):
        export_masks(four, numbered, tmp_path / "out", form)
    assert files(tmp_path / "out") == []


def test_a_full_disk_stops_the_count_and_leaves_no_half_mask(
    four: Dataset, bright: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, _pixels: np.ndarray) -> None:
        with atomic.atomic_output(path) as aside:
            aside.write_bytes(b"half")
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(labels_io, "write_grey_png", full)
    with pytest.raises(ExportError, match="No space left on device"):
        count_dataset(four, tmp_path / "c.csv", model=bright, masks_dir=tmp_path / "m")
    assert files(tmp_path / "m") == []
    assert (tmp_path / "c.csv").read_text().count("\n") == 1


def test_tables_of_objects_name_their_units(tmp_path: Path) -> None:
    labels = squares(2)
    scaled = Picture(np.zeros(labels.shape, np.uint8), "yx", (), 0.5)
    plain = Picture(np.zeros((*labels.shape, 3), np.uint8), "yxc")
    tables = [("a.png", measure(labels, scaled)), ("ü,b.png", measure(labels, plain))]
    write_objects_csv(tables, tmp_path / "o.csv")
    with (tmp_path / "o.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == ["a.png"] * 2 + ["ü,b.png"] * 2
    assert [row["label"] for row in rows] == ["1", "2", "1", "2"]
    assert rows[0]["area_px"] == "100"
    assert rows[0]["area_um2"] == "25"
    assert rows[2]["area_um2"] == ""
    assert rows[0]["mean_red"] == ""
    assert rows[2]["mean_red"] == "0"
    assert float(rows[1]["centroid_x"]) == 29.5


def test_tables_of_no_object_have_a_header(tmp_path: Path) -> None:
    write_objects_csv([("a.png", measure(squares(0)))], tmp_path / "o.csv")
    assert (tmp_path / "o.csv").read_text().startswith("image,label,area_px,")


def test_an_older_table_survives_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_counts_csv([CountRow("a.png", 1)], tmp_path / "c.csv")
    before = (tmp_path / "c.csv").read_bytes()
    _fills_up(monkeypatch)
    with pytest.raises(ExportError, match="No space left"):
        write_counts_csv([CountRow("a.png", 2)], tmp_path / "c.csv")
    with pytest.raises(ExportError, match="No space left"):
        write_objects_csv([], tmp_path / "c.csv")
    assert (tmp_path / "c.csv").read_bytes() == before
    assert os.listdir(tmp_path).count("c.csv") == 1
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".c")]


_EXPORT = """
import os, sys
from pathlib import Path
import numpy as np
from napari_cellsets.batch import export_masks, write_counts_csv
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.errors import ExportError

dataset = open_dataset(sys.argv[1])
labels = np.ones((120, 160), np.int32)
ready = sys.argv[3]
for form in ("own", "png", "tiff"):  # import all that is needed while it may be read
    export_masks(dataset, lambda s: labels, Path(ready) / form, form)
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for form in ("own", "png", "tiff"):
    try:
        export_masks(dataset, lambda s: labels, sys.argv[2], form)
    except ExportError as error:
        print(error)
try:
    write_counts_csv([], Path(sys.argv[2]) / "c.csv")
except ExportError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="folders have no write bit there")
def test_a_read_only_folder_is_told_and_stays_empty(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        root = write_set(Path(place) / "set", (1,))
        locked = Path(place) / "locked"
        locked.mkdir()
        locked.chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", _EXPORT, str(root), str(locked), str(tmp_path)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert list(locked.iterdir()) == []
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    assert all("could not be written: Permission denied" in line for line in lines)
