"""Damage for files of containers: cut, flipped bits, odd values in their structure."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.annotation import (
    Boxes,
    ImageClass,
    MaskStack,
    Points,
    Polygons,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_cellsets.core.annotation import Annotation

ODD: list[Any] = [
    *(None, True, -1, 0, 1e308, 10**400, float("nan"), float("inf"), 2**31, 2**63),
    *("", "x", "NaN", "-1", "9" * 400, "\x00", "é\ud800", "../../etc"),
    *(
        [],
        [[]],
        [None],
        [[1]],
        [[1, 2, 3]],
        [1, [2]],
        [["a", "b"]],
        {},
        {"a": {"b": []}},
    ),
    *([[0, 0], [1, 1]], [[float("nan"), 0]] * 4, [[1e300, 1]] * 4, list(range(7))),
]
ODD_TEXT = [
    *("", "x", "-1", "nan", "inf", "1e309", "99999999999", "0x10", "1,2", "1,2;3"),
    *("1,2;nan,3;4,5", ";;", ",,,", "1;2;3", "0, -5", "0, 99999999999999999999", "٣"),
]


def everything(form_kinds: tuple[type, ...]) -> list[Annotation]:
    """One annotation of each kind that a form holds, with odd corners of its own."""
    square = np.array([[1.5, 2.5], [1.5, 9.5], [8.5, 9.5], [8.5, 2.5]])
    line = np.array([[1.0, 1.0], [5.0, 7.0], [9.0, 2.0]])
    common: dict[str, Any] = {"class_names": {1: "a", 2: "b"}}
    found: list[Annotation] = [
        Polygons(
            [((square,),), ((square + 9,),)],
            class_ids=np.array([1, 2]),
            properties={"id": ["p", "q"], "group": [1, None], "size_um": [2.5, None]},
            **common,
        ),
        MaskStack(
            [np.eye(5, dtype=bool), np.ones((2, 3), bool)],
            np.array([[3, 4], [20, 30]]),
            (40, 50),
            class_ids=np.array([2, 1]),
            **common,
        ),
        Boxes(np.array([[1.0, 2, 9, 12]]), class_ids=np.array([1]), **common),
        Points(np.array([[3.0, 4], [5, 6]]), class_ids=np.array([1, 1]), **common),
        ImageClass("fine"),
    ]
    kept = [one for one in found if type(one) in form_kinds]
    return kept if kept else [Polygons([((line,),)])]


def damaged_bytes(content: bytes, seed: int) -> bytes:
    """Cut the file, flip bits, double or drop a piece."""
    dice = random.Random(seed)
    found = bytearray(content)
    what = dice.randrange(5)
    if what == 0:
        return bytes(found[: dice.randrange(len(found))])
    if what == 1:
        for _ in range(dice.choice([1, 1, 2, 20])):
            found[dice.randrange(len(found))] ^= 1 << dice.randrange(8)
        return bytes(found)
    start = dice.randrange(len(found))
    end = min(len(found), start + dice.randrange(1, 200))
    if what == 2:
        return bytes(found[:start] + found[end:])
    if what == 3:
        return bytes(found[:end] + found[start:])
    return bytes(found[:start] + dice.randbytes(end - start) + found[end:])


def damaged_json(content: bytes, seed: int) -> bytes:
    """Replace values anywhere by odd ones, drop keys, wrap and nest."""
    dice = random.Random(seed)
    tree = json.loads(content)
    for _ in range(dice.randrange(1, 4)):
        places = list(_places(tree))
        if not places:
            break
        holder, key = dice.choice(places)
        what = dice.randrange(6)
        if what == 0 and isinstance(holder, dict):
            del holder[key]
        elif what == 1:
            holder[key] = [holder[key]]
        elif what == 2:
            holder[key] = {"0": holder[key]}
        else:
            holder[key] = dice.choice(ODD)
    text = json.dumps(tree)
    return text.encode("utf-8", "surrogatepass")


def damaged_xml(content: bytes, seed: int) -> bytes:
    """Replace attributes and text by odd ones, drop and rename elements."""
    dice = random.Random(seed)
    text = content.decode("utf-8")
    for _ in range(dice.randrange(1, 4)):
        what = dice.randrange(3)
        pattern = (r'"[^"]*"', r">[^<]*<", r"</?\w+")[what]
        found = list(re.finditer(pattern, text))
        if not found:
            continue
        one = dice.choice(found)
        odd = dice.choice(ODD_TEXT)
        new = (f'"{odd}"', f">{odd}<", dice.choice(["<box", "<x", "</x", ""]))[what]
        text = text[: one.start()] + new + text[one.end() :]
    return text.encode("utf-8")


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON tree: its holder and its key there."""
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        keys = list(one) if isinstance(one, dict) else list(range(len(one)))
        for key in keys:
            yield one, key
            if isinstance(one[key], dict | list):
                waiting.append(one[key])
