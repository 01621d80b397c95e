"""Write CVAT's XML 1.1: pictures with shapes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from napari_cellsets.core.annotation import Annotation, ImageClass
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.cvat.masks import encode_runs
from napari_cellsets.formats.containers.cvat.read import OWN
from napari_cellsets.formats.containers.ellipses import ellipse_of
from napari_cellsets.formats.containers.things import (
    BOX,
    MASK,
    OPEN,
    POINT,
    Thing,
    image_classes,
    things_of,
    together,
    unescaped,
    xy_of,
)
from napari_cellsets.formats.containers.writing import (
    one_file,
    pictures_of,
    write_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from napari_cellsets.core.annotation import Colour
    from napari_cellsets.formats.containers.base import Marked

_KEYS = {"group": "group_id", "source": "source"}
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write_cvat(
    items: Iterable[Marked], out: Path, *, classes: Mapping[int, str], with_images: bool
) -> list[Path]:
    """Write one XML file for all pictures, the pictures in ``images/``.

    See `Form.write`. Properties without a key of CVAT become its attributes, which
    are text. Tracks are not written: each frame is a picture.

    Raises
    ------
    ExportError
        If CVAT cannot hold what is marked, or a file cannot be written.
    """
    path = one_file(out, "annotations.xml")
    labels: dict[str, Colour | None] = dict.fromkeys(classes.values())
    lines, count = [], 0
    pictures = pictures_of(items, path.parent / "images", with_images=with_images)
    for marked, _, picture in pictures:
        height, width = marked.size
        size = {"width": width, "height": height}
        lines.append(_open("image", {"id": count, "name": picture, **size}, "  ", ">"))
        lines += [
            _open("tag", {"label": name}, "    ", "/>")
            for name in image_classes(marked)
        ]
        labels.update(dict.fromkeys(image_classes(marked)))
        for several in together(things_of(marked, FORMS["cvat"], classes)):
            labels.setdefault(several[0].label, None)
            lines += _element(several)
        for annotation in marked.annotations:
            _take_colours(annotation, labels)
        lines.append("  </image>")
        count += 1
    head = ['<?xml version="1.0" encoding="utf-8"?>', "<annotations>"]
    head += ["  <version>1.1</version>", *_meta(labels, count)]
    return [write_text(path, "\n".join([*head, *lines, "</annotations>", ""]))]


def _take_colours(annotation: Annotation, labels: dict[str, Colour | None]) -> None:
    if isinstance(annotation, ImageClass):
        return
    for number, name in annotation.class_names.items():
        if name in labels and number in annotation.class_colours:
            labels[name] = annotation.class_colours[number]


def _meta(labels: Mapping[str, Colour | None], count: int) -> list[str]:
    found = ["  <meta>", "    <task>", f"      <size>{count}</size>"]
    found += ["      <mode>annotation</mode>", "      <labels>"]
    for name, colour in labels.items():
        if name:
            told = f"<color>#{bytes(colour).hex()}</color>" if colour else ""
            found.append(
                f"        <label><name>{escape(_clean(name))}</name>{told}"
                "<type>any</type><attributes></attributes></label>"
            )
    return [*found, "      </labels>", "    </task>", "  </meta>"]


def _element(several: list[Thing]) -> list[str]:
    """Lines of one element: an object, or positions that were marked together."""
    one = several[0]
    known = dict(one.properties)
    known.pop("set", None)
    tag, own = _geometry(several, known)
    told: dict[str, Any] = {
        "label": one.label,
        "occluded": int(bool(known.get("occluded"))),
        **own,
        "z_order": known.get("z_order", 0),
    }
    told |= {_KEYS[key]: known[key] for key in _KEYS if key in known}
    lines = [_open(tag, told, "    ", ">")]
    for key, value in known.items():
        if key not in OWN:
            name = quoteattr(_clean(unescaped(key, OWN)))
            text = escape(_clean(_text(value)))
            lines.append(f"      <attribute name={name}>{text}</attribute>")
    return [*lines, f"    </{tag}>"]


def _geometry(
    several: list[Thing], known: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    one = several[0]
    if one.kind == BOX:
        (top, left, low, right), angle = one.shape
        edges = {"xtl": left, "ytl": top, "xbr": right, "ybr": low}
        own = {key: _real(value + 0.5) for key, value in edges.items()}
        return "box", {**own, **({"rotation": _real(angle)} if angle else {})}
    if one.kind == MASK:
        mask, (top, left) = one.shape
        size = {"width": mask.shape[1], "height": mask.shape[0]}
        return "mask", {"rle": encode_runs(mask), "left": left, "top": top, **size}
    if one.kind == POINT:
        pairs = [[other.shape[1] + 0.5, other.shape[0] + 0.5] for other in several]
        return "points", {"points": _pairs(pairs)}
    if one.kind == OPEN:
        return "polyline", {"points": _pairs(xy_of(one.shape))}
    ellipse = ellipse_of(one.shape, known)
    if ellipse is not None:
        row, column, down, right, angle = ellipse
        axes = {"cx": column + 0.5, "cy": row + 0.5, "rx": right, "ry": down}
        axes |= {"rotation": angle} if angle else {}
        return "ellipse", {key: _real(value) for key, value in axes.items()}
    return "polygon", {"points": _pairs(xy_of(one.shape[0][0]))}


def _open(tag: str, told: Mapping[str, Any], indent: str, end: str) -> str:
    pairs = (f"{key}={quoteattr(_clean(str(value)))}" for key, value in told.items())
    return f"{indent}<{tag} {' '.join(pairs)}{end}"


def _pairs(xy: list[list[float]]) -> str:
    return ";".join(f"{_real(x)},{_real(y)}" for x, y in xy)


def _real(value: float) -> str:
    return f"{value:.12g}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _clean(text: str) -> str:
    """Replace what XML cannot hold."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
