"""Fixtures for tests with a viewer: what all of them share is looked through once."""

from __future__ import annotations

import gc
from functools import cache
from typing import TYPE_CHECKING

import pytest
from npe2 import PluginManifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import CodeType

    from npe2.manifest.schema import DiscoverResults


@pytest.fixture(autouse=True)
def collections_pass_over_what_stays() -> None:
    """Keep out of collections what was there before the test.

    napari collects garbage whenever a layer goes, which took two thirds of the time
    of the tests with a window. What the test itself leaves is still collected.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def collections_of_themselves_are_rarer() -> Iterator[None]:
    """Let Python begin a collection less often: a viewer is 100,000 objects.

    What is asked for, before each test and whenever a layer or a viewer goes, is done.
    """
    usual = gc.get_threshold()
    gc.set_threshold(50_000, 20, 1000)
    yield
    gc.set_threshold(*usual)


@pytest.fixture(autouse=True, scope="session")
def callbacks_are_looked_at_once() -> Iterator[None]:
    """Ask once what a callback takes: a test connects 2,000."""
    from napari.utils.events import EventEmitter

    known: dict[tuple[CodeType, int, bool], bool] = {}

    def takes_event(callback: Callable[..., object]) -> bool:
        function = getattr(callback, "__func__", callback)
        code = getattr(function, "__code__", None)
        if code is None or hasattr(function, "__wrapped__"):
            return look(callback)
        defaults = len(function.__defaults__ or ())
        key = code, defaults, function is callback
        if key not in known:
            known[key] = look(callback)
        return known[key]

    look = EventEmitter._check_signature
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EventEmitter, "_check_signature", staticmethod(takes_event))
        yield


@pytest.fixture(autouse=True, scope="session")
def manifests_are_read_once() -> Iterator[None]:
    """Read the manifests of installed plug-ins once, not with every new viewer."""

    @cache
    def found(paths: tuple[str, ...]) -> tuple[DiscoverResults, ...]:
        return tuple(read(paths=paths))

    def discover(*, paths: Sequence[str] = ()) -> tuple[DiscoverResults, ...]:
        return found(tuple(paths))

    read = PluginManifest.discover
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PluginManifest, "discover", discover)
        yield


@pytest.fixture(autouse=True, scope="session")
def screen_is_measured_once() -> Iterator[None]:
    """Ask the display once, not with a program of its own for each canvas."""
    from vispy.app import canvas

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canvas, "get_dpi", cache(canvas.get_dpi))
        yield


@pytest.fixture(autouse=True, scope="session")
def welcome_is_written_when_seen() -> Iterator[None]:
    """Leave napari's welcome page as it is while hidden: it is written when shown.

    Else each shortcut of a new viewer writes all of it.
    """
    from napari._qt.widgets.qt_welcome import QtWelcomeWidget

    def refresh(page: QtWelcomeWidget, event: object = None) -> None:
        if page.isVisible():
            write(page, event)

    write = QtWelcomeWidget.refresh
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QtWelcomeWidget, "refresh", refresh)
        yield
