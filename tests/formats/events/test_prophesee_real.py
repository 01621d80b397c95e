"""Real recordings, and readers by others where they are right.

evt3, evutils and faery agree with us on well-formed files. Known to differ: faery
lets no time go back; evutils reads EVT2.1 in legacy order alone, faery none of it.
"""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest
from prophesee_words import SENSOR, all_of, recording, rows, tally_of

from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events import evt21_write
from napari_cellsets.formats.events.base import Tally
from napari_cellsets.formats.events.opening import open_event_file


@pytest.fixture(scope="module")
def flow() -> Events:
    """A second and a half of cells, two of them dense rows, over a wrap of EVT3."""
    rng = np.random.default_rng(3)
    n = 60_000
    t = np.sort(rng.integers(16_000_000, 17_500_000, n))
    x = np.where(
        rng.random(n) < 0.5, rng.integers(100, 140, n), rng.integers(0, 1280, n)
    )
    y = rng.integers(0, 720, n)
    p = rng.integers(0, 2, n)
    row = np.arange(64)
    t = np.concatenate((t, np.full(128, 17_500_000)))
    x = np.concatenate((x, row, row))
    y = np.concatenate((y, np.full(64, 9), np.full(64, 10)))
    p = np.concatenate((p, np.ones(128, int)))
    order = np.lexsort((x, p, y, t))
    return Events.of(t[order], x[order], y[order], p[order])


def same(events: Events, t, x, y, p) -> bool:
    pairs = ((events.t, t), (events.x, x), (events.y, y), (events.p, p))
    return all(np.array_equal(ours, theirs) for ours, theirs in pairs)


def by_evt3(path):
    evt3 = pytest.importorskip("evt3", reason="the reader evt3 is not installed")
    found = evt3.decode_file(str(path))
    return found.timestamp, found.x, found.y, found.polarity


def by_evutils(path):
    io = pytest.importorskip("evutils.io", reason="the reader evutils is not installed")
    with closing(io.EventReader(str(path))) as reader:
        found = reader.read_all()
    return found["t"], found["x"], found["y"], found["p"]


def by_faery(path):
    faery = pytest.importorskip("faery", reason="the reader faery is not installed")
    parts = list(faery.events_stream_from_file(path))
    names = ("t", "x", "y", "on")
    return tuple(np.concatenate([part[name] for part in parts]) for name in names)


@pytest.mark.parametrize(
    ("key", "other"),
    [
        ("evt3", by_evt3),
        ("evt3", by_evutils),
        ("evt3", by_faery),
        ("evt2", by_evutils),
        ("evt2", by_faery),
        ("dat", by_evutils),
        ("dat", by_faery),
    ],
)
def test_other_readers_read_what_we_write(tmp_path, flow, key, other):
    assert same(flow, *other(recording(tmp_path, key, flow)))


def test_another_reader_reads_evt21_in_legacy_order(tmp_path, flow):
    place = tmp_path / "legacy.raw"
    evt21_write.write_evt21(place, [flow], SENSOR, legacy=True)
    assert same(flow, *by_evutils(place))


def real(real_samples, name):
    return real_samples / "events" / name


@pytest.mark.parametrize(
    ("name", "kind", "size", "count", "first", "last"),
    [
        (
            "expelliarmus/evt2_sample.raw",
            "EVT2",
            (640, 480),
            539_481,
            1_317_888,
            1_367_888,
        ),
        (
            "expelliarmus/evt3_sample.raw",
            "EVT3",
            (1280, 720),
            219_596,
            11_718_656,
            11_727_457,
        ),
        ("tonic/sample_ncars.dat", "DAT 2d", None, 2_009, 0, 99_952),
    ],
)
def test_real_recordings_hold_what_is_known_of_them(
    real_samples, name, kind, size, count, first, last
):
    source = open_event_file(real(real_samples, name))
    events, found = all_of(source), tally_of(source)
    assert source.header.format == kind
    assert source.header.geometry == (size and Geometry(*size))
    assert (len(events), events.t.min(), events.t.max()) == (count, first, last)
    expected = Tally()
    expected.add(events)
    assert (
        found.values[: Tally.TRIGGERS].tolist()
        == expected.values[: Tally.TRIGGERS].tolist()
    )


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("expelliarmus/evt2_sample.raw", (by_evutils, by_faery)),
        ("expelliarmus/evt3_sample.raw", (by_evt3, by_evutils)),
        ("tonic/sample_ncars.dat", (by_evutils,)),
    ],
)
def test_other_readers_agree_on_real_recordings(real_samples, name, others):
    place = real(real_samples, name)
    events = all_of(open_event_file(place))
    for other in others:
        assert same(events, *other(place)), other.__name__


@pytest.mark.parametrize("key", ["evt2", "evt3", "evt21"])
def test_a_real_recording_is_the_same_in_every_coding(real_samples, tmp_path, key):
    events = all_of(open_event_file(real(real_samples, "expelliarmus/evt3_sample.raw")))
    again = all_of(open_event_file(recording(tmp_path, key, events)))
    assert rows(again) == rows(events)
