"""Facts with classes as people gave them, against the slow obvious way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets._napari.gallery_classes import CHANGED, PUBLISHED, classed
from napari_cellsets._napari.gallery_facts import CLASS, Column, FactTable
from napari_cellsets.store import Mark, StoredMark

NAMES = st.sampled_from(["", "b", "a", "c10", "c9", "new"])
AUTHORS = st.sampled_from(["me", "B"])


def said_of(name: str, author: str) -> StoredMark:
    return StoredMark(Mark(class_name=name), "act", {}, author, 0.0, 1)


@given(
    st.lists(NAMES, min_size=1, max_size=12),
    st.dictionaries(st.integers(0, 11), st.tuples(NAMES, AUTHORS)),
)
def test_classes_are_those_given_in_the_order_of_the_set(
    published: list[str], given_to: dict[int, tuple[str, str]]
) -> None:
    names = [str(n) for n in range(len(published))]
    table = FactTable(names, {CLASS: Column.of(published, ("b", "a"))})
    given_to = {n: said for n, said in given_to.items() if n < len(names) and said[0]}
    said = {n: said_of(*one) for n, one in given_to.items()}
    found = classed(table, said, "me", ("b", "a"))
    slow = [given_to.get(n, (name,))[0] for n, name in enumerate(published)]
    every = range(len(names))
    assert [found.value(CLASS, n) for n in every] == slow
    changed = {n for n in given_to if given_to[n][0] != published[n]}
    assert (PUBLISHED in found.columns) == bool(changed)
    for n in every if changed else ():
        by = {"me": "by me", "B": "by B"}[given_to[n][1]] if n in changed else "no"
        assert found.value(CHANGED, n) == by
        assert found.value(PUBLISHED, n) == published[n]
    known = [name for name in found.columns[CLASS].values if name in ("b", "a")]
    assert known == [name for name in ("b", "a") if name in known]
