"""Render one page a data set from the rows of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

    from napari_cellsets.catalogue import Recipe
    from napari_cellsets.formats.words import WordOptions

CERTAINTY = {
    "real files": "tested on real files",
    "published layout": "tested on a faithful copy of the published layout",
    "uncertain": "layout uncertain",
    "": "an arrangement of files, not a published set",
}
KINDS = {
    "boxes-table": "boxes",
    "cisd": "overlapping masks",
    "class-mask": "class mask",
    "components": "masks of objects",
    "contour-files": "outlines",
    "cric-outlines": "outlines",
    "cric-points": "points",
    "cx22": "overlapping masks, boxes",
    "dark-components": "masks of objects",
    "either": "masks of objects",
    "image-class": "class of the picture",
    "instances": "masks of objects",
    "mask-files": "overlapping masks",
    "object-files": "masks of objects",
    "picture-class": "class of the picture",
    "points-table": "points",
    "python": "of its own",
    "renamed-yolo": "boxes",
    "runs-table": "masks of objects",
    "wkt-parquet": "outlines",
}
MARKS = {
    "?": "the same, or nothing",
    "#": "digits",
    "**": "any number of folders, also none",
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the index and the pages; nothing of them is stored in the repository."""
    from napari_cellsets.catalogue import list_datasets

    recipes = list_datasets()
    files.append(_generated(config, "datasets/index.md", index_page(recipes)))
    corrections = corrections_page(recipes)
    files.append(_generated(config, "datasets/corrections.md", corrections))
    for recipe in recipes:
        path = f"datasets/{recipe.key}.md"
        files.append(_generated(config, path, dataset_page(recipe)))
    return files


def _generated(config: MkDocsConfig, path: str, text: str) -> File:
    return File.generated(config, path, content=text)


