"""One damaged file of a set: it is told, the rest opens, nothing else happens.

Sets of the words of the catalogue, as downloaded. The damage is by a seed: a cut,
bits, another file under the name, odd values in JSON and tables.
"""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING

import miniatures_ccagt
import miniatures_ccedd
import miniatures_cisd
import miniatures_comparison_detector
import miniatures_cric
import miniatures_cx22
import miniatures_fnc_v2
import miniatures_hicervix
import miniatures_isbi
import miniatures_neuromorphic
import miniatures_sipakmed
import pytest

from damage import damaged
from napari_cellsets.catalogue import can_open, open_dataset
from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

ROUNDS = 8
DECODED = (".png", ".jpg", ".bmp", ".mat", ".zip")


def cric_points(root: Path) -> None:
    miniatures_cric.write_pictures(root)
    miniatures_cric.write_classifications(root, as_csv=True)


def cric_outlines(root: Path) -> None:
    miniatures_cric.write_pictures(root)
    miniatures_cric.write_classifications(root)
    miniatures_cric.write_outlines(root, "segmentations.json")


SETS: dict[str, Callable[[Path], object]] = {
    "ccagt": miniatures_ccagt.write_ccagt,
    "ccedd": miniatures_ccedd.write_ccedd,
    "cisd": miniatures_cisd.write_cisd,
    "comparison_detector": miniatures_comparison_detector.write_comparison_detector,
    "cric_points": cric_points,
    "cric_outlines": cric_outlines,
    "cx22_multi": miniatures_cx22.write_multi,
    "cx22_pair": miniatures_cx22.write_pair,
    "fnc_v2": miniatures_fnc_v2.write_fnc_v2,
    "hicervix": miniatures_hicervix.write_hicervix,
    "isbi": lambda root: miniatures_isbi.write_challenge(root, 1, 1),
    "neuromorphic": miniatures_neuromorphic.write_neuromorphic,
    "sipakmed": miniatures_sipakmed.write_sipakmed,
}


@pytest.fixture(scope="module", params=sorted(SETS))
def whole(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    """Name and folder of a sound set."""
    root = tmp_path_factory.mktemp(request.param)
    SETS[request.param](root)
    return request.param, root


@pytest.mark.parametrize("number", range(ROUNDS))
def test_one_damaged_file_is_told_and_the_rest_opens(
    number: int, whole: tuple[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "tifffile")
    name, root = whole
    key = open_dataset(root).recipe.key
    dice = random.Random(f"{name} {number}")
    files = sorted(path for path in root.rglob("*") if path.is_file())
    kinds = sorted({path.suffix for path in files})
    kind = dice.choice(kinds)
    victim = dice.choice([path for path in files if path.suffix == kind])
    content = victim.read_bytes()
    try:
        victim.write_bytes(damaged(victim.name, content, (name, number)))
        can_open(root)
        said = read_all(root, key, pictures=victim.suffix in DECODED)
    finally:
        victim.write_bytes(content)
    assert all(len(text) < 2_000 for text in said)
    assert all(str(root) in text or victim.name in text for text in said)


def read_all(root: Path, key: str, *, pictures: bool) -> list[str]:
    """Open a set and read its first samples; what is told about them."""
    try:
        dataset = open_dataset(root, row=key)
    except CellsetsError as error:
        return [str(error)]
    for sample in dataset.samples[:4]:
        dataset.read_annotations(sample)
        if pictures:
            read_pictures(dataset, sample.name)
    return [problem.message for problem in dataset.problems]


def read_pictures(dataset: Dataset, name: str) -> None:
    """Decode the pictures of one sample; what is wrong is told by the set."""
    sample = next(sample for sample in dataset.samples if sample.name == name)
    readers = [dataset.read_picture, dataset.read_truth]
    readers += [
        lambda s, title=title: dataset.read_beside(s, title)
        for title in dataset.beside(sample)
    ]
    for read in readers:
        before = len(dataset.problems)
        try:
            read(sample)
        except CellsetsError:
            assert len(dataset.problems) >= before
