"""Who has a data set open: on SQLite, and on a real PostgreSQL."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import pytest

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import Project, engine, windows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection


@pytest.fixture
def two(place: str) -> Iterator[tuple[Project, Project]]:
    with (
        Project.open(place, author="ada") as one,
        Project.open(place, author="bob") as other,
    ):
        yield one, other


def names(project: Project, dataset: str = "set") -> list[str]:
    return [one.author for one in project.at_work(dataset)]


def test_each_window_hears_of_the_other(two: tuple[Project, Project]) -> None:
    ada, bob = two
    assert names(ada) == []
    (found,) = bob.at_work("set")
    assert (found.author, found.machine) == ("ada", platform.node())
    assert names(ada) == ["bob"]
    assert ada.at_work("set") == ada.at_work("set")


def test_windows_on_other_sets_are_not_told(two: tuple[Project, Project]) -> None:
    ada, bob = two
    ada.at_work("another set")
    assert names(bob) == []
    ada.at_work("set")
    assert names(bob) == ["ada"]
    ada.at_work("another set")
    assert names(bob) == []


def test_a_window_that_is_closed_is_gone(two: tuple[Project, Project]) -> None:
    ada, bob = two
    ada.at_work("set")
    ada.close()
    assert names(bob) == []
    assert names(ada) == ["bob"]  # it works on


@pytest.mark.parametrize("away", [100.0, -100.0])
def test_a_window_that_says_nothing_any_more_is_gone(
    two: tuple[Project, Project], monkeypatch: pytest.MonkeyPatch, away: float
) -> None:
    ada, bob = two
    ada.at_work("set")
    with monkeypatch.context() as patch:
        # its program ended a while ago, or the clock was set back since
        later = windows._clock

        def clock(connection: Connection) -> float:
            return later(connection) + away

        patch.setattr(windows, "_clock", clock)
        assert names(bob) == []
    assert names(ada) == []


def test_nobody_is_told_of_news_when_a_window_opens(
    two: tuple[Project, Project],
) -> None:
    ada, bob = two
    before = ada.last_change()
    bob.at_work("set")
    assert ada.last_change() == before


def test_a_store_that_is_held_lets_a_window_be_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_MS", 20)
    one, other = (Project.open(tmp_path / "p.sqlite") for _ in range(2))
    with other:
        one.at_work("set")
        with engine.writing(other._engine):
            with pytest.raises(StoreError, match="held by another program"):
                one.at_work("set")
            one._present = True
            one.close()
        assert [window.hand for window in other.at_work("set")] == [one._hand]
