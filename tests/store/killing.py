"""Kill a program that edits and judges, again and again, and look what is left.

`python tests/store/killing.py --kills 200 [--seed 0]` runs it outside the tests.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_cellsets.store import LabelDelta, Mark, MarkKey, Project

WHERE = ("set", "sample", "cells")
SHAPE = (120, 160)


def paint(labels: np.ndarray, revision: int) -> None:
    """Make the edit that leads to this revision, the same in every process."""
    rng = np.random.default_rng(revision)
    y, x = rng.integers(0, SHAPE[0] - 20), rng.integers(0, SHAPE[1] - 20)
    height, width = rng.integers(1, 20, 2)
    # The revision itself is among the values, so no edit changes nothing.
    labels[y : y + height, x : x + width] = revision


def mark_of(revision: int) -> dict[MarkKey, Mark]:
    """Return the corrections that are told with this revision."""
    place = [float(revision), 0.5]
    return {
        MarkKey("sample", "points", revision): Mark("points", place, "cell"),
        MarkKey(str(revision)): Mark("class", None, "odd"),
    }


def record_until_killed(place: str) -> None:
    """Go on where the last one was killed; tell each act once it is on disk."""
    with Project.open(place) as project:
        stored = project.load_labels(*WHERE)
        if stored is None:
            labels = np.zeros(SHAPE, np.int32)
            revision = project.save_labels(*WHERE, labels, {"kind": "empty"})
        else:
            labels, revision = stored.labels, stored.revision
        tell("saved", revision)
        while True:
            before = labels.copy()
            paint(labels, revision + 1)
            delta = LabelDelta.between(before, labels)
            if delta is None:
                raise SystemExit("the edit changed nothing")
            revision = project.record(*WHERE, delta, {"tool": "brush"})
            tell("saved", revision)
            project.set_object_facts(*WHERE, [revision], {"comment": str(revision)})
            tell("known", revision)
            project.set_verdict(WHERE[0], str(revision), "flagged", reason="r")
            tell("judged", revision)
            project.record_marks(WHERE[0], mark_of(revision), {"tool": "add"})
            tell("marked", revision)


def tell(act: str, revision: int) -> None:
    sys.stdout.write(f"{act} {revision}\n")
    sys.stdout.flush()


@dataclass(frozen=True)
class Finding:
    """What one kill left behind.

    `reported` has the newest revision told of each act. `missing` names acts that
    were told, now or before any earlier kill, and are not there.
    """

    reported: dict[str, int]
    stored: int
    equal: bool
    missing: tuple[str, ...]
    damage: str

    @property
    def sound(self) -> bool:
        """Every reported act is there; at most one more was on its way."""
        saved = self.reported["saved"]
        at_most_one_more = saved <= self.stored <= saved + 1
        intact = self.equal and self.damage == "ok"
        return intact and at_most_one_more and not self.missing


def look(place: Path, told: dict[str, set[int]]) -> Finding:
    """Read the store and compare it with all that was ever told."""
    reported = {act: max(revisions) for act, revisions in told.items() if revisions}
    with Project.open(place) as project:
        stored = project.load_labels(*WHERE)
        facts = project.object_facts(*WHERE)
        verdicts = project.verdicts(WHERE[0])
        found = {key: kept.mark for key, kept in project.marks(WHERE[0]).items()}
    if stored is None:
        return Finding(reported, 0, False, (), "no labels")
    naive = np.zeros(SHAPE, np.int32)
    for revision in range(2, stored.revision + 1):
        paint(naive, revision)
    objects = set(np.unique(naive).tolist()) - {0}
    missing = [f"verdict {n}" for n in told["judged"] if str(n) not in verdicts]
    missing += [
        f"{key}"
        for n in told["marked"]
        for key, mark in mark_of(n).items()
        if found.get(key) != mark
    ]
    missing += [
        f"comment {n}" for n in told["known"] & objects if facts.of(n).comment != str(n)
    ]
    missing += [f"object {n}" for n in objects ^ facts.differing.keys()]
    with sqlite3.connect(place) as raw:
        (damage,) = raw.execute("pragma integrity_check").fetchone()
    raw.close()
    equal = np.array_equal(stored.labels, naive)
    return Finding(reported, stored.revision, equal, tuple(missing), damage)


def kill_once(place: Path, rng: random.Random, told: dict[str, set[int]]) -> Finding:
    """Let a program work a while, kill -9 it, read the store again.

    What it told is added to `told`.
    """
    command = [sys.executable, __file__, "--record", str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(rng.randint(1, 60))]
        time.sleep(rng.random() * 0.01)
        child.kill()
        # What was said before the kill counts; a half-said line does not.
        lines += [line for line in child.stdout if line.endswith("\n")]
    for line in lines:
        act, revision = line.split()
        told[act].add(int(revision))
    return look(place, told)


def kill_often(place: Path, kills: int, seed: int) -> list[Finding]:
    """Kill so many times at random moments of one store's life."""
    rng = random.Random(seed)
    acts = ("saved", "known", "judged", "marked")
    told: dict[str, set[int]] = {act: set() for act in acts}
    return [kill_once(place, rng, told) for _ in range(kills)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--record", metavar="STORE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.record:
        record_until_killed(options.record)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "p.sqlite"
        findings = kill_often(place, options.kills, options.seed)
    bad = [finding for finding in findings if not finding.sound]
    last = findings[-1].reported if findings else {}
    sys.stdout.write(
        f"{len(findings)} kills, newest acts told {last}, "
        f"{len(bad)} stores not as reported\n"
    )
    for finding in bad:
        sys.stdout.write(f"  {finding}\n")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
