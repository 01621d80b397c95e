"""A set whose files are named in bytes that are no letters: all works on it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from batch_models import read_table, squares, write_set
from napari_cellsets.batch import count_dataset, export_masks, labels_from_store
from napari_cellsets.catalogue import Dataset, open_dataset
from napari_cellsets.formats.labels_io import read_label_image
from napari_cellsets.store import LabelDelta, Project

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="names on disk are letters there"
)
NAME = "p%E9"


@pytest.fixture
def odd(tmp_path: Path) -> Dataset:
    """The second of four pictures, and its mask, are called in Latin letters."""
    root = write_set(tmp_path / "four")
    for folder in ("images", "masks"):
        (file,) = (root / folder).glob("p2.*")
        odd = os.fsencode(file.with_name("p")) + b"\xe9" + os.fsencode(file.suffix)
        os.rename(file, odd)
    return open_dataset(root)


def test_its_pictures_are_found_with_their_ground_truth(odd: Dataset) -> None:
    assert [sample.name for sample in odd.samples] == [NAME, "p0", "p1", "p3"]
    sample = odd.samples[0]
    assert len(sample.annotations) == 1
    assert odd.read_picture(sample).pixels.any()
    path = os.fsdecode(os.fsencode(odd.path) + b"/images/p\xe9.png")
    assert odd.find(path) == 0
    alone = open_dataset(path)
    assert alone.samples[alone.start].name == NAME


def test_it_is_counted_and_a_later_run_goes_on(
    odd: Dataset, bright: Path, tmp_path: Path
) -> None:
    out, masks = tmp_path / "c.csv", tmp_path / "m"
    first = count_dataset(odd, out, model=bright, masks_dir=masks)
    assert first.counted == 4
    assert [row["count"] for row in read_table(out)] == ["5", "3", "0", "1"]
    assert (masks / f"{NAME}.png").is_file()
    assert count_dataset(odd, out, model=bright, masks_dir=masks).counted == 0


def test_its_corrections_are_kept_and_exported(odd: Dataset, tmp_path: Path) -> None:
    where = (odd.identity, NAME, "cells")
    with Project.open(tmp_path / "p.sqlite") as project:
        project.save_labels(*where, squares(2), {})
        edit = LabelDelta.between(squares(2), squares(4))
        assert edit is not None
        project.record(*where, edit, {})
        project.set_verdict(odd.identity, NAME, "accepted")
    with Project.open(tmp_path / "p.sqlite") as project:
        stored = project.load_labels(*where)
        assert stored is not None
        assert np.array_equal(stored.labels, squares(4))
        assert list(project.verdicts(odd.identity)) == [NAME]
        labels = labels_from_store(odd, project)
        done = export_masks(odd, labels, tmp_path / "own", "own")
    (file,) = done.written
    assert file.name == f"{NAME}.png"
    assert np.array_equal(read_label_image(file), squares(4))


def test_the_command_tells_of_a_folder_in_unknown_letters(
    odd: Dataset, tmp_path: Path
) -> None:
    place = os.fsdecode(os.fsencode(tmp_path) + b"/Z\xe4hlung")
    os.rename(odd.path, place)
    command = [Path(sys.executable).with_name("napari-cellsets"), "check", place]
    strict = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run(command, capture_output=True, env=strict, check=True)
    assert b"4 images; 0 corrupt" in done.stdout
    command[2] = f"{place} 2"
    done = subprocess.run(command, capture_output=True, env=strict)
    assert b"Z\\udce4hlung 2: there is no such file or folder" in done.stderr
