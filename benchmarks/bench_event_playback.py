"""Playing a recording: index, random seeks, painting, the first frame.

The recording is simulated cells in a channel, 107 million events of 10 s, written
here as EVT3. Marks are those of the knowledge page on event cameras; what can be
measured beside ours is measured in the same run. Rates are over the
processor time of the working thread, so that other work on the machine counts less.

Predicted before it was written, and found (2 cores, often shared, AVX-512):

- Seek to 10 ms: 0.05 ms of Python, 0.55 ms to decode 100,000 events at 180 Mev/s,
  0.16 ms to clear and paint, so 0.76 ms. Found 0.8 ms: decoding 0.48, clearing and
  painting 0.25 (the frame is cold where the ring of finished frames is long: four
  are kept, eight cost 0.03 ms more), all else 0.1. Stretches of 8,192 to 32,768
  words cost the same, 65,536 cost 0.2 ms more.
- Index: the loop that counts alone makes 270 Mev/s. Joining sums stretch by stretch
  in Python took as long as a third of it; by the batch of 64 it is 2 %. What is left
  is reading the file, 15 %.
- Painting: leaving out the look whether a pixel lies inside was to gain a third; it
  gains 5 % and was not kept. Working out flat places a block ahead, so that they come
  out of vector registers, was to be faster; it is half as fast. Counting in int16,
  half the memory, then turning that to float32 gains nothing. What counts is where
  frame and columns lie: 1,170 Mev/s with both in the second cache, 940 in the third,
  500 where other work has pushed them out. A tenth of what memory gives is read, so
  not its rate but its delay is the limit. Hence pieces are painted as they are
  decoded, never collected first.
- Time surface: the decay as a product of two small tables, written for every event,
  was to make 400 Mev/s; it makes about 600. The loop with `exp` is beside it.
- Long windows: a window of 1 s held 10 million events, 106 ms a step of 33 ms, on a
  busy machine. Frames of counts now add what came and take back what went, the
  others keep ages and let them grow: 7 to 9 ms, most of it decoding the 33 ms.
- Memory: numba itself is 147 MB resident, 109 of them pages of the LLVM library that
  all processes share; with loops loaded 200. So private memory is told beside all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.ratio import Ratio
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.core.late_loops import wait_for_loops
from napari_cellsets.formats.events.base import EVENTS_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellsets.playback.recording import Recording

SECONDS, CELLS_A_SECOND, NOISE_HZ = 10.0, 25.0, 0.5
SEEKS = 600
LIMITS = {"median": 1.0, "p95": 2.5}
PAINTED, WINDOW = 4_000_000, 160_000
TAUS_MS = (1, 10, 33)
TURNS = 40
PAGE_SURFACE = 323.0
"""Mev/s of the page's loop at its best; 245 at its worst."""


def run() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flow.raw"
        count = write_flow(path)
        return [*_file(path, count), *_painting(path)]


def write_flow(path: Path, seconds: float = SECONDS) -> int:
    """Write cells that flow through a channel as EVT3; return how many events."""
    from napari_cellsets.formats.events.evt3_write import write_evt3
    from napari_cellsets.simulate.channel import simulate_channel

    flow = simulate_channel(
        seconds, cells_per_second=CELLS_A_SECOND, noise_hz=NOISE_HZ, seed=1
    )
    return write_evt3(path, flow.pieces(), flow.geometry)


def _file(path: Path, count: int) -> list[Ratio]:
    told = _in_a_child("first_frame", path)
    found = _in_a_child("seeks", path)
    size = f"EVT3, {count / 1e6:.0f} M events, {path.stat().st_size / 1e6:.0f} MB"
    name = f"seek to a random 10 ms, {size}"
    rows = [
        Ratio(f"index of {size}, processor time", found["index"], "Mev/s",
              "limit", 200.0, "at least 1"),
        Ratio("the same", found["index"], "Mev/s",
              "reading the file and nothing else", found["reading"], ""),
    ]  # fmt: skip
    for clock, words in (("cpu", "processor time"), ("wall", "by the clock")):
        for what, limit in LIMITS.items():
            value = found[f"{clock}_{what}"]
            rows.append(
                Ratio(f"{name}, {what}, {words}", value, "ms", "limit", limit,
                      "at most 1")
            )  # fmt: skip
    rows += [
        Ratio("the same, median, processor time", found["cpu_median"], "ms",
              "decoding the same events without a frame", found["decoding"], ""),
        Ratio("private memory after all seeks", found["private"], "MB",
              "limit", 200.0, "at most 1"),
        Ratio("peak resident memory, LLVM's library included", found["peak"], "MB",
              "limit", 200.0, "at most 1"),
        Ratio("the same", found["peak"], "MB",
              "with the loops loaded and nothing opened", found["bare"], ""),
        Ratio(f"first frame of {size} from opening it", told["first"], "s",
              "limit", 1.0, "at most 1"),
        Ratio("the same", told["first"], "s",
              "its index finished", told["index"], "at most 0.5"),
        Ratio("the same, nothing ever compiled on this machine", told["cold"], "s",
              "limit", 1.0, "at most 1"),
    ]  # fmt: skip
    return rows


