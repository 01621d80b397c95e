"""Keys of the classes of marks: by position, or as the person chose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Points

from napari_cellsets._napari.marks_keys import KEYS, ClassKeys
from napari_cellsets.core.errors import EditError


def keys_of(*classes: str) -> ClassKeys:
    keys = ClassKeys()
    keys.take(classes)
    return keys


def bound(layer: Any) -> set[str]:
    return {str(key) for key in layer.keymap}


def test_keys_are_given_in_order_while_there_are_any() -> None:
    names = [f"class {n}" for n in range(len(KEYS) + 1)]
    assert list(keys_of(*names).keys.values()) == [*KEYS, ""]


@pytest.mark.parametrize("key", KEYS)
def test_keys_of_the_beginning_can_be_chosen_too(key: str) -> None:
    keys = keys_of("neuron")
    keys.choose("neuron", key)
    assert keys.keys == {"neuron": key}


def test_a_chosen_key_is_found_again_in_another_set() -> None:
    keys_of("neuron", "glia").choose("glia", "0")
    assert keys_of("glia", "debris").keys == {"glia": "0", "debris": "W"}


def test_a_key_given_to_another_class_is_given_once() -> None:
    keys = keys_of("neuron", "glia")
    keys.choose("neuron", "G")
    keys.choose("glia", "Q")
    again = keys_of("neuron", "glia", "debris")
    assert again.keys == {"neuron": "G", "glia": "Q", "debris": "W"}


@pytest.mark.parametrize("key", ["P", "S", "D", "V", "Delete"])
def test_keys_of_napari_are_refused(key: str) -> None:
    keys = keys_of("neuron")
    with pytest.raises(EditError, match=f"napari uses {key} itself"):
        keys.choose("neuron", key)
    assert keys.keys == {"neuron": "Q"}


def test_a_key_of_another_class_is_refused() -> None:
    keys = keys_of("neuron", "glia")
    with pytest.raises(EditError, match="is the key of “neuron” already"):
        keys.choose("glia", "q")


def test_another_key_works_at_once_and_the_old_one_no_more() -> None:
    layer, chosen = Points(np.zeros((1, 2))), []
    keys = keys_of("neuron", "glia")
    keys.bind(layer, lambda name, _layer: chosen.append(name))
    keys.choose("neuron", "K")
    assert bound(layer) == {"K", "W"}
    (handler,) = (act for key, act in layer.keymap.items() if str(key) == "K")
    handler(layer)
    assert chosen == ["neuron"]
    assert handler.__doc__ == "Take the class neuron; selected marks get it."


def test_a_new_class_has_its_key_at_once() -> None:
    layer = Points(np.zeros((1, 2)))
    keys = keys_of("neuron")
    keys.bind(layer, lambda _name, _layer: None)
    keys.take(("neuron", "glia"))
    assert bound(layer) == {"Q", "W"}


def test_a_layer_that_is_locked_again_has_no_keys() -> None:
    layer = Points(np.zeros((1, 2)))
    keys = keys_of("neuron")
    keys.bind(layer, lambda _name, _layer: None)
    keys.release(layer)
    assert bound(layer) == set()


def test_a_class_may_have_no_key() -> None:
    layer = Points(np.zeros((1, 2)))
    keys = keys_of("neuron")
    keys.bind(layer, lambda _name, _layer: None)
    keys.choose("neuron", "")
    assert bound(layer) == set()
    assert keys_of("neuron").keys == {"neuron": ""}
