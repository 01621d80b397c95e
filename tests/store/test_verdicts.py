from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import VERDICTS, LabelDelta, Opinion, Project, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SET = "set-1"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "p.sqlite", author="ada") as opened:
        yield opened


def test_nothing_was_said_at_first(project: Project) -> None:
    assert project.verdicts(SET) == {}
    assert project.object_verdicts(SET) == {}
    assert project.verdict_history(SET, Subject("a")) == []


def test_a_verdict_survives_closing_with_who_and_when(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    with Project.open(tmp_path / "p.sqlite", author="ada") as project:
        project.set_verdict(SET, "a", "flagged", reason="blurred", comment="top left")
    with Project.open(tmp_path / "p.sqlite", author="bob") as again:
        found = again.verdicts(SET)["a"]
    assert found.opinion == Opinion("flagged", "blurred", "top left")
    assert found.author == "ada"
    assert before <= found.when <= datetime.now(UTC)


def test_the_newest_verdict_counts_and_all_stay_readable(project: Project) -> None:
    for word in ("accepted", "", "rejected"):
        project.set_verdict(SET, "a", word)
    history = project.verdict_history(SET, Subject("a"))
    assert project.verdicts(SET)["a"] == history[-1]
    assert [verdict.verdict for verdict in history] == ["accepted", "", "rejected"]


def test_samples_objects_and_layers_are_kept_apart(project: Project) -> None:
    project.set_verdict(SET, "a", "accepted")
    project.set_verdict(SET, "a", "rejected", object_id=7)
    project.set_verdict(SET, "a", "flagged", object_id=7, layer="truth")
    project.set_verdict(SET, "b", "accepted", object_id=7)
    project.set_verdict("set-2", "a", "flagged")
    assert {name: v.verdict for name, v in project.verdicts(SET).items()} == {
        "a": "accepted"
    }
    found = project.object_verdicts(SET, "a")
    assert {subject: verdict.verdict for subject, verdict in found.items()} == {
        Subject("a", 7): "rejected",
        Subject("a", 7, "truth"): "flagged",
    }
    assert Subject("b", 7) in project.object_verdicts(SET)
    (said,) = project.verdict_history(SET, Subject("a", 7, "truth"))
    assert said.verdict == "flagged"


def test_what_counted_at_a_time_can_be_asked_for(project: Project) -> None:
    first = project.set_verdict(SET, "a", "accepted")
    time.sleep(0.01)
    project.set_verdict(SET, "a", "rejected")
    assert project.verdicts(SET, at=first.when)["a"].verdict == "accepted"
    assert project.verdicts(SET, at=first.when - timedelta(seconds=1)) == {}


def test_a_verdict_says_which_labels_were_seen(project: Project) -> None:
    assert project.set_verdict(SET, "a", "accepted").revision == 0
    empty = np.zeros((5, 5), np.int32)
    project.save_labels(SET, "a", "cells", empty, {})
    delta = LabelDelta.between(empty, empty + 1)
    assert delta is not None
    project.record(SET, "a", "cells", delta, {})
    assert project.set_verdict(SET, "a", "accepted").revision == 2
    assert project.set_verdict(SET, "a", "accepted", revision=1).revision == 1


def test_a_verdict_on_labels_that_another_changed_tells_the_ones_seen(
    project: Project,
) -> None:
    project.save_labels(SET, "a", "cells", np.ones((5, 5), int), {})
    with Project.open(project.place) as other:
        other.save_labels(SET, "a", "cells", np.zeros((5, 5), int), {})
        assert other.set_verdict(SET, "a", "accepted").revision == 2
    assert project.set_verdict(SET, "a", "accepted").revision == 1
    with Project.open(project.place) as third:
        assert third.set_verdict(SET, "a", "accepted").revision == 2


def test_many_are_said_at_once(project: Project) -> None:
    said = {Subject(f"s{n}"): Opinion(VERDICTS[n % 3]) for n in range(50)}
    stored = project.set_verdicts(SET, said)
    assert {subject: verdict.opinion for subject, verdict in stored.items()} == said
    assert project.verdicts(SET) == {s.sample: v for s, v in stored.items()}
    assert project.set_verdicts(SET, {}) == {}


@pytest.mark.parametrize(
    ("subject", "opinion", "said"),
    [
        (Subject("b"), Opinion("perhaps"), "A verdict is one of .*'perhaps'"),
        (Subject("b", 0, "truth"), Opinion("accepted"), "all of 'b' names no layer"),
        (Subject("b", 1, "nuclei"), Opinion("accepted"), "A layer is one of"),
    ],
)
def test_one_bad_verdict_among_many_writes_none(
    project: Project, subject: Subject, opinion: Opinion, said: str
) -> None:
    with pytest.raises(StoreError, match=said):
        project.set_verdicts(SET, {Subject("a"): Opinion("accepted"), subject: opinion})
    assert project.verdicts(SET) == {}


_ACTS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.integers(0, 2),
        st.sampled_from(["", *VERDICTS]),
        st.text(max_size=5).filter(lambda text: "\0" not in text),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(acts=_ACTS)
def test_the_store_agrees_with_a_plain_list(
    acts: list[tuple[str, int, str, str]],
) -> None:
    naive: dict[tuple[str, int], list[Opinion]] = {}
    with Project.open("sqlite://") as project:
        for sample, number, word, comment in acts:
            project.set_verdict(SET, sample, word, comment=comment, object_id=number)
            opinion = Opinion(word, "", comment)
            naive.setdefault((sample, number), []).append(opinion)
        for (sample, number), said in naive.items():
            history = project.verdict_history(SET, Subject(sample, number))
            assert [verdict.opinion for verdict in history] == said
        newest = {s: v.opinion for s, v in project.object_verdicts(SET).items()}
        newest |= {Subject(n): v.opinion for n, v in project.verdicts(SET).items()}
    assert newest == {Subject(*key): said[-1] for key, said in naive.items()}
