from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.batch.simulated import write_simulated_set
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, ExportError
from napari_cellsets.simulate import simulate_neurons

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (240, 320)


@pytest.mark.parametrize(
    ("layout", "row"),
    [
        ("simulated", "simulated_neurons"),
        ("fnc1", "fluorescent_neuronal_cells_v1"),
        ("plain", "image_and_mask_folders"),
    ],
)
def test_a_simulated_set_opens_with_its_truth(
    tmp_path: Path, layout: str, row: str
) -> None:
    counts = write_simulated_set(tmp_path / "s", 3, 7, layout=layout, shape=SHAPE)
    dataset = open_dataset(tmp_path / "s")
    assert dataset.recipe.key == row
    assert dataset.problems == []
    for sample in dataset.samples:
        truth = dataset.read_truth(sample)
        assert truth is not None
        name = sample.image.rpartition("/")[2]
        assert len(np.unique(truth.labels)) - 1 == counts[name]


def test_pictures_are_those_of_their_seeds(tmp_path: Path) -> None:
    write_simulated_set(tmp_path / "s", 2, 7, shape=SHAPE)
    dataset = open_dataset(tmp_path / "s")
    for i, sample in enumerate(dataset.samples):
        drawn = simulate_neurons(7 + i, SHAPE).image
        assert np.array_equal(dataset.read_picture(sample).pixels, drawn)


def test_the_folder_says_that_nothing_was_photographed(tmp_path: Path) -> None:
    write_simulated_set(tmp_path / "s", 1, 7, shape=SHAPE)
    assert "simulated" in (tmp_path / "s/SIMULATED.txt").read_text()


def test_real_pictures_are_never_mixed_with_simulated_ones(tmp_path: Path) -> None:
    folder = tmp_path / "s/simulated_neurons/images"
    folder.mkdir(parents=True)
    (folder / "Mar19.png").write_text("real")
    with pytest.raises(ExportError, match=r"holds other files, such as 'Mar19\.png'"):
        write_simulated_set(tmp_path / "s", 1, shape=SHAPE)


def test_a_cancelled_set_stops_between_pictures(tmp_path: Path) -> None:
    token = CancelToken()

    def progress(fraction: float, _text: str) -> None:
        if fraction >= 0.5:
            token.cancel()

    with pytest.raises(CancelledError, match="Cancelled"):
        write_simulated_set(
            tmp_path / "s", 4, shape=SHAPE, token=token, progress=progress
        )
    assert len(list((tmp_path / "s/simulated_neurons/images").iterdir())) == 3


def test_a_picture_that_cannot_be_packed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cv2

    monkeypatch.setattr(cv2, "imencode", lambda *_: (False, None))
    with pytest.raises(
        ExportError, match=r"simulated_0000_320x240\.png: .* cannot be packed"
    ):
        write_simulated_set(tmp_path / "s", 1, shape=SHAPE)
