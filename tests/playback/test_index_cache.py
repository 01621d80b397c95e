from __future__ import annotations

import hashlib
import io
import os
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np
import pytest
from made_recordings import SIZE, made, same

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.core.events import Events
from napari_cellsets.core.places import cache_home
from napari_cellsets.formats.events.base import Decoded, EventHeader, Tally
from napari_cellsets.formats.events.memory import MemoryEvents
from napari_cellsets.playback import index, index_cache
from napari_cellsets.playback.recording import Recording, open_recording

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


class Counted(MemoryEvents):
    """Tells how often it was looked through."""

    looks = 0

    def tally(
        self, first: int, stop: int, state: NDArray[np.int64], sums: Tally
    ) -> None:
        self.looks += 1
        super().tally(first, stop, state, sums)


def opened(
    place: Path, events: Events, title: str = "made", **options: object
) -> tuple[Recording, Counted]:
    source = Counted(events, SIZE, EventHeader(title, SIZE))
    with patch.object(index, "SPACING", 4):
        recording = open_recording(source, place=place, **options)
        recording.build_index()
    return recording, source


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "events.raw"
    path.write_bytes(b"something" * 100)
    return path


def kept() -> list[Path]:
    return sorted((cache_home() / "events").glob("*.index"))


def test_a_second_opening_looks_at_nothing_and_finds_the_same(place: Path) -> None:
    first, _ = opened(place, made())
    second, source = opened(place, made())

    assert source.looks == 0
    assert second.complete
    assert second.info() == first.info()
    assert same(second.read(100, 300), first.read(100, 300))


def test_nothing_is_kept_beside_the_data(place: Path) -> None:
    opened(place, made())

    assert [path.name for path in place.parent.glob("*.raw*")] == ["events.raw"]
    assert len(kept()) == 1


def test_an_unfinished_index_is_not_kept(place: Path) -> None:
    with patch.object(index, "SPACING", 1):
        open_recording(MemoryEvents(made(9000), SIZE), place=place)

    assert kept() == []


def test_without_cache_nothing_is_kept(place: Path) -> None:
    opened(place, made(), cache=False)

    assert kept() == []


@pytest.mark.parametrize("change", ["size", "mtime", "format", "units", "edition"])
def test_an_index_of_another_file_is_not_used(
    place: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(place, made())
    events, title = made(), "made"
    if change == "size":
        stat = place.stat()
        place.write_bytes(b"longer" * 1000)
        os.utime(place, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    elif change == "mtime":
        os.utime(place, (1, 1))
    elif change == "format":
        title = "other"
    elif change == "units":
        events = made(390)
    else:
        monkeypatch.setattr(index_cache, "EDITION", 10**6)

    recording, source = opened(place, events, title)

    assert source.looks > 0
    assert recording.event_count == len(events)


def damages() -> dict[str, object]:
    def cut(path: Path) -> None:
        path.write_bytes(path.read_bytes()[:-100])

    def flip(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)

    return {
        "cut": cut,
        "flipped": flip,
        "empty": lambda path: path.write_bytes(b""),
        "text": lambda path: path.write_text("not an index"),
    }


@pytest.mark.parametrize("damage", damages().values(), ids=damages())
def test_a_damaged_index_is_made_anew(place: Path, damage: object) -> None:
    first, _ = opened(place, made())
    damage(kept()[0])

    second, source = opened(place, made())
    _, last = opened(place, made())

    assert source.looks > 0
    assert second.info() == first.info()
    assert last.looks == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows, sums: rows[0].fill(5),
        lambda rows, sums: rows[2].__iadd__(10**6),
        lambda rows, sums: sums.__iadd__(1),
    ],
    ids=["units", "more ON than events", "sums"],
)
def test_numbers_that_do_not_fit_each_other_are_made_anew(
    place: Path, spoil: object
) -> None:
    opened(place, made())
    with np.load(io.BytesIO(kept()[0].read_bytes()[32:])) as held:
        parts = dict(held)
    spoil(parts["rows"], parts["sums"])
    content = io.BytesIO()
    np.savez(content, **parts)
    digest = hashlib.sha256(content.getvalue()).digest()
    kept()[0].write_bytes(digest + content.getvalue())

    recording, source = opened(place, made())

    assert source.looks > 0
    assert recording.event_count == 400


def test_an_index_that_does_not_fit_its_file_is_made_anew_at_the_next_opening(
    place: Path,
) -> None:
    opened(place, made())
    other, _ = opened(place, made())
    other._reader._source.decode = lambda first, stop, state, out: Decoded(stop, 0)

    with pytest.raises(UnreadableFileError, match="other events than when it was"):
        other.read(0, 100)

    assert kept() == []


def test_another_reading_of_the_same_file_has_an_index_of_its_own(
    place: Path,
) -> None:
    events = made()
    opened(place, events)
    swapped = Events(events.t, events.y, events.x, events.p)

    recording, source = opened(place, swapped)

    assert source.looks > 0
    assert recording.geometry.height == int(events.x.max()) + 1


def test_members_of_one_archive_have_an_index_each(place: Path) -> None:
    opened(place, made(), name="a.npy")
    _, source = opened(place, made(seed=1), name="b.npy")

    assert source.looks > 0
    assert len(kept()) == 2


def test_where_the_cache_cannot_be_written_recordings_open_all_the_same(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELLSETS_CACHE_HOME", str(place))

    recording, _ = opened(place, made())

    assert recording.complete


def test_the_oldest_indexes_make_room(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_cache, "_MOST_KEPT", 3)
    for number in range(5):
        opened(place, made(), name=f"{number}")

    assert len(kept()) == 3
