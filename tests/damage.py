"""Damage to files, as networks, disks and other programs do it; by a seed."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

HTML = b"<!DOCTYPE html><html><head><title>404</title></head><body>gone</body></html>"
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "aaaaaaaaaa">'
    b'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;">]>'
    b"<annotation><filename>&c;</filename></annotation>"
)
FETCH = (
    b'<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    b"<annotation><filename>&a;</filename></annotation>"
)
OTHERS = (b"", b"\0" * 700, HTML, BOMB, FETCH, b"[" * 30_000, b"{}", b"[]", b"\xff\xfe")
"""What may lie there under the name of something else."""
ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 0.5, 2**31, 2**63, 10**400, 1e308, float("nan")),
    *("", "x", "-1", "nan", "1e309", "\0", "../../../etc/passwd", "9" * 5000),
    *([], [[]], [None], [1], [[1, 2]], [[1, 2], [3, 4]], [[1, 2, 3]], ["a"], {}),
    *([float("inf")] * 6, list(range(7)), {"a": {"b": []}}, [[1e300, 1]] * 4),
)
TOKENS = ("", "-1", "nan", "inf", "1e309", "x", "9" * 30, "0x1", "1;2", '"', "\0", "٣")


def damaged(name: str, content: bytes, seed: object) -> bytes:
    """Return the content of a file, damaged in a way that the seed chooses."""
    dice = random.Random(repr(seed))
    what = dice.random()
    if what < 0.2:
        return content[: dice.randrange(len(content) + 1)]
    if what < 0.4:
        return _flipped(content, dice)
    if what < 0.5:
        return dice.choice(OTHERS)
    if what < 0.55:
        middle = dice.randrange(len(content) + 1)
        return content[:middle] + content
    odd = _odd_json if name.lower().endswith("json") else _odd_text
    return odd(content, dice)


def _flipped(content: bytes, dice: random.Random) -> bytes:
    found = bytearray(content)
    for _ in range(dice.choice((1, 1, 3, 20)) if found else 0):
        reach = min(len(found), dice.choice((64, 600, 10**9)))
        place = dice.randrange(reach)
        place = -1 - place if dice.random() < 0.3 else place
        found[place] ^= 1 << dice.randrange(8)
    return bytes(found)


def _odd_json(content: bytes, dice: random.Random) -> bytes:
    """Put something that does not belong there in a place of the structure."""
    try:
        whole = json.loads(content)
    except ValueError:
        return _odd_text(content, dice)
    for _ in range(dice.choice((1, 1, 2, 5))):
        places = list(_places(whole, []))
        if not places:
            break
        holder, key = dice.choice(places)
        if dice.random() < 0.2:
            del holder[key]
        else:
            holder[key] = dice.choice(ODD)
    return json.dumps(whole).encode("utf-8", "surrogatepass")


def _places(part: Any, found: list[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    keys = list(part) if isinstance(part, dict) else range(len(part))
    for key in keys:
        yield part, key
        if isinstance(part[key], dict | list):
            yield from _places(part[key], found)


def _odd_text(content: bytes, dice: random.Random) -> bytes:
    """Replace numbers or words by others; of what is no text flip bits."""
    if b"\0" in content[:2000] or content[:1] in (b"\x89", b"\xff"):
        return _flipped(content, dice)
    text = content.decode("utf-8", "replace")
    words = list(re.finditer(r"[^\s,;:<>\"=\[\]{}()]+", text))
    for word in sorted(
        dice.sample(words, min(len(words), dice.choice((1, 2, 6)))),
        key=lambda found: -found.start(),
    ):
        text = text[: word.start()] + dice.choice(TOKENS) + text[word.end() :]
    return text.encode("utf-8", "surrogatepass")
