"""Fixtures for tests with a viewer: what all of them share is looked through once."""

from __future__ import annotations

import gc
from functools import cache
from typing import TYPE_CHECKING

import pytest
from npe2 import PluginManifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
