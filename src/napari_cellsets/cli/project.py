"""``project``: what the project store holds, its history, a copy of it."""

from __future__ import annotations

import json
from heapq import merge
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from napari_cellsets.cli.console import EXIT_PROBLEM, say, some
from napari_cellsets.cli.options import moment_or_revision, opened, whole
from napari_cellsets.core.errors import NotRecognisedError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.store import LabelChange, MarkAct, ObjectsChange, Project

    Act: TypeAlias = LabelChange | ObjectsChange | MarkAct

_LINES = 100
_WHOLE = "class of the picture"
_OF_CELLS = ("cells", "truth")


def add_project(commands: Any) -> None:
    """Add ``project`` to the commands."""
    command = commands.add_parser(
        "project",
        help="tell what the project store holds, bring earlier labels back, copy it",
        description="The project store: which data sets it knows, what was done to an "
        "image and when, earlier labels brought back, work of a renamed folder.",
    )
    kinds = command.add_subparsers(title="commands", required=True, metavar="COMMAND")
    info = _add(kinds, "info", "list the data sets with work in the store", _info)
    info.add_argument("--json", action="store_true")
    history = _add(kinds, "history", "list what was done to an image", _history)
    _add_image(history)
    history.add_argument(
        "--last",
        metavar="N",
        type=whole,
        default=_LINES,
        help=f"the newest N changes, 0 for all; {_LINES} by default",
    )
    history.add_argument("--json", action="store_true")
    restore = _add(kinds, "restore", "make labels again what they were", _restore)
    _add_image(restore)
    restore.add_argument(
        "--to",
        metavar="WHEN",
        type=moment_or_revision,
        required=True,
        help="a revision of `history`, or a time such as 2026-03-01T12:00; of points, "
        "boxes, outlines and classes of pictures a time",
    )
    moved = _add(
        kinds, "moved", "find work of a folder or picture that was renamed", _moved
    )
    _add_path(moved)
    moved.add_argument("--take", action="store_true", help="let it belong to PATH")
    _add(kinds, "compact", "drop what is older than the history, free room", _compact)
    copy = _add(kinds, "copy", "write a copy of the store while it is used", _copy)
    copy.add_argument("file", type=Path, metavar="FILE")


def _add(kinds: Any, name: str, about: str, run: Any) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = kinds.add_parser(name, help=about)
    command.add_argument(
        "--store",
        metavar="PLACE",
        help="a file, folder or database; by default that of this account",
    )
    command.set_defaults(run=run)
    return command


def _add_path(command: argparse.ArgumentParser) -> None:
    command.add_argument("path", type=Path, metavar="PATH")
    command.add_argument("--row", metavar="KEY", help="read PATH as this data set")


def _add_image(command: argparse.ArgumentParser) -> None:
    _add_path(command)
    command.add_argument("sample", metavar="IMAGE", help="name as in the Samples dock")
    command.add_argument(
        "--layer",
        metavar="NAME",
        help="cells, truth, the name of a further annotation, or 'class of the "
        "picture'; by default the cells, and of `history` also all points, boxes, "
        "outlines and the class of the picture",
    )


def _info(options: argparse.Namespace, _token: CancelToken) -> int:
    with _project(options) as project:
        known = {name: number for name, number in project.datasets().items() if number}
        if options.json:
            rows = [{"dataset": name, "samples": known[name]} for name in known]
            said = {"store": project.place, "datasets": rows}
            say(json.dumps(said, indent=1, ensure_ascii=False))
            return 0
        say(project.place)
        for name, number in known.items():
            say(f"  {name}: work on {some(number, 'sample')}")
    return 0


def _history(options: argparse.Namespace, _token: CancelToken) -> int:
    with _project(options) as project:
        changes = _done(project, options)
    if options.last:
        changes = changes[-options.last :]
    names = opened(options).class_table.names
    if options.json:
        rows = [_row(change, names) for change in changes]
        say(json.dumps(rows, ensure_ascii=False))
        return 0
    for change in changes:
        when = change.when.astimezone()
        who, title = change.author or "-", _title(change, names)
        revision = "" if isinstance(change, tuple) else change.revision
        say(f"{revision:6}  {when:%Y-%m-%d %H:%M:%S}  {who}  {title}")
    return 0


def _done(project: Project, options: argparse.Namespace) -> list[Act]:
    """Return what was done to an image, to labels and marks, oldest first."""
    identity, sample, layer = _place(options)
    labels, _ = project.history(identity, sample, layer, limit=options.last or None)
    marked = []
    if options.layer not in _OF_CELLS:
        wanted = _mark_layer(options.layer)
        for act in project.mark_acts(identity, sample):
            keys = {key.layer for key in act.marks}
            if wanted is None or wanted in keys:
                marked.append(act)
    # labels stay in the order of their revisions: clocks of computers differ
    return list(merge(labels, marked, key=lambda one: one.time))


