from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("napari")

from napari.components import ViewerModel

from event_files import write_recordings
from napari_cellsets._napari.session import Session, get_session
from small_sets import write_set
from what_stays import collections_pass_over_what_stays

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets._napari.film import Film

__all__ = ["collections_pass_over_what_stays"]


@pytest.fixture
def set_path(tmp_path: Path) -> Path:
    """Folder with four pictures, three of them with masks."""
    return write_set(tmp_path / "small_set")


@pytest.fixture
def viewer() -> ViewerModel:
    """A viewer without window."""
    return ViewerModel()


@pytest.fixture
def session(viewer: ViewerModel) -> Session:
    """The session of the viewer, nothing open yet."""
    return get_session(viewer)


@pytest.fixture
def opened(session: Session, set_path: Path) -> Session:
    """A session with the small set open at its first picture."""
    session.open(set_path)
    return session


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Folder of two recordings, the second twice as long."""
    return write_recordings(tmp_path / "runs")


@pytest.fixture
def playing(session: Session, runs: Path) -> Session:
    """A session with the first recording on screen."""
    session.open(runs)
    return session


@pytest.fixture
def film(playing: Session) -> Film:
    return playing.film
