"""Kill a program that records edits, again and again, and look what is left.

`python tests/store/killing.py --kills 200 [--seed 0]` runs it outside the tests.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_cellsets.store import LabelDelta, Project

WHERE = ("set", "sample", "cells")
SHAPE = (120, 160)


def paint(labels: np.ndarray, revision: int) -> None:
    """Make the edit that leads to this revision, the same in every process."""
    rng = np.random.default_rng(revision)
    y, x = rng.integers(0, SHAPE[0] - 20), rng.integers(0, SHAPE[1] - 20)
    height, width = rng.integers(1, 20, 2)
    # The revision itself is among the values, so no edit changes nothing.
    labels[y : y + height, x : x + width] = revision


def record_until_killed(place: str) -> None:
    """Go on where the last one was killed; tell each edit once it is recorded."""
    with Project.open(place) as project:
        stored = project.load_labels(*WHERE)
        if stored is None:
            labels = np.zeros(SHAPE, np.int32)
            revision = project.save_labels(*WHERE, labels, {"kind": "empty"})
        else:
            labels, revision = stored.labels, stored.revision
        sys.stdout.write(f"saved {revision}\n")
        sys.stdout.flush()
        while True:
            before = labels.copy()
            paint(labels, revision + 1)
            delta = LabelDelta.between(before, labels)
            if delta is None:
                raise SystemExit("the edit changed nothing")
            revision = project.record(*WHERE, delta, {"tool": "brush"})
            sys.stdout.write(f"saved {revision}\n")
            sys.stdout.flush()


@dataclass(frozen=True)
class Finding:
    """What one kill left behind."""

    reported: int
    stored: int
    equal: bool

    @property
    def sound(self) -> bool:
        """Every reported edit is there; at most one more was on its way."""
        return self.equal and self.reported <= self.stored <= self.reported + 1


def kill_once(place: Path, rng: random.Random) -> Finding:
    """Let a program record some edits, kill -9 it, read the store again."""
    command = [sys.executable, __file__, "--record", str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(rng.randint(1, 40))]
        time.sleep(rng.random() * 0.01)
        child.kill()
        # What was said before the kill counts; a half-said line does not.
        lines += [line for line in child.stdout if line.endswith("\n")]
    reported = int(lines[-1].split()[1])
    with Project.open(place) as project:
        stored = project.load_labels(*WHERE)
    if stored is None:
        return Finding(reported, 0, False)
    naive = np.zeros(SHAPE, np.int32)
    for revision in range(2, stored.revision + 1):
        paint(naive, revision)
    return Finding(reported, stored.revision, np.array_equal(stored.labels, naive))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--record", metavar="STORE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.record:
        record_until_killed(options.record)
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        findings = [
            kill_once(Path(folder) / "p.sqlite", rng) for _ in range(options.kills)
        ]
    bad = [finding for finding in findings if not finding.sound]
    last = findings[-1].stored if findings else 0
    sys.stdout.write(
        f"{len(findings)} kills, {last} edits, {len(bad)} stores not as reported\n"
    )
    for finding in bad:
        sys.stdout.write(f"  {finding}\n")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
