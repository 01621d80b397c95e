"""The keys that walk from sample to sample: chosen, kept, and nobody else's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from napari.utils.key_bindings import coerce_keybinding

from napari_cellsets._napari.edit_keys import EditKeys
from napari_cellsets._napari.object_keys import ObjectKeys
from napari_cellsets._napari.playback_keys import PlaybackKeys
from napari_cellsets._napari.session import Session
from napari_cellsets.core.errors import EditError

if TYPE_CHECKING:
    from napari.components import ViewerModel


def press(viewer: ViewerModel, key: str) -> None:
    viewer.keymap[coerce_keybinding(key)](viewer)


def bound(viewer: ViewerModel) -> set[str]:
    return {str(key) for key in viewer.keymap}


def test_page_keys_walk_in_the_beginning(opened: Session, viewer: ViewerModel) -> None:
    press(viewer, "PageDown")
    press(viewer, "PageDown")
    press(viewer, "PageUp")
    assert opened.index == 1


def test_a_chosen_key_walks_and_the_one_before_no_more(
    opened: Session, viewer: ViewerModel
) -> None:
    opened.walk_keys.choose("on", "F8")
    press(viewer, "F8")
    assert opened.index == 1
    assert "PageDown" not in bound(viewer)


def test_a_chosen_key_is_found_again_by_the_next_window(opened: Session) -> None:
    from napari.components import ViewerModel

    opened.walk_keys.choose("back", "F7")
    other = ViewerModel()
    assert Session(other).walk_keys.keys["back"] == "F7"
    assert "F7" in bound(other)


def test_keys_of_the_beginning_come_back(opened: Session, viewer: ViewerModel) -> None:
    opened.walk_keys.choose("on", "F8")
    opened.walk_keys.reset()
    assert "PageDown" in bound(viewer)
    assert "F8" not in bound(viewer)


def test_the_key_that_shows_the_keys_is_the_docks_alone(
    opened: Session, viewer: ViewerModel
) -> None:
    assert opened.walk_keys.keys["keys"] == "H"
    assert "H" not in bound(viewer)


@pytest.mark.parametrize(
    ("key", "word"),
    [("Shift+H", "One part"), ("Home", "to the start"), ("Y", "class of marks")],
)
def test_keys_that_layers_hear_first_are_refused(
    opened: Session, key: str, word: str
) -> None:
    with pytest.raises(EditError, match=re.escape(f"{key} is the key of “{word}”")):
        opened.walk_keys.choose("on", key)
    assert opened.walk_keys.keys["on"] == "PageDown"


def test_a_key_that_another_dock_gave_up_is_free(opened: Session) -> None:
    EditKeys().choose("largest", "")
    opened.walk_keys.choose("on", "Shift+H")
    assert opened.walk_keys.keys["on"] == "Shift+H"


def test_the_present_key_may_be_chosen_again(opened: Session) -> None:
    opened.walk_keys.choose("on", "PageDown")
    assert opened.walk_keys.keys["on"] == "PageDown"


def test_keys_of_napari_are_refused(opened: Session) -> None:
    with pytest.raises(EditError, match="napari uses Ctrl\\+R itself"):
        opened.walk_keys.choose("on", "Ctrl+R")


def test_other_docks_refuse_the_present_walking_keys(
    opened: Session, viewer: ViewerModel
) -> None:
    opened.walk_keys.choose("on", "F8")
    for keys, name in (
        (EditKeys(), "join"),
        (ObjectKeys(), "merge"),
        (PlaybackKeys(viewer), "play"),
    ):
        with pytest.raises(EditError, match="F8 is the key of “next sample” already"):
            keys.choose(name, "F8")
        keys.choose(name, "PageDown")
        assert keys.keys[name] == "PageDown"
