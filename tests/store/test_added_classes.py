"""Classes that people add to a data set: on SQLite, and on a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

SET = "set"


@pytest.fixture
def two(place: str) -> Iterator[tuple[Project, Project]]:
    with (
        Project.open(place, author="ada") as one,
        Project.open(place, author="bob") as other,
    ):
        yield one, other


def names(project: Project, of: str | None = None) -> dict[int, str]:
    return {one.number: one.name for one in project.added_classes(SET, of)}


def test_a_class_is_there_for_everybody_with_who_and_when(
    two: tuple[Project, Project],
) -> None:
    before = two[1].last_change()
    two[0].add_class(SET, "  artefact ", least=3)
    (found,) = two[1].added_classes(SET)
    assert found[:4] == ("objects", 3, "artefact", "ada")
    assert abs(datetime.now(UTC) - found.when) < timedelta(minutes=5)
    assert two[1].last_change() > before
    assert two[1].added_classes("another set") == ()


def test_each_class_has_an_id_of_its_own(two: tuple[Project, Project]) -> None:
    two[0].add_class(SET, "artefact", least=3)
    two[1].add_class(SET, "dust", least=3)
    two[1].add_class(SET, "blurred", "pictures")
    assert names(two[0], "objects") == {3: "artefact", 4: "dust"}
    assert names(two[0], "pictures") == {1: "blurred"}


def test_what_is_taken_back_and_added_again_has_the_same_id(
    two: tuple[Project, Project],
) -> None:
    added = two[0].add_class(SET, "artefact")
    two[0].drop_class(SET, added)
    assert names(two[1]) == {}
    two[1].add_class(SET, "dust")
    assert two[0].add_class(SET, "Artefact").number == added.number
    assert names(two[1]) == {1: "Artefact", 2: "dust"}


@pytest.mark.parametrize("name", ["artefact", "Artefact", " ARTEFACT "])
def test_a_class_that_somebody_added_is_not_added_again(
    two: tuple[Project, Project], name: str
) -> None:
    two[0].add_class(SET, "artefact")
    with pytest.raises(StoreError, match="there is a class “artefact” already"):
        two[1].add_class(SET, name)
    two[1].add_class(SET, name, "pictures")
    assert names(two[0], "objects") == {1: "artefact"}
    assert names(two[0], "pictures") == {1: name.strip()}


@pytest.mark.parametrize(
    ("name", "said"),
    [("", "needs a name"), ("  ", "needs a name"), ("a\nb", "one line")],
)
def test_what_is_no_name_is_refused(place: str, name: str, said: str) -> None:
    with Project.open(place) as project, pytest.raises(StoreError, match=said):
        project.add_class(SET, name)
    with Project.open(place) as project, pytest.raises(StoreError, match="80 letters"):
        project.add_class(SET, "x" * 81)


def test_classes_are_of_objects_or_of_pictures(place: str) -> None:
    with Project.open(place) as project, pytest.raises(StoreError, match="one of"):
        project.add_class(SET, "a", "planes")
