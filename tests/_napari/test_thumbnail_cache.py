from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets._napari.thumbnails import ThumbnailCache
from napari_cellsets.catalogue import Dataset, open_dataset

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cache(tmp_path: Path) -> ThumbnailCache:
    return ThumbnailCache(folder=tmp_path / "thumbs")


def forbid_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("decoded again")

    monkeypatch.setattr(Dataset, "thumbnail", refuse)


def test_second_time_comes_from_disk(
    set_path: Path, cache: ThumbnailCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = open_dataset(set_path)
    first = cache.get(dataset, dataset.samples[0], 32)
    forbid_decoding(monkeypatch)
    again = cache.get(dataset, dataset.samples[0], 32)
    assert again.shape == first.shape
    np.testing.assert_allclose(again.mean((0, 1)), first.mean((0, 1)), atol=3)


def test_changed_picture_is_decoded_again(
    set_path: Path, cache: ThumbnailCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = open_dataset(set_path)
    cache.get(dataset, dataset.samples[0], 32)
    file = set_path / "images" / "a1.png"
    file.write_bytes(file.read_bytes() + b"more")
    forbid_decoding(monkeypatch)
    changed = open_dataset(set_path)
    with pytest.raises(RuntimeError, match="decoded again"):
        cache.get(changed, changed.samples[0], 32)


def test_damaged_thumbnail_is_made_again(
    set_path: Path, cache: ThumbnailCache, tmp_path: Path
) -> None:
    dataset = open_dataset(set_path)
    cache.get(dataset, dataset.samples[0], 32)
    for file in (tmp_path / "thumbs").iterdir():
        file.write_bytes(b"damaged")
    assert cache.get(dataset, dataset.samples[0], 32).shape[-1] == 3


def test_oldest_go_when_the_folder_is_too_large(set_path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "thumbs"
    dataset = open_dataset(set_path)
    roomy = ThumbnailCache(folder=folder)
    for at, sample in enumerate(dataset.samples):
        before = set(folder.glob("*")) if folder.exists() else set()
        roomy.get(dataset, sample, 32)
        for new in set(folder.iterdir()) - before:
            os.utime(new, (at, at))
    newest = max(folder.iterdir(), key=lambda file: file.stat().st_mtime)
    ThumbnailCache(1.2 * newest.stat().st_size / 2**20, folder).trim()
    assert list(folder.iterdir()) == [newest]


def test_folder_that_cannot_be_written_only_costs_time(
    set_path: Path, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    dataset = open_dataset(set_path)
    cache = ThumbnailCache(folder=blocked)
    assert cache.get(dataset, dataset.samples[0], 32).size
    cache.trim()


def test_thumbnail_cut_off_is_made_again(
    set_path: Path, cache: ThumbnailCache, tmp_path: Path
) -> None:
    dataset = open_dataset(set_path)
    whole = cache.get(dataset, dataset.samples[0], 32)
    (file,) = (tmp_path / "thumbs").iterdir()
    file.write_bytes(file.read_bytes()[:-200])
    again = cache.get(dataset, dataset.samples[0], 32)
    np.testing.assert_array_equal(again, whole)


def test_folder_stays_within_its_limit_while_it_is_filled(
    set_path: Path, tmp_path: Path
) -> None:
    folder, limit_mb = tmp_path / "thumbs", 0.004
    cache = ThumbnailCache(limit_mb, folder)
    dataset = open_dataset(set_path)
    for size in range(24, 64):
        cache.get(dataset, dataset.samples[0], size)
    total = sum(file.stat().st_size for file in folder.iterdir())
    assert total <= 2 * limit_mb * 2**20
