"""The card of a model: what it is, what it learnt from, how well it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellsets.formats.atomic import atomic_output

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def write_card(path: Path, report: Mapping[str, Any]) -> None:
    """Write the card of an exported model.

    Parameters
    ----------
    path
        A Markdown file, beside the model.
    report
        What is known of the run; see `card_text`.
    """
    with atomic_output(path) as file:
        file.write_text(card_text(report), encoding="utf-8")


def card_text(report: Mapping[str, Any]) -> str:
    """Return the card as Markdown.

    Parameters
    ----------
    report
        ``name``, ``file``, ``hash``, ``version``, ``about``, ``facts`` (name and
        value of a table), ``learnt_from`` and ``began_with`` (mappings), ``split``
        (sentences), ``metrics`` (columns of figures), ``run`` (mapping), ``notes``
        (sentences). Parts that are absent or empty are left out.
    """
    parts = [
        f"# {report['name']}",
        f"`{report['file']}`, version {report['version']}. {report['about']}",
        _table("What it is", report.get("facts", {})),
        _table("What it learnt from", report.get("learnt_from", {})),
        _table("What it began with", report.get("began_with", {})),
        _list("What was held out", report.get("split", ())),
        _figures(report.get("metrics", {})),
        _table("How it was trained", report.get("run", {})),
        _list("Limits", report.get("notes", ())),
        f"SHA-256 of the file: `{report['hash']}`",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(title: str, rows: Mapping[str, Any]) -> str:
    if not rows:
        return ""
    lines = [f"| {name} | {_said(value)} |" for name, value in rows.items()]
    return "\n".join([f"## {title}", "", "| | |", "|---|---|", *lines])


def _list(title: str, sentences: Sequence[str]) -> str:
    if not sentences:
        return ""
    return "\n".join([f"## {title}", "", *(f"- {text}" for text in sentences)])


def _figures(metrics: Mapping[str, Mapping[str, Any]]) -> str:
    """Several columns of the same figures, such as before and after."""
    shown = {name: column for name, column in metrics.items() if column}
    if not shown:
        return (
            "## How well it does\n\nNothing was held out, so nothing can be said of "
            "how well it does on other pictures."
        )
    rows = list(dict.fromkeys(name for column in shown.values() for name in column))
    lines = [
        f"| {row} | " + " | ".join(_said(c.get(row)) for c in shown.values()) + " |"
        for row in rows
    ]
    head = "| on held-out pictures | " + " | ".join(shown) + " |"
    rule = "|---" * (len(shown) + 1) + "|"
    return "\n".join(["## How well it does", "", head, rule, *lines])


def _said(value: Any) -> str:
    if value is None or value == "":
        return "not known"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(_said(item) for item in value)
    return str(value).replace("|", "\\|").replace("\n", " ")