def index_page(recipes: Sequence[Recipe]) -> str:
    """Return the table of all rows: published sets, then arrangements of files."""
    published = [recipe for recipe in recipes if recipe.rank == 2]
    others = [recipe for recipe in recipes if recipe.rank < 2]
    lines = [
        "# Data sets",
        "",
        f"{len(published)} published sets are recognised from their folder or archive",
        "as downloaded, from a folder inside it, and from one of their files.",
        "`napari-cellsets check PATH` tells how complete a copy is.",
        "",
        "| data set | a picture shows | published images | marked | licence | layout |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_index_line(recipe) for recipe in sorted(published, key=_by_title)]
    lines += [
        "",
        "## Other arrangements of files",
        "",
        "Pictures of your own open too, where they are arranged in one of these ways.",
        "[Add a data set](../add_a_dataset.md) tells how to describe others.",
        "",
        "| arrangement | what it is |",
        "|---|---|",
    ]
    lines += [
        f"| [{recipe.title}]({recipe.key}.md) | {_cell(recipe.about)} |"
        for recipe in sorted(others, key=_by_title)
    ]
    lines += ["", "[Which corrections](corrections.md) go back as files of the set."]
    return "\n".join(lines) + "\n"


def corrections_page(recipes: Sequence[Recipe]) -> str:
    """Return the table of which corrections become files of the set's own kind."""
    lines = [
        "# Corrections as the set has them",
        "",
        "`napari-cellsets convert PATH --to own OUT`, and the Export page, write what",
        "you corrected as files of the set's own kind, under its own names. What a",
        "set cannot hold so is said, with the forms that can.",
        "",
        "| data set | goes back | does not |",
        "|---|---|---|",
    ]
    for recipe in sorted(recipes, key=_by_title):
        held, others = [], []
        for what, why in written_back(recipe):
            (others if why else held).append(f"{what}: {why}" if why else what)
        if held or others:
            link = f"[{recipe.title}]({recipe.key}.md)"
            told = _cell("; ".join(others)) or "-"
            lines.append(f"| {link} | {_cell(', '.join(held)) or '-'} | {told} |")
    return "\n".join(lines) + "\n"


def written_back(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Return each annotation of a row, and why corrections of it do not go back."""
    from napari_cellsets.formats.own_files import why_not

    if recipe.annotation is not None:
        folder = "its folder, name or table is not changed"
        yield KINDS[recipe.annotation.word], "" if recipe.truth else folder
    for options in recipe.annotations:
        yield options.title or ", ".join(kinds_of(options)), why_not(options)


def _by_title(recipe: Recipe) -> str:
    return recipe.title.casefold()


def _index_line(recipe: Recipe) -> str:
    shows = "one cell" if recipe.kind == "cells" else "a field of cells"
    number = f"{recipe.expect.samples:,}" if recipe.expect.samples else "not known"
    kinds = ", ".join(_all_kinds(recipe)) or "nothing"
    return (
        f"| [{recipe.title}]({recipe.key}.md) | {shows} | {number} | {kinds} "
        f"| {_cell(recipe.licence) or 'none stated'} | {CERTAINTY[recipe.certainty]} |"
    )


def dataset_page(recipe: Recipe) -> str:
    """Return the page of one row."""
    lines = [f"# {recipe.title}", "", recipe.about, ""]
    lines += [*_facts(recipe), ""]
    if recipe.citation:
        lines += [f"> {recipe.citation}", ""]
    lines += ["## On disk", "", *_layout(recipe), ""]
    lines += ["## What is marked", "", *_marked(recipe), ""]
    lines += ["## Classes", "", *_classes(recipe), ""]
    counts = list(_counts(recipe))
    if counts:
        lines += ["## Published counts", "", *counts, ""]
    if recipe.expect.notes:
        lines += ["## Known about the published files", ""]
        lines += [*(f"- {note}" for note in recipe.expect.notes), ""]
    if recipe.rank == 2:
        lines += [*_how_to_check(recipe), ""]
    return "\n".join(lines)


def _facts(recipe: Recipe) -> Iterator[str]:
    """Key, licence, source and scale, as a table without head."""
    licence = recipe.licence or ("none stated" if recipe.rank == 2 else "your own data")
    if recipe.licence_url:
        licence = f"[{licence}]({recipe.licence_url})"
    rows = [
        ("key", f"`{recipe.key}`"),
        ("also called", ", ".join(recipe.aliases)),
        ("licence", licence),
        ("DOI", f"[{recipe.doi}](https://doi.org/{recipe.doi})" if recipe.doi else ""),
        ("magnification", recipe.magnification),
        ("pixel size", f"{recipe.pixel_size_um} µm" if recipe.pixel_size_um else ""),
        ("layout", CERTAINTY[recipe.certainty]),
    ]
    yield from ("| | |", "|---|---|")
    yield from (f"| {name} | {_cell(text)} |" for name, text in rows if text)


def _layout(recipe: Recipe) -> Iterator[str]:
    """Tree of the files, with what each is; then what the marks stand for."""
    files = list(_files(recipe))
    width = max(len(line) for line, _ in _tree(files))
    yield "```"
    yield from (f"{line:{width}}  {what}".rstrip() for line, what in _tree(files))
    yield "```"
    yield ""
    texts = [template for template, _ in files]
    for mark, values in recipe.choices.items():
        if any(f"{{{mark}" in text for text in texts):
            yield f"- `{{{mark}}}`: {', '.join(f'`{value}`' for value in values)}"
    for sign, meaning in MARKS.items():
        if any(f"{sign}}}" in text for text in texts):
            yield f"- `{{name{sign}}}`: {meaning}"
    if any("{" in text for text in texts):
        yield "- other marks stand for any text"
    yield from (f"- {note}" for note in recipe.layout_notes)


def _files(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Templates of a row, and what their files are."""
    yield recipe.images, "pictures"
    if recipe.truth:
        yield recipe.truth, "masks"
    if recipe.table is not None:
        for name in (recipe.table.file, *recipe.table.further):
            yield name, "table of pictures"
    for options in recipe.annotations:
        for template in options.file:
            yield template, options.title or ", ".join(kinds_of(options))
    for row in recipe.beside:
        planes = ", one file a plane" if row.kind == "stack" else ""
        yield row.images, f"{row.title}{planes}"


def _tree(files: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Lines of a tree of folders, each with what the file is."""
    before: list[str] = []
    for path, what in sorted(files, key=lambda file: file[0].split("/")):
        *folders, name = path.split("/")
        shared = 0
        for one, other in zip(before, folders, strict=False):
            if one != other:
                break
            shared += 1
        for depth in range(shared, len(folders)):
            yield f"{'    ' * depth}{folders[depth]}/", ""
        yield f"{'    ' * len(folders)}{name}", what
        before = folders


def kinds_of(options: WordOptions) -> tuple[str, ...]:
    """Kinds of annotation that a word of a row gives, in words."""
    from napari_cellsets.formats.containers.base import FORMS

    form = getattr(options, "form", "")
    if options.word != "container":
        return (KINDS.get(options.word, options.word),)
    return (FORMS[form].title if form in FORMS else "annotations of known formats",)


def _all_kinds(recipe: Recipe) -> list[str]:
    """Kinds of annotation of a whole row, each once."""
    kinds = [KINDS[recipe.annotation.word]] if recipe.annotation is not None else []
    for options in recipe.annotations:
        kinds += [part for kind in kinds_of(options) for part in kind.split(", ")]
    return list(dict.fromkeys(kinds))


def _marked(recipe: Recipe) -> Iterator[str]:
    if recipe.annotation is not None:
        where = "the name of the file or a table"
        if recipe.class_in_path:
            where = "the folder or name of the file"
        of_picture = recipe.kind == "cells"
        said = f"told by {where}" if of_picture else f"in `{recipe.truth}`"
        yield f"- {KINDS[recipe.annotation.word]}, {said}"
    for options in recipe.annotations:
        named = f"{options.title}: " if options.title else ""
        files = " or ".join(f"`{template}`" for template in options.file)
        counted = "; these are counted" if options.counts else ""
        yield f"- {named}{', '.join(kinds_of(options))} in {files}{counted}"
    if recipe.annotation is None and not recipe.annotations:
        yield "Nothing."


def _classes(recipe: Recipe) -> Iterator[str]:
    """Classes with ids, colours, meaning, place in a hierarchy and numbers."""
    if not recipe.declared_classes:
        folders = recipe.kind == "cells"
        yield "The names of the folders." if folders else "Those that the files name."
        return
    table, counts = recipe.class_table(), recipe.expect.classes
    ids = {name: number for number, name in table.names.items()}
    rows = [
        {
            "id": str(ids.get(name, "")),
            "class": name,
            "colour": _swatch(recipe.class_colours.get(name)),
            "meaning": recipe.class_titles.get(name, ""),
            "below": " > ".join(table.path_of(name)[:-1]),
            "also spelt": ", ".join(recipe.class_aliases.get(name, ())),
            "images": f"{counts[name]:,}" if name in counts else "",
        }
        for name in recipe.classes
    ]
    columns = [
        key
        for key in rows[0]
        if key in ("id", "class") or any(row[key] for row in rows)
    ]
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(_cell(row[key]) for key in columns)} |"


def _swatch(colour: tuple[int, int, int] | None) -> str:
    if colour is None:
        return ""
    code = "#{:02x}{:02x}{:02x}".format(*colour)
    return f'<span style="color:{code}">■</span> `{code}`'


def _counts(recipe: Recipe) -> Iterator[str]:
    expect = recipe.expect
    if expect.samples is not None:
        yield f"- images: {expect.samples:,}"
    if expect.annotated is not None and expect.annotated != expect.samples:
        yield f"- annotated images: {expect.annotated:,}"
    yield from (f"- {name}: {number:,}" for name, number in expect.splits.items())
    if expect.part_of != "split":
        for name, number in expect.parts.items():
            yield f"- {expect.part_of} {name}: {number:,}"
    sizes = [f"{width} x {height}" for width, height in expect.picture_sizes]
    if sizes:
        yield f"- width and height in pixels: {', '.join(sizes)}"


def _how_to_check(recipe: Recipe) -> Iterator[str]:
    yield from ("## Check a copy", "", "```bash")
    yield f"napari-cellsets check PATH --row {recipe.key}"
    yield from ("```", "")
    yield "It counts what is there, reads every file and finds those that are the same."
    if recipe.certainty == "real files" and recipe.expect.samples:
        return
    yield from (
        "This row was written without the whole set at hand. If your copy lies",
        "differently or has other numbers, put a row of your own with the key",
        f"`{recipe.key}` and the numbers under `[expect]` into the folder `rows` of",
        "your data folder: it replaces this one.",
        "[Add a data set](../add_a_dataset.md) shows how.",
    )


def _cell(text: str) -> str:
    """Text as it may stand in a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")
