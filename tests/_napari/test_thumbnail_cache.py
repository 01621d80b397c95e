from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets._napari import kept_blobs
from napari_cellsets._napari.kept_blobs import BlobFile
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


def test_damaged_file_is_made_anew(
    set_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "thumbs"
    folder.mkdir()
    (folder / "thumbnails.sqlite").write_bytes(b"damaged " * 1000)
    dataset, cache = open_dataset(set_path), ThumbnailCache(folder=folder)
    for _ in range(2):
        assert cache.get(dataset, dataset.samples[0], 32).shape[-1] == 3
    forbid_decoding(monkeypatch)
    assert cache.get(dataset, dataset.samples[0], 32).shape[-1] == 3


def test_damaged_thumbnail_is_made_again(set_path: Path, tmp_path: Path) -> None:
    dataset, cache = open_dataset(set_path), ThumbnailCache(folder=tmp_path / "thumbs")
    whole = cache.get(dataset, dataset.samples[0], 32)
    del cache  # the last ones are written
    with sqlite3.connect(tmp_path / "thumbs" / "thumbnails.sqlite") as file:
        file.execute("UPDATE blobs SET value = x'ffd8ff'")
    file.close()
    cache = ThumbnailCache(folder=tmp_path / "thumbs")
    again = cache.get(dataset, dataset.samples[0], 32)
    np.testing.assert_array_equal(again, whole)


def test_oldest_go_when_there_is_too_much(tmp_path: Path) -> None:
    kept = BlobFile(tmp_path / "kept", 10_000)
    for number in range(20):
        kept.put(bytes([number]), bytes(900))
    kept.trim()
    there = [number for number in range(20) if kept.get(bytes([number]))]
    assert there == list(range(there[0], 20))
    assert 5 <= len(there) <= 11


def test_file_shrinks_to_a_smaller_limit(tmp_path: Path) -> None:
    place = tmp_path / "kept"
    roomy = BlobFile(place, 10_000_000)
    for number in range(200):
        roomy.put(bytes([number]), bytes(20_000))
    BlobFile(place, 100_000).trim()
    assert roomy.get(bytes([199])) is not None
    with sqlite3.connect(place) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file.close()
    assert place.stat().st_size < 300_000


def test_two_windows_share_what_they_made(tmp_path: Path) -> None:
    one, other = (BlobFile(tmp_path / "kept", 10_000) for _ in range(2))
    for number in range(40):
        one.put(bytes([number]), b"1")
    assert other.get(b"\0") == b"1"
    other.put(b"\0", b"2")
    other.trim()
    assert one.get(b"\0") == b"2"


def test_what_waits_is_found_and_written_at_the_end(tmp_path: Path) -> None:
    kept = BlobFile(tmp_path / "kept", 10_000)
    kept.put(b"a", b"1")
    assert kept.get(b"a") == b"1"
    del kept
    assert BlobFile(tmp_path / "kept", 10_000).get(b"a") == b"1"


def test_value_that_comes_late_takes_with_it_what_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_blobs, "_WAITING_S", 0.0)
    one, other = (BlobFile(tmp_path / "kept", 10_000) for _ in range(2))
    one.put(b"a", b"1")
    assert other.get(b"a") == b"1"


def test_threads_share_one_file(tmp_path: Path) -> None:
    kept = BlobFile(tmp_path / "kept", 10**7)

    def work(number: int) -> bool:
        key = number.to_bytes(4, "big")
        kept.put(key, key * 100)
        return kept.get(key) == key * 100

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(400)))


def test_text_is_made_once(cache: ThumbnailCache) -> None:
    made: list[int] = []

    def make() -> str:
        made.append(1)
        return "näme"

    assert [cache.text("it", make) for _ in range(2)] == ["näme", "näme"]
    assert made == [1]


def test_folder_that_cannot_be_written_only_costs_time(
    set_path: Path, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    dataset = open_dataset(set_path)
    cache = ThumbnailCache(folder=blocked)
    assert cache.get(dataset, dataset.samples[0], 32).size
