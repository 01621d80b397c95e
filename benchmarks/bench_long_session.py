"""Hours of scripted work in a real window: does memory stay flat?

`python -m benchmarks.bench_long_session --minutes 120 [--csv FILE] [SET ...]`
works at a person's pace, an act every second or two, in the sets that are named; by
default in simulated ones. Every minute stands in the CSV file: resident and private
memory, what the allocator of the C library has handed out, objects of Qt and of Python,
threads, open files, models. The first half is for what is loaded once and for caches to
fill; the slope is of the second half, with twice its standard error. Minutes that
follow each other are alike, so they count for fewer than they are. Those with a model
that has run are told apart: it takes a gigabyte, and gives it back a minute after its
work.
"""

from __future__ import annotations

import argparse
import csv
import ctypes
import gc
import os
import random
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil

from benchmarks.ratio import Ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

SHORT_MINUTES = 3.0
"""As one of all benchmarks; says little of a slope."""
SIZE = (1920, 1080)
READING_S = 60.0
FLAT_MB_H = 20.0
"""Memory that grows less in an hour is flat: a working day costs as much as one set."""
_LEAST_READINGS = 3
_PAUSE_MS = (1_000, 2_000)
_QUICK_MS = (20, 40)


@dataclass(frozen=True)
class Reading:
    """What the process holds at one moment."""

    minute: float
    acts: int
    resident_mb: float
    private_mb: float
    allocated_mb: float
    qt_objects: int
    widgets: int
    python_objects: int
    threads: int
    files: int
    models: int
    processor_s: float

    @classmethod
    def now(cls, minute: float, acts: int) -> Reading:
        from qtpy.QtCore import QObject
        from qtpy.QtWidgets import QApplication

        from napari_cellsets.inference import models_that_ran

        process = psutil.Process()
        memory = process.memory_full_info()
        tops = QApplication.topLevelWidgets()
        return cls(
            round(minute, 2),
            acts,
            round(memory.rss / 2**20, 1),
            round(memory.uss / 2**20, 1),
            round(_allocated() / 2**20, 1),
            sum(len(top.findChildren(QObject)) for top in tops),
            len(QApplication.allWidgets()),
            len(gc.get_objects()),
            process.num_threads(),
            process.num_fds() if hasattr(process, "num_fds") else 0,
            models_that_ran(),
            round(sum(process.cpu_times()[:2]), 1),
        )


class Work:
    """Lets a person act at a pace and takes a reading every minute.

    Parameters
    ----------
    acts
        Begins to act; every step is followed by a pause.
    minutes
        How long.
    pause_ms
        Shortest and longest pause.
    take
        Gets every reading.
    """

    def __init__(
        self,
        acts: Callable[[], Iterator[None]],
        minutes: float,
        pause_ms: tuple[int, int],
        take: Callable[[Reading], None],
    ) -> None:
        from qtpy.QtCore import QTimer

        self.failures: list[str] = []
        self._begin_acts, self._done, self._take = acts, 0, take
        self._acts = acts()
        self._pause_ms, self._random = pause_ms, random.Random(2)
        self._begin = self._last = time.monotonic()
        self._end = self._begin + 60 * minutes
        self._next = QTimer(singleShot=True)
        self._next.timeout.connect(self._on_next)

    def run(self) -> None:
        """Work under Qt's own loop, so that what is to be deleted later is."""
        from qtpy.QtWidgets import QApplication

        before, sys.excepthook = sys.excepthook, self._on_failure
        self._take(self._reading())
        self._next.start(0)
        QApplication.instance().exec()
        sys.excepthook = before

    def _reading(self) -> Reading:
        return Reading.now((time.monotonic() - self._begin) / 60, self._done)

    def _on_next(self) -> None:
        from qtpy.QtWidgets import QApplication

        now = time.monotonic()
        if now >= self._end:
            self._take(self._reading())
            QApplication.exit(0)
            return
        if now - self._last >= READING_S:
            self._last = now
            self._take(self._reading())
        self._done += 1
        try:
            # not before it has ended: it may let other events in
            next(self._acts)
        finally:
            self._next.start(self._random.randint(*self._pause_ms))

    def _on_failure(self, kind: type, error: BaseException, trace: object) -> None:
        """Go on with something else: a person would. It is told at the end."""
        import traceback

        self._acts = self._begin_acts()

        self.failures.append("".join(traceback.format_exception(error)))


