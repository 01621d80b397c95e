from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from napari_cellsets.core.errors import StoreError
from napari_cellsets.review import Progress, ReviewQueue
from napari_cellsets.store import VERDICTS, Opinion, Project, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

SET = "set-1"
A, B, C, D = (Subject(name) for name in "abcd")


@pytest.fixture
def project() -> Iterator[Project]:
    with Project.open("sqlite://", author="ada") as opened:
        yield opened


@pytest.fixture
def queue(project: Project) -> ReviewQueue:
    made = ReviewQueue(project=project, dataset_id=SET)
    made.take("abcd")
    return made


def test_a_queue_starts_at_its_first(queue: ReviewQueue) -> None:
    assert queue.current == A
    assert queue.subjects == (A, B, C, D)
    assert queue.progress == Progress(4, 0, 0, 0, 4)


def test_an_empty_queue_goes_nowhere_and_judges_nothing(project: Project) -> None:
    queue = ReviewQueue(project=project, dataset_id=SET)
    queue.take([])
    assert (queue.current, queue.next(), queue.next_unreviewed()) == (None, None, None)
    with pytest.raises(StoreError, match="nothing to judge"):
        queue.accept()


def test_acts_are_in_the_store_and_in_the_progress(
    queue: ReviewQueue, project: Project
) -> None:
    queue.accept()
    queue.next()
    queue.flag("blurred")
    queue.next()
    queue.reject("no cell")
    assert {n: v.opinion for n, v in project.verdicts(SET).items()} == {
        "a": Opinion("accepted"),
        "b": Opinion("flagged", "blurred"),
        "c": Opinion("rejected", "no cell"),
    }
    assert queue.progress == Progress(4, 1, 1, 1, 1)
    assert queue.progress.reviewed == 3


def test_a_comment_stays_when_the_verdict_changes(queue: ReviewQueue) -> None:
    queue.comment("two nuclei")
    assert queue.progress.unreviewed == 4
    queue.flag("ask")
    queue.accept()
    said = queue.verdict(A)
    assert said is not None
    assert said.opinion == Opinion("accepted", "", "two nuclei")


def test_several_are_judged_and_taken_back_at_once(queue: ReviewQueue) -> None:
    queue.flag("ask")
    queue.accept([A, C])
    assert queue.undo() == [A, C]
    words = [queue.verdict(one) for one in (A, C)]
    assert [said.verdict for said in words if said is not None] == ["flagged", ""]
    assert queue.progress == Progress(4, 0, 1, 0, 3)


def test_what_was_taken_back_stays_in_the_history(
    queue: ReviewQueue, project: Project
) -> None:
    queue.accept()
    queue.undo()
    words = [said.verdict for said in project.verdict_history(SET, A)]
    assert words == ["accepted", ""]


def test_undo_shows_what_it_changed(queue: ReviewQueue) -> None:
    queue.accept()
    queue.current = D
    queue.undo()
    assert queue.current == A


def test_undo_with_nothing_done_is_refused(queue: ReviewQueue) -> None:
    assert not queue.can_undo
    with pytest.raises(StoreError, match="no verdict of this session to take back"):
        queue.undo()


def test_acts_are_taken_back_one_after_the_other(queue: ReviewQueue) -> None:
    queue.accept()
    queue.reject()
    queue.undo()
    queue.undo()
    assert queue.progress.unreviewed == 4


def test_undo_stops_at_what_somebody_else_said_between(
    queue: ReviewQueue, project: Project
) -> None:
    queue.accept()
    project.set_verdict(SET, "a", "rejected")
    queue.refresh()
    queue.flag("ask")
    queue.undo()
    with pytest.raises(StoreError, match="Somebody else judged 'a' since"):
        queue.undo()
    assert project.verdicts(SET)["a"].verdict == "rejected"


def test_undo_leaves_what_somebody_else_said_since(
    queue: ReviewQueue, project: Project
) -> None:
    queue.accept([A, B])
    project.set_verdict(SET, "a", "rejected")
    assert queue.undo() == [B]
    assert project.verdicts(SET)["a"].verdict == "rejected"


def test_undo_is_refused_where_others_judged_everything_since(
    queue: ReviewQueue, project: Project
) -> None:
    queue.accept()
    project.set_verdict(SET, "a", "rejected")
    with pytest.raises(StoreError, match="Somebody else judged 'a' since"):
        queue.undo()
    assert not queue.can_undo
    assert project.verdicts(SET)["a"].verdict == "rejected"


def test_what_others_say_is_seen_after_a_refresh(
    queue: ReviewQueue, project: Project
) -> None:
    project.set_verdict(SET, "b", "flagged", reason="ask")
    assert queue.progress.flagged == 0
    queue.refresh()
    assert queue.progress.flagged == 1


