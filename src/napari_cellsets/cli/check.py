"""``check``: whether a copy of a data set is whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellsets.cli.console import EXIT_PROBLEM, bar, say, some
from napari_cellsets.cli.options import opened

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from napari_cellsets.batch import CheckReport
    from napari_cellsets.batch.check import Finding
    from napari_cellsets.core.cancel import CancelToken

_MOST_SHOWN = 20


def add_check(commands: Any) -> None:
    """Add ``check`` to the commands."""
    command = commands.add_parser(
        "check",
        help="tell what of a data set is missing, corrupt or there twice",
        description="Read every image and every annotation of a data set once. Tells "
        "what is complete, missing, corrupt, without its counterpart, and which images "
        "are the same byte for byte. The exit code is 0 when nothing is missing or "
        "corrupt.",
    )
    add = command.add_argument
    add("path", type=Path, metavar="PATH", help="folder, archive or image")
    add("--row", metavar="KEY", help="read PATH as this data set")
    add("--csv", type=Path, metavar="FILE", help="write every finding here")
    add(
        "--quick",
        action="store_true",
        help="look at the head and end of each image only, do not decode it",
    )
    command.set_defaults(run=_check)


def _check(options: argparse.Namespace, token: CancelToken) -> int:
    from napari_cellsets.batch import check_dataset, write_check_csv

    dataset = opened(options)
    with bar(len(dataset.samples), "image") as progress:
        report = check_dataset(
            dataset, quick=options.quick, token=token, progress=progress
        )
    say(f"{dataset.recipe.title} ({dataset.recipe.key})")
    for line in _table(report):
        say(line)
    for line in _findings(report):
        say(line)
    for note in report.notes:
        say(f"known: {note}")
    if options.csv is not None:
        write_check_csv(report, options.csv)
    say(_summary_line(report) + (f" -> {options.csv}" if options.csv else ""))
    return 0 if report.whole else EXIT_PROBLEM


def _table(report: CheckReport) -> Iterator[str]:
    rows = [("", "found", "published", "")]
    rows += [
        (
            count.name,
            f"{count.found:,}",
            "" if count.published is None else f"{count.published:,}",
            "" if count.published is None else count.state,
        )
        for count in report.counts
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(3)]
    for name, found, published, state in rows:
        line = f"{name:{widths[0]}}  {found:>{widths[1]}}  {published:>{widths[2]}}"
        yield f"{line}  {state}".rstrip()


def _findings(report: CheckReport) -> Iterator[str]:
    for kind in ("corrupt", "unmatched"):
        found = report.of_kind(kind)
        for finding in found[:_MOST_SHOWN]:
            yield f"{kind}: {finding.detail}"
        if len(found) > _MOST_SHOWN:
            yield f"{kind}: {len(found) - _MOST_SHOWN:,} more"
    groups = _groups(report)
    crossing = report.across_classes | report.across_splits
    shown = sorted(groups, key=lambda group: group not in crossing)
    for group in shown[:_MOST_SHOWN]:
        files = " = ".join(finding.file for finding in groups[group])
        apart = [
            what
            for what, across in (
                ("classes", report.across_classes),
                ("splits", report.across_splits),
            )
            if group in across
        ]
        said = f" (different {' and '.join(apart)})" if apart else ""
        yield f"duplicate: {files}{said}"
    if len(groups) > _MOST_SHOWN:
        yield f"duplicate: {some(len(groups) - _MOST_SHOWN, 'more group')}"


def _groups(report: CheckReport) -> dict[int, list[Finding]]:
    groups: dict[int, list[Finding]] = {}
    for finding in report.of_kind("duplicate"):
        groups.setdefault(finding.group, []).append(finding)
    return groups


def _summary_line(report: CheckReport) -> str:
    whole = report.counts[0]
    if whole.published is None:
        parts = [some(whole.found, "image")]
    else:
        parts = [f"{whole.found:,} of {whole.published:,} images"]
    parts.append(f"{len(report.of_kind('corrupt')):,} corrupt")
    parts.append(f"{len(report.of_kind('unmatched')):,} unmatched")
    groups = len(_groups(report))
    parts.append(f"{some(groups, 'group')} of duplicates")
    return "; ".join(parts)