def run() -> list[Ratio]:
    """Work for some minutes without pauses."""
    readings, _ = measure(SHORT_MINUTES, (), pause_ms=_QUICK_MS)
    start, end = readings[len(readings) // 2], readings[-1]
    minutes = f"{SHORT_MINUTES:g} minutes of hurried work"
    return [
        Ratio(f"{name} after {minutes}", getattr(end, key), unit,
              "half-way", getattr(start, key), "at most 1.05")
        for key, name, unit in (
            ("private_mb", "private memory", "MB"),
            ("qt_objects", "objects of Qt", ""),
            ("threads", "threads", ""),
            ("files", "open files", ""),
        )
    ]  # fmt: skip


def measure(
    minutes: float,
    places: Sequence[Path],
    *,
    table: Path | None = None,
    pause_ms: tuple[int, int] = _PAUSE_MS,
) -> tuple[list[Reading], list[str]]:
    """Work, and return every reading and every failure."""
    with tempfile.TemporaryDirectory() as folder:
        for home in ("CELLSETS_DATA_HOME", "CELLSETS_CACHE_HOME"):
            os.environ[home] = folder
        return _measure(minutes, places, table, pause_ms, Path(folder))


def _measure(
    minutes: float,
    places: Sequence[Path],
    table: Path | None,
    pause_ms: tuple[int, int],
    folder: Path,
) -> tuple[list[Reading], list[str]]:
    import napari

    from benchmarks.person import Person

    readings: list[Reading] = []

    def take(reading: Reading) -> None:
        readings.append(reading)
        if table is not None:
            _write(readings, table)

    viewer = napari.Viewer()
    viewer.window.resize(*SIZE)
    person = Person(viewer, [*places, *simulated(folder)], folder)
    work = Work(person.work, minutes, pause_ms, take)
    work.run()
    acts = ", ".join(f"{name} {number}" for name, number in person.done.items())
    print(f"acts: {acts}", flush=True)
    viewer.close()
    return readings, work.failures


def simulated(folder: Path) -> list[Path]:
    """Draw what anybody can work in: large fields, single cells, a recording."""
    from napari_cellsets._napari.sample_data import write_fields, write_recording
    from napari_cellsets.batch.simulated import write_simulated_cells

    cells = folder / "drawn_blood_cells"
    write_simulated_cells(cells, 40)
    return [write_fields(folder), cells, write_recording(folder / "recording")]


def slope(
    hours: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[float, float]:
    """Return growth an hour and twice its standard error.

    Residuals that follow each other are alike; by their correlation the readings
    count for fewer than they are.
    """
    (growth, start), *_ = np.polyfit(hours, values, 1, full=True)
    rest = values - (growth * hours + start)
    spread = float(rest @ rest)
    if spread == 0:
        return float(growth), 0.0
    alike = float(np.clip(rest[1:] @ rest[:-1] / spread, 0.0, 0.9))
    number = max(3.0, hours.size * (1 - alike) / (1 + alike))
    error = np.sqrt(spread / (number - 2) / hours.size / hours.var()) * np.sqrt(
        hours.size / number
    )
    return float(growth), float(2 * error)


def report(readings: Sequence[Reading]) -> str:
    """Return a table of the second half and what it says."""
    whole = [one for one in readings if one.minute >= readings[-1].minute / 2]
    half = [one for one in whole if not one.models]
    if len(half) < _LEAST_READINGS:
        return "Too short to tell whether memory grows."
    hours = np.array([one.minute for one in half]) / 60
    lines = [f"{'':16}{'start':>10}{'half-way':>10}{'end':>10}   growth an hour"]
    verdict = ""
    for name in [field.name for field in fields(Reading)][2:-2]:
        values = np.array([getattr(one, name) for one in half], float)
        growth, error = slope(hours, values)
        lines.append(
            f"{name:16}{getattr(readings[0], name):>10,}{values[0]:>10,.0f}"
            f"{values[-1]:>10,.0f}   {growth:+.1f} ± {error:.1f}"
        )
        if name == "private_mb":
            verdict = _verdict(growth, error)
    most = max(one.private_mb for one in whole)
    left = (
        f"{len(whole) - len(half)} of {len(whole)} readings with a model that ran are"
    )
    return "\n".join([*lines, f"{left} left out; {most:,.0f} MB at most.", verdict])


def _verdict(growth: float, error: float) -> str:
    if growth + error <= FLAT_MB_H:
        return f"Memory is flat: it grows by less than {FLAT_MB_H:g} MB an hour."
    if growth - error > FLAT_MB_H:
        return "Memory grows."
    return "Too short to tell whether memory grows."


def _write(readings: Sequence[Reading], table: Path) -> None:
    rows = [asdict(one) for one in readings]
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def _allocated() -> int:
    """Bytes that the C library has handed out; 0 where it does not tell."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not hasattr(library, "mallinfo2"):
        return 0

    class Info(ctypes.Structure):
        _fields_ = [
            (name, ctypes.c_size_t)
            for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks"
            " fordblks keepcost".split()
        ]

    library.mallinfo2.restype = Info
    info = library.mallinfo2()
    return int(info.uordblks + info.hblkhd)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", type=Path, help="sets to work in as well")
    parser.add_argument("--minutes", type=float, default=SHORT_MINUTES)
    parser.add_argument("--csv", type=Path, help="file for the readings")
    options = parser.parse_args()
    readings, failures = measure(options.minutes, options.sets, table=options.csv)
    print(report(readings))
    for failure in dict.fromkeys(failures):
        print(f"failed {failures.count(failure)} times:\n{failure}")
    return int(bool(failures))


if __name__ == "__main__":
    raise SystemExit(main())