def _title(change: Act, names: Mapping[int, str]) -> str:
    from napari_cellsets.store import LabelChange, MarkAct

    if isinstance(change, MarkAct):
        of = sorted({key.layer for key in change.marks} - {""})
        return f"{change.title} ({', '.join(of)})" if of else change.title
    if isinstance(change, LabelChange):
        return change.title
    return change.title_of(names)


def _row(change: Act, names: Mapping[int, str]) -> dict[str, Any]:
    from napari_cellsets.store import LabelChange, MarkAct

    row: dict[str, Any] = {
        "revision": None if isinstance(change, MarkAct) else change.revision,
        "time": change.when.isoformat(),
        "author": change.author,
        "title": _title(change, names),
    }
    if isinstance(change, MarkAct):
        marks = [
            {**key._asdict(), **mark._asdict()} for key, mark in change.marks.items()
        ]
        return {**row, "marks": marks, "provenance": change.provenance}
    if not isinstance(change, LabelChange):
        return {**row, "objects": change.said}
    sides = change.box
    box = None if sides is None else [[side.start, side.stop] for side in sides]
    return {**row, "box": box, "provenance": change.provenance}


def _restore(options: argparse.Namespace, _token: CancelToken) -> int:
    with _project(options) as project:
        place = _place(options)
        before = project.label_history(*place, limit=1)
        if options.layer is not None and not before:
            return _restore_marks(options, project)
        revision = project.restore(*place, options.to)
    if before and before[-1].revision == revision:
        say(f"{options.sample} is as it was then: nothing was changed")
    else:
        say(f"{options.sample} is as it was then: revision {revision}")
    return 0


def _restore_marks(options: argparse.Namespace, project: Project) -> int:
    from napari_cellsets.batch.mark_restore import restore_marks

    dataset, layer = opened(options), _mark_layer(options.layer) or ""
    sample = next(one for one in dataset.samples if one.name == options.sample)
    many = restore_marks(dataset, project, sample, layer, options.to)
    said = f"{some(many, 'mark')} changed" if many else "nothing was changed"
    say(f"{options.sample} is as it was then: {said}")
    return 0


def _mark_layer(name: str | None) -> str | None:
    """Return how marks of an annotation are called in the store; None for all."""
    return "" if name == _WHOLE else name


def _moved(options: argparse.Namespace, token: CancelToken) -> int:
    from napari_cellsets.review import earlier_work

    dataset = opened(options)
    with _project(options) as project:
        found = earlier_work(project, dataset.identity)
        for work in found:
            say(f"{work.said} ({work.identity})")
        if not found:
            return _renamed(options, project, dataset, token)
        if not options.take:
            return 0
        fitting = [work for work in found if work.same_pictures]
        if len(fitting) != 1:
            say("nothing was moved: one work on the same pictures was expected")
            return EXIT_PROBLEM
        project.move_work(fitting[0].identity, dataset.identity)
        say(f"it belongs to {options.path} now")
    return 0


def _renamed(
    options: argparse.Namespace,
    project: Project,
    dataset: Dataset,
    token: CancelToken,
) -> int:
    """Look for pictures that were renamed in their set."""
    from napari_cellsets.batch.renamed import renamed_work

    work = renamed_work(project, dataset, token)
    if work is None:
        say("nothing is stored that could belong here")
        return 0
    say(f"{work.said}.")
    if options.take and work.names:
        for old, new in work.names.items():
            project.rename_sample(dataset.identity, old, new)
        say(f"the work on {some(len(work.names), 'picture')} belongs to them now")
    return 0


def _compact(options: argparse.Namespace, _token: CancelToken) -> int:
    with _project(options) as project:
        project.compact()
        say(f"{project.place} is compact")
    return 0


def _copy(options: argparse.Namespace, _token: CancelToken) -> int:
    with _project(options) as project:
        project.copy_to(options.file)
    say(f"copied to {options.file}")
    return 0


def _project(options: argparse.Namespace) -> Project:
    from napari_cellsets.store import Project

    return Project.open(options.store)


def _place(options: argparse.Namespace) -> tuple[str, str, str]:
    """Return where the labels of the named image are in the store."""
    from napari_cellsets.store import further_layer

    dataset = opened(options)
    if options.sample not in {sample.name for sample in dataset.samples}:
        raise NotRecognisedError(
            f"there is no image {options.sample!r}",
            path=options.path,
            advice=f"The first is {dataset.samples[0].name!r}.",
        )
    layer = options.layer or "cells"
    if layer not in _OF_CELLS:
        layer = further_layer(layer)
    return dataset.identity, options.sample, layer
