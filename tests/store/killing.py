"""Kill a program that edits, restores, marks and judges; look what is left.

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
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_cellsets.store import LabelDelta, Mark, MarkKey, Project

WHERE = ("set", "sample", "cells")
SHAPE = (120, 160)
#: Every so many revisions the labels of some revisions ago are brought back.
RESTORE_EVERY, RESTORE_BY = 25, 5


def paint(labels: np.ndarray, revision: int) -> None:
    """Make the edit that leads to this revision, the same in every process."""
    rng = np.random.default_rng(revision)
    y, x = rng.integers(0, SHAPE[0] - 20), rng.integers(0, SHAPE[1] - 20)
    height, width = rng.integers(1, 20, 2)
    # The revision itself is among the values, so no edit changes nothing.
    labels[y : y + height, x : x + width] = revision


def is_restored(revision: int) -> bool:
    """Whether this revision is an earlier one again."""
    return revision % RESTORE_EVERY == 0


def labels_of(revision: int) -> np.ndarray:
    """Make all edits up to a revision on plain arrays."""
    last = deque([np.zeros(SHAPE, np.int32)], maxlen=RESTORE_BY + 1)
    for number in range(2, revision + 1):
        if is_restored(number):
            last.append(last[0])
        else:
            last.append(last[-1].copy())
            paint(last[-1], number)
    return last[-1].copy()


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
            if is_restored(revision + 1):
                revision = project.restore(*WHERE, revision - RESTORE_BY)
                tell("saved", revision)
                labels = labels_of(revision)
                continue
            before = labels.copy()
            paint(labels, revision + 1)
            delta = LabelDelta.between(before, labels)
            if delta is None:
                raise SystemExit("the edit changed nothing")
            revision = project.record(*WHERE, delta, {"tool": "brush"})
            tell("saved", revision)
            project.set_object_facts(*WHERE, [revision], {"comment": str(revision)})
            tell("known", revision)
            project.record_marks(WHERE[0], marks_of(revision), {"tool": "points"})
            tell("marked", revision)
            project.set_verdict(WHERE[0], str(revision), "flagged", reason="r")
            tell("judged", revision)


def marks_of(revision: int) -> dict[MarkKey, Mark]:
    """Return a new point, and the class of the picture, as one act says them."""
    key = MarkKey(WHERE[1], "points", revision)
    point = Mark("points", [revision % SHAPE[0], revision % SHAPE[1]], "cell")
    return {key: point, MarkKey(WHERE[1]): Mark("class", None, str(revision))}


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
        if stored is None:
            return Finding(reported, 0, False, (), "no labels")
        naive = labels_of(stored.revision)
        missing = missing_words(project, told, set(np.unique(naive).tolist()) - {0})
        missing += missing_marks(project, told["marked"])
    with sqlite3.connect(place) as raw:
        (damage,) = raw.execute("pragma integrity_check").fetchone()
    raw.close()
    equal = np.array_equal(stored.labels, naive)
    return Finding(reported, stored.revision, equal, tuple(missing), damage)


def missing_words(
    project: Project, told: dict[str, set[int]], objects: set[int]
) -> list[str]:
    """Return verdicts and facts of objects that were told and are not there."""
    facts, verdicts = project.object_facts(*WHERE), project.verdicts(WHERE[0])
    missing = [f"verdict {n}" for n in told["judged"] if str(n) not in verdicts]
    missing += [
        f"comment {n}" for n in told["known"] & objects if facts.of(n).comment != str(n)
    ]
    return missing + [f"object {n}" for n in objects ^ facts.differing.keys()]


def missing_marks(project: Project, told: set[int]) -> list[str]:
    """Return points and classes of the picture that were told and are not there."""
    known = {key: kept.mark for key, kept in project.marks(WHERE[0]).items()}
    missing = [
        f"{key.layer} {n}"
        for n in told
        for key, mark in marks_of(n).items()
        if key.layer and known.get(key) != mark
    ]
    picture = known.get(MarkKey(WHERE[1]), Mark(class_name="0"))
    if int(picture.class_name) < max(told, default=0):
        missing.append(f"class of the picture: it is {picture.class_name}")
    return missing


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
