"""Kill a program that edits, restores, marks, judges, classifies; look what is left.

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
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.classify import ClassTable
from napari_cellsets.classify.kept import KeptTable, pack, unpack
from napari_cellsets.store import (
    LabelDelta,
    Mark,
    MarkKey,
    PredictionKey,
    Project,
    journal,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_cellsets.store import FactChange, ObjectFacts, Prediction

WHERE = ("set", "sample", "cells")
SHAPE = (120, 160)
#: The journal is folded into a new base after so many edits, sooner than usual.
FOLD_AFTER = 32
#: Every so many revisions the labels of some revisions ago are brought back.
RESTORE_EVERY, RESTORE_BY = 25, 5
#: What is told; each is told with the revision in which it was done.
ACTS = ("saved", "added", "known", "marked", "judged", "answered", "run", "dropped")
MODEL = "sha256:0"
ANSWERS = PredictionKey(WHERE[0], MODEL, *WHERE[1:])
RUNS = PredictionKey(WHERE[0], MODEL)
#: So many of the newest runs are read to the last number.
RUNS_READ = 50
#: Share of kills that do not wait for an act.
AT_ANY_TIME = 0.1


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
    journal.JOURNAL_ENTRIES = FOLD_AFTER
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
            say_more(project, revision)


def say_more(project: Project, revision: int) -> None:
    """Say of the newest object all that can be said of one, act by act."""
    project.add_class(WHERE[0], class_of(revision), least=revision)
    tell("added", revision)
    project.set_object_facts(*WHERE, [revision], facts_of(revision))
    tell("known", revision)
    project.record_marks(WHERE[0], marks_of(revision), {"tool": "points"})
    tell("marked", revision)
    project.set_verdict(WHERE[0], str(revision), "flagged", reason="r")
    tell("judged", revision)
    answers, how = pack(table_of(revision)), {"revision": revision}
    project.save_prediction(ANSWERS, answers, how)
    tell("answered", revision)
    project.save_prediction(RUNS, answers, how, anew=False)
    tell("run", revision)
    unused = project.add_class(WHERE[0], class_of(revision), "pictures")
    project.drop_class(WHERE[0], unused)
    tell("dropped", revision)


def class_of(revision: int) -> str:
    return f"class {revision}"


def facts_of(revision: int) -> FactChange:
    """Return class, flag and comment as one act gives them to an object."""
    said = f"object {revision}"
    return {"class_id": revision, "flag": f"flag of {said}", "comment": said}


def table_of(revision: int) -> KeptTable:
    """Return what a classifier says of so many objects."""
    names = tuple(str(label) for label in range(1, revision % 50 + 2))
    sure = np.linspace(0, 1, len(names), dtype=np.float32)
    table = ClassTable(names, ("a", "b"), ("A", "B"), np.stack([sure, 1 - sure], 1))
    return KeptTable(table, np.full((len(names), 3), revision, np.int64))


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

    def __str__(self) -> str:
        """Say it in one line, for the log."""
        told = ", ".join(f"{act} {number}" for act, number in self.reported.items())
        trouble = ", ".join([*self.missing, *(() if self.equal else ("labels",))])
        verdict = "sound" if self.sound else "NOT AS REPORTED"
        return (
            f"{verdict}; told {told}; found revision {self.stored}, "
            f"file {self.damage}, missing {trouble or 'nothing'}"
        )

    @property
    def sound(self) -> bool:
        """Every reported act is there; at most one more was on its way."""
        saved = self.reported["saved"]
        at_most_one_more = saved <= self.stored <= saved + 1
        intact = self.equal and self.damage == "ok"
        return intact and at_most_one_more and not self.missing


def look(place: Path, told: dict[str, set[int]]) -> Finding:
    """Read the store and compare it with all that was ever told."""
    reported = {act: max(revisions, default=0) for act, revisions in told.items()}
    with Project.open(place) as project:
        stored = project.load_labels(*WHERE)
        if stored is None:
            begun = reported["saved"] > 0
            return Finding(reported, 0, not begun, (), "ok")
        naive = labels_of(stored.revision)
        missing = missing_words(project, told, set(np.unique(naive).tolist()) - {0})
        missing += missing_marks(project, told["marked"])
        missing += missing_classes(project, told)
        missing += missing_answers(project, told)
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
    here = told["known"] & objects
    missing += [f"facts of {n}" for n in here if said(facts.of(n)) != facts_of(n)]
    return missing + [f"object {n}" for n in objects ^ facts.differing.keys()]


def said(facts: ObjectFacts) -> FactChange:
    return {name: getattr(facts, name) for name in ("class_id", "flag", "comment")}


def missing_classes(project: Project, told: dict[str, set[int]]) -> list[str]:
    """Return classes that were added or taken back, and are not."""
    added = project.added_classes(WHERE[0])
    names = {one.number: one.name for one in added if one.of == "objects"}
    missing = [class_of(n) for n in told["added"] if names.get(n) != class_of(n)]
    still = {one.name for one in added if one.of == "pictures"}
    return missing + [
        f"no {class_of(n)}" for n in told["dropped"] if class_of(n) in still
    ]


def missing_answers(project: Project, told: dict[str, set[int]]) -> list[str]:
    """Return answers of a classifier that were told and are not there, whole."""
    newest, runs = project.predictions(ANSWERS), project.predictions(RUNS)
    missing = [f"run {n}" for n in told["run"] - {of_revision(one) for one in runs}]
    for one in newest + runs[-RUNS_READ:]:
        revision = of_revision(one)
        if not same_answers(unpack(one.answers), table_of(revision)):
            missing.append(f"answers of {revision}, whole")
    if told["answered"] and [
        of_revision(one) >= max(told["answered"]) for one in newest
    ] != [True]:
        missing.append(f"newest answers: they are {[*map(of_revision, newest)]}")
    return missing


def of_revision(said: Prediction) -> int:
    return int(said.provenance["revision"])


def same_answers(one: KeptTable, other: KeptTable) -> bool:
    return one.table.names == other.table.names and all(
        np.array_equal(*pair)
        for pair in (
            (one.stamps, other.stamps),
            (one.table.probabilities, other.table.probabilities),
        )
    )


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
        if rng.random() < AT_ANY_TIME:
            lines = []
            time.sleep(rng.random() * 1.5)  # perhaps while the store is being opened
        else:
            lines = [child.stdout.readline() for _ in range(rng.randint(1, 80))]
            time.sleep(rng.random() * 0.01)
        child.kill()
        # What was said before the kill counts; a half-said line does not.
        lines += [line for line in child.stdout if line.endswith("\n")]
    for line in lines:
        act, revision = line.split()
        told[act].add(int(revision))
    return look(place, told)


def kill_often(place: Path, kills: int, seed: int) -> Iterator[Finding]:
    """Kill so many times at random moments of one store's life."""
    rng = random.Random(seed)
    told: dict[str, set[int]] = {act: set() for act in ACTS}
    for _ in range(kills):
        yield kill_once(place, rng, told)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--record", metavar="STORE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.record:
        record_until_killed(options.record)
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "p.sqlite"
        found = kill_often(place, options.kills, options.seed)
        for number, finding in enumerate(found, 1):
            bad += not finding.sound
            sys.stdout.write(f"kill {number}: {finding}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{options.kills} kills, {bad} stores not as reported\n")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
