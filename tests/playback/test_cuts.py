"""A cut is a recording that reads back as what was played."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from made_recordings import SIZE, made, recorded, same

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, ExportError
from napari_cellsets.core.events import Events
from napari_cellsets.formats.events.opening import open_event_file
from napari_cellsets.playback import reading
from napari_cellsets.playback.cuts import formats_to_write, write_cut
from napari_cellsets.playback.filters import FilterChain, Polarity, Refractory, Turn
from napari_cellsets.playback.recording import open_recording

if TYPE_CHECKING:
    from pathlib import Path

ENDINGS = {"evt3": ".raw", "evt2": ".raw", "npz": ".npz", "hdf5": ".h5"}


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recordings come in pieces of 64 events."""
    monkeypatch.setattr(reading, "EVENTS_AT_ONCE", 64)


def read_again(path: Path) -> Events:
    recording = open_recording(open_event_file(path), cache=False)
    recording.build_index()
    return recording.read(recording.start_us, recording.duration_us + 1)


@pytest.mark.parametrize("key", ENDINGS)
def test_a_cut_reads_back_as_the_range(tmp_path: Path, key: str) -> None:
    recording = recorded(made(3000))
    path = tmp_path / f"cut{ENDINGS[key]}"
    cut = write_cut(path, recording, 1000, 4000, key=key)
    wanted = recording.read(1000, 4000)
    again = read_again(path)
    assert cut.events == len(wanted) > 500
    assert same(again, Events(wanted.t - wanted.t[0], wanted.x, wanted.y, wanted.p))


def test_a_filtered_cut_holds_what_passed(tmp_path: Path) -> None:
    recording = recorded(made(3000))
    chain = FilterChain(
        filters=(Refractory(within_us=50), Polarity(keep="off"), Turn(quarters=1))
    )
    cut = write_cut(tmp_path / "cut.npz", recording, 2000, 5000, key="npz", chain=chain)
    everything = recording.read(0, 10**9)
    passed = chain.apply(everything, SIZE).events
    wanted = passed.take((passed.t >= 2000) & (passed.t < 5000))
    with np.load(tmp_path / "cut.npz") as written:
        found = Events.of(*(written[name] for name in "txyp"))
        assert (int(written["width"]), int(written["height"])) == SIZE[::-1]
    assert same(found, Events(wanted.t - 2000, wanted.x, wanted.y, wanted.p))
    asked = len(recording.read(2000, 5000))
    assert cut.events + sum(cut.removed.values()) == asked


def test_the_recordings_own_clock_can_be_kept(tmp_path: Path) -> None:
    recording = recorded(made())
    path = tmp_path / "cut.npz"
    write_cut(path, recording, 500, 800, key="npz", from_zero=False)
    with np.load(path) as written:
        wanted = recording.read(500, 800).t + recording.origin_us
        assert np.array_equal(written["t"], wanted)


def test_progress_ends_near_the_whole(tmp_path: Path) -> None:
    told: list[float] = []
    recording = recorded(made(3000))
    write_cut(
        tmp_path / "cut.raw",
        recording,
        0,
        recording.duration_us + 1,
        progress=lambda part, _: told.append(part),
    )
    assert told == sorted(told)
    assert told[-1] > 0.99


def test_a_cancelled_cut_leaves_nothing(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError, match="Cancelled"):
        write_cut(tmp_path / "cut.raw", recorded(made()), 0, 10**6, token=token)
    assert list(tmp_path.iterdir()) == []


def test_a_cut_without_events_is_refused_and_says_why(tmp_path: Path) -> None:
    events = made()
    chain = FilterChain(filters=(Polarity(keep="on"),))
    off = Events(events.t, events.x, events.y, 0 * events.p)
    with pytest.raises(ExportError, match=r"no events are left.*polarity 400"):
        write_cut(tmp_path / "cut.raw", recorded(off), 0, 10**6, chain=chain)
    assert list(tmp_path.iterdir()) == []


def test_a_format_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"cannot be written as 'aedat2'.*evt3"):
        write_cut(tmp_path / "cut.aedat", recorded(made()), 0, 10**6, key="aedat2")


def test_a_recording_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "cut.raw"
    write_cut(path, recorded(made()), 0, 10**6)
    again = open_recording(open_event_file(path), place=path, cache=False)
    content = path.read_bytes()
    with pytest.raises(ExportError, match="never written over"):
        write_cut(path, again, 0, 10**6)
    assert path.read_bytes() == content


def test_the_formats_of_a_cut_have_names_for_people() -> None:
    assert formats_to_write()["evt3"] == "Prophesee RAW, EVT3"
    assert set(ENDINGS) <= set(formats_to_write())
