from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from batch_models import bright_model, read_table, write_picture, write_set
from napari_cellsets.batch import choose_for_dataset, count_dataset, model_for
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.errors import ModelError
from napari_cellsets.inference import choice, read_model_info

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

TRUST = {
    "log_area": 5.0,
    "bias": -2.0,
    "weights": {"mean": 4.0},
    "interval": {"level": 0.8, "missed": 0.1, "low": 1.0, "high": 1.0},
}


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch) -> dict[str, Path]:
    """Two shipped models, both of which find what is bright."""
    for kind in ("neurons", "nuclei"):
        model = bright_model(tmp_path / f"{kind}.onnx")
        monkeypatch.setitem(choice.SHIPPED, kind, model)
    return choice.SHIPPED


def crowd() -> np.ndarray:
    """Many small objects, as `write_picture` takes them."""
    picture = np.zeros((256, 256), np.int32)
    y, x = np.indices(picture.shape) % 32 - 16
    picture[y**2 + x**2 < 60] = 1
    return picture


def test_the_pictures_of_a_set_decide_for_all_of_it(zoo, tmp_path: Path) -> None:
    root = write_set(tmp_path / "set", (1, 1, 1), truth=False)
    for place in sorted((root / "images").iterdir()):
        write_picture(place, crowd())
    report = count_dataset(open_dataset(root), tmp_path / "c.csv", model="auto")
    assert report.notes[0].endswith("(3 of 3 pictures looked at).")
    assert "crowded with red spots" in report.notes[0]
    assert {row["model"] for row in read_table(tmp_path / "c.csv")} == {
        read_model_info(zoo["nuclei"]).name
    }


def test_the_row_of_the_set_decides_without_a_look(zoo, four: Dataset) -> None:
    told = four.recipe.model_copy(update={"model": "nuclei"})
    object.__setattr__(four, "recipe", told)
    assert choose_for_dataset(four).path == zoo["nuclei"]


def test_what_a_person_names_is_taken_and_not_talked_about(
    zoo, four: Dataset, bright: Path
) -> None:
    info, said = model_for(four, bright)
    assert (info.path, said) == (bright, "")


def test_broken_pictures_do_not_decide(zoo, tmp_path: Path) -> None:
    root = write_set(tmp_path / "set", (1, 1, 1), truth=False)
    places = sorted((root / "images").iterdir())
    for place in places:
        write_picture(place, crowd())
    dataset = open_dataset(root)
    places[0].write_bytes(b"no picture")
    assert choose_for_dataset(dataset).kind == "nuclei"


def test_a_model_that_leaves_questions_open_is_refused(
    four: Dataset, tmp_path: Path
) -> None:
    bare = bright_model(tmp_path / "bare.onnx", says=None)
    with pytest.raises(ModelError, match="does not say its"):
        model_for(four, bare)


def test_limits_of_the_count_are_the_last_columns(
    four: Dataset, bright: Path, tmp_path: Path
) -> None:
    info = read_model_info(bright).replace(trust=TRUST)
    report = count_dataset(four, tmp_path / "c.csv", model=info)
    table = read_table(tmp_path / "c.csv")
    assert list(table[0])[-5:] == [
        "seconds",
        "count_low",
        "count_high",
        "count_level",
        "model",
    ]
    for row, kept in zip(table, report.rows, strict=True):
        assert int(row["count_low"]) <= int(row["count"]) <= int(row["count_high"])
        assert row["count_level"] == "0.8"
        assert kept.count_low == int(row["count_low"])


def test_tables_of_older_versions_are_read(four: Dataset, bright, tmp_path: Path):
    from napari_cellsets.batch.rows import CountRow

    count_dataset(four, tmp_path / "c.csv", model=bright)
    new = ("count_low", "count_high", "count_level", "model")
    row = read_table(tmp_path / "c.csv")[0]
    old = {name: text for name, text in row.items() if name not in new}
    assert CountRow.from_texts(old).count == 3
    assert CountRow.from_texts(old).model == ""