def _in_a_child(what: str, path: Path) -> dict[str, float]:
    """Measure in a process of its own: memory and first times are its own then."""
    if what == "first_frame":
        with tempfile.TemporaryDirectory() as empty:
            cold = _child("first_frame", path, {"NUMBA_CACHE_DIR": empty})
        _child("first_frame", path, {})  # so that all loops are kept compiled
        return {**_child("first_frame", path, {}), "cold": cold["first"]}
    return _child(what, path, {})


def _child(what: str, path: Path, extra: dict[str, str]) -> dict[str, float]:
    code = (
        "import json, sys;"
        "from benchmarks import bench_event_playback as b;"
        f"print(json.dumps(b.{what}(b.Path(sys.argv[1]))))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **extra, "CELLSETS_CACHE_HOME": str(path.parent)},
    )
    found: dict[str, float] = json.loads(answer.stdout)
    return found


def first_frame(path: Path) -> dict[str, float]:
    from napari_cellsets.formats.events.opening import open_event_file
    from napari_cellsets.playback.event_frames import EventFrames
    from napari_cellsets.playback.frames import FrameSettings
    from napari_cellsets.playback.recording import open_recording

    start = time.perf_counter()
    recording = open_recording(open_event_file(path), place=path, cache=False)
    EventFrames(recording, FrameSettings())[0]
    first = time.perf_counter() - start
    if recording.complete:
        raise RuntimeError("the first frame waited for the index")
    recording.build_index()
    whole = time.perf_counter() - start
    wait_for_loops()
    return {"first": first, "index": whole}


def seeks(path: Path) -> dict[str, float]:
    from napari_cellsets.formats.events.opening import open_event_file
    from napari_cellsets.playback.event_frames import EventFrames
    from napari_cellsets.playback.frames import FrameSettings
    from napari_cellsets.playback.recording import open_recording

    recording = open_recording(open_event_file(path), place=path, cache=False)
    frames = EventFrames(recording, FrameSettings(), stride_us=1000)
    frames[0]
    wait_for_loops()
    bare = memory("VmRSS")
    index = []
    for _ in range(4):
        recording = open_recording(open_event_file(path), place=path, cache=False)
        start = time.thread_time()
        recording.build_index()
        index.append(time.thread_time() - start)
    frames = EventFrames(recording, FrameSettings(), stride_us=1000)
    steps = np.random.default_rng(0).integers(10, len(frames), SEEKS).tolist()
    cpu, wall, decoding = [], [], []
    for step in steps:
        start, begin = time.perf_counter(), time.thread_time()
        frames[step]
        cpu.append(time.thread_time() - begin)
        wall.append(time.perf_counter() - start)
        begin = time.thread_time()
        now = frames.time_of(step)
        for _ in recording.views(now - 9_999, now + 1):
            pass
        decoding.append(time.thread_time() - begin)
    million = recording.event_count / 1e6
    return {
        "index": million / min(index),
        "reading": million / _in_turn(lambda: _read(path))[0],
        **_spread("cpu", cpu),
        **_spread("wall", wall),
        "decoding": float(np.median(decoding)) * 1e3,
        "private": memory("RssAnon"),
        "peak": memory("VmHWM"),
        "bare": bare,
    }


def _spread(name: str, seconds: list[float]) -> dict[str, float]:
    return {
        f"{name}_median": float(np.median(seconds)) * 1e3,
        f"{name}_p95": float(np.quantile(seconds, 0.95)) * 1e3,
    }