def test_only_the_verdicts_shown_are_stopped_at(queue: ReviewQueue) -> None:
    queue.flag("ask", [B, D])
    queue.shown = frozenset({"flagged"})
    assert queue.listed == [B, D]
    assert (queue.next(), queue.next(), queue.next()) == (B, D, None)
    assert queue.current == D
    assert (queue.previous(), queue.previous()) == (B, None)


def test_an_unknown_verdict_to_show_is_refused(queue: ReviewQueue) -> None:
    with pytest.raises(ValidationError, match="A verdict is one of"):
        queue.shown = frozenset({"perhaps"})


def test_the_one_looked_at_stays_when_the_order_changes(queue: ReviewQueue) -> None:
    queue.current = C
    queue.take([D, C, A])
    assert queue.current == C
    queue.take([B, A])
    assert queue.current == B


def test_objects_are_reviewed_apart_from_their_samples(
    queue: ReviewQueue, project: Project
) -> None:
    queue.accept()
    project.set_verdict(SET, "a", "rejected", object_id=2)
    queue.take([Subject("a", 1), Subject("a", 2)])
    assert queue.progress == Progress(2, 0, 0, 1, 1)
    queue.accept()
    queue.take("ab")
    assert queue.progress == Progress(2, 1, 0, 0, 1)


def test_listeners_are_told_of_acts(queue: ReviewQueue) -> None:
    told = []
    queue.events.changes.connect(lambda: told.append(queue.progress))
    queue.accept()
    queue.refresh()
    assert told == [Progress(4, 1, 0, 0, 3)]


_ACTS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["accept", "clear", "reject"]),
            st.sets(st.integers(0, 5), min_size=1),
        ),
        st.tuples(st.just("undo"), st.none()),
        st.tuples(st.sampled_from(["next", "previous", "next_unreviewed"]), st.none()),
        st.tuples(st.just("shown"), st.sets(st.sampled_from(["", *VERDICTS]))),
        st.tuples(st.just("previous_unreviewed"), st.none()),
    ),
    max_size=25,
)


class _Plain:
    """The same queue, slow and obvious."""

    def __init__(self) -> None:
        self.words = [""] * 6
        self.before: list[list[str]] = []
        self.touched: list[set[int]] = []
        self.shown: set[str] = set()
        self.at = 0

    def act(self, what: str, which: set[int] | set[str] | None) -> None:
        words = {"accept": "accepted", "reject": "rejected", "clear": ""}
        if what in words:
            self.before.append(list(self.words))
            self.touched.append({int(one) for one in which or ()})
            for one in self.touched[-1]:
                self.words[one] = words[what]
        elif what == "undo" and self.before:
            self.words = self.before.pop()
            self.at = min(self.touched.pop())
        elif what == "shown":
            self.shown = {str(word) for word in which or ()}
        elif what in ("next", "previous"):
            step = 1 if what == "next" else -1
            self.walk(range(self.at + step, 6 if step > 0 else -1, step), self.shown)
        elif what.endswith("unreviewed"):
            step = 1 if what.startswith("next") else -1
            self.walk([(self.at + step * n) % 6 for n in range(1, 6)], {""})

    def walk(self, places: range | list[int], stops: set[str]) -> None:
        for place in places:
            if not stops or self.words[place] in stops:
                self.at = place
                return


@settings(max_examples=60, deadline=None)
@given(acts=_ACTS)
def test_a_queue_does_what_the_slow_one_does(
    acts: list[tuple[str, set[int] | set[str] | None]],
) -> None:
    names = [Subject(str(number)) for number in range(6)]
    plain = _Plain()
    with Project.open("sqlite://") as project:
        queue = ReviewQueue(project=project, dataset_id=SET)
        queue.take(names)
        for what, which in acts:
            if what == "undo" and not queue.can_undo:
                continue
            if what == "shown":
                queue.shown = frozenset(str(word) for word in which or ())
            elif which is not None:
                getattr(queue, what)(subjects=[names[int(n)] for n in sorted(which)])
            else:
                getattr(queue, what)()
            plain.act(what, which)
            assert queue.current == names[plain.at]
            shown = [
                n for n, w in zip(names, plain.words, strict=True) if w in plain.shown
            ]
            assert queue.listed == (shown if plain.shown else names)
            counts = [plain.words.count(word) for word in (*VERDICTS, "")]
            assert queue.progress == Progress(6, *counts)
        again = ReviewQueue(project=project, dataset_id=SET)
        again.take(names)
        assert again.progress == queue.progress