def _read(path: Path) -> None:
    buffer = bytearray(1 << 19)
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def memory(what: str) -> float:
    """Megabytes of this process: VmRSS, RssAnon, or VmHWM for the peak."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / 1024
    raise ValueError(what)


def _painting(path: Path) -> list[Ratio]:
    from napari_cellsets.formats.events.opening import open_event_file
    from napari_cellsets.playback.recording import open_recording

    recording = open_recording(open_event_file(path), place=path, cache=False)
    recording.build_index()
    wait_for_loops()
    end = recording.number_at(_usual_moment(recording))
    events = recording.read_numbered(end - PAINTED, end)
    rows = _accumulation(events)
    for tau_ms in TAUS_MS:
        rows += _surface(events, tau_ms)
    return rows


def _usual_moment(recording: Recording) -> int:
    """Return a time in the later half whose 100 ms before are neither calm nor busy."""
    end = recording.duration_us
    curve = recording.rate(0, end, end // 100_000)
    counts = (curve.on + curve.off)[len(curve.on) // 2 :]
    usual = int(np.abs(counts - np.median(counts)).argmin())
    return int(curve.edges_us[len(curve.on) // 2 + usual + 1])


def _accumulation(events: Events) -> list[Ratio]:
    from napari_cellsets.playback.frames import LOOPS, FramePainter, FrameSettings

    loops = LOOPS.wait()
    painter = FramePainter(Geometry(1280, 720), FrameSettings(), 0)
    window = events.take(slice(len(events) - WINDOW, None))
    parts = [
        events.take(slice(first, first + EVENTS_AT_ONCE))
        for first in range(0, len(events), EVENTS_AT_ONCE)
    ]
    flat = np.zeros(1280 * 720, np.float32)

    def all_parts() -> None:
        for part in parts:
            painter.add(part, loops)

    def numpys() -> None:
        places = window.y.astype(np.intp) * 1280 + window.x
        np.add.at(flat, places, window.p.astype(np.float32) * 2 - 1)

    (mine,) = _in_turn(lambda: painter.add(window, loops))
    (theirs,) = _in_turn(numpys)
    store = np.ones(1 << 25)
    streamed, read = _in_turn(all_parts, store.max)
    rate, slow = WINDOW / mine / 1e6, len(events) / streamed / 1e6
    name = f"accumulation of a window just decoded, {WINDOW / 1e3:.0f} k events"
    return [
        Ratio(f"{name}, signed float32, one thread", rate, "Mev/s",
              "limit", 800.0, "at least 1"),
        Ratio("the same", rate, "Mev/s",
              "np.add.at with flat places", WINDOW / theirs / 1e6, "at least 1"),
        Ratio("the same, 5 bytes an event", rate * 5 / 1e3, "GB/s",
              "all that one thread can read", store.nbytes / read / 1e9,
              "told, not aimed at"),
        Ratio(f"accumulation of {PAINTED / 1e6:.0f} M events that no cache holds",
              slow, "Mev/s", "limit", 800.0, "told, not aimed at"),
    ]  # fmt: skip


def _surface(events: Events, tau_ms: int) -> list[Ratio]:
    from napari_cellsets.playback.frames import (
        LOOPS,
        FrameMode,
        FramePainter,
        FrameSettings,
    )

    loops, geometry = LOOPS.wait(), Geometry(1280, 720)
    now, tau = int(events.t[-1]), tau_ms * 1000
    settings = FrameSettings(mode=FrameMode.SURFACE, tau_us=tau)
    seen = events.take(events.t > now - settings.reach_us)
    painter = FramePainter(geometry, settings, now)
    frame = np.zeros((720, 1280), np.float32)
    slow = _exp_each()
    mine, theirs, whole = _in_turn(
        lambda: painter.add(seen, loops),
        lambda: slow(seen.t, seen.x, seen.y, seen.p, now, float(tau), frame),
        lambda: FramePainter(geometry, settings, now, frame).add(seen, loops),
    )
    size = f"time surface of 5 tau, tau {tau_ms} ms, {len(seen) / 1e3:.0f} k events"
    rate, million = len(seen) / mine / 1e6, len(seen) / 1e6
    return [
        Ratio(size, rate, "Mev/s", "the page's best", PAGE_SURFACE, "at least 1.5"),
        Ratio("the same", rate, "Mev/s", "a compiled loop with exp for each event",
              million / theirs, "at least 1.5"),
        Ratio("the same", rate, "Mev/s", "clearing the frame included",
              million / whole, ""),
    ]  # fmt: skip


def _in_turn(*works: Callable[[], object]) -> list[float]:
    """Return the shortest processor times of pieces of work run in turn, seconds."""
    best = [float("inf")] * len(works)
    for _ in range(TURNS):
        for number, work in enumerate(works):
            start = time.thread_time()
            work()
            best[number] = min(best[number], time.thread_time() - start)
    return best


def _exp_each():  # type: ignore[no-untyped-def]
    from numba import njit

    @njit(nogil=True)
    def loop(t, x, y, p, now, tau, frame):  # type: ignore[no-untyped-def]
        for i in range(len(t)):
            value = np.exp((t[i] - now) / tau)
            frame[y[i], x[i]] = value if p[i] else -value

    none = Events.empty()
    loop(none.t, none.x, none.y, none.p, 0, 1.0, np.zeros((1, 1), np.float32))
    return loop
