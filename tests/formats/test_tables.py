from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats import tables
from napari_cellsets.formats.tables import read_table

FIELD = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), max_size=8
).map(str.strip)


def read(text: str, *wanted: str, **how: object) -> list[tuple[str, ...]]:
    content = text.encode("utf-8-sig")
    return list(read_table(content, wanted, place="a.csv", **how))  # type: ignore[arg-type]


def test_wanted_columns_come_in_the_wanted_order() -> None:
    assert read("a,B,c\n1,2,3\n", "c", "b") == [("3", "2")]


def test_quoted_fields_and_short_lines_are_read() -> None:
    assert read('a,b\r\n"x, y",1\r\n\r\nz\r\n', "a", "b") == [
        ("x, y", "1"),
        ("z", ""),
    ]


def test_table_without_names_is_read_by_given_ones() -> None:
    text = "A/1.tiff A nan\nB/2.tiff B C\n"
    found = read(text, "path", "again", separator=" ", columns=("path", "x", "again"))
    assert found == [("A/1.tiff", "nan"), ("B/2.tiff", "C")]


@pytest.mark.parametrize("text", ["", "x,y\n1,2\n", "<html>\n"])
def test_table_without_the_column_is_told(text: str) -> None:
    with pytest.raises(UnreadableFileError, match=r"a\.csv.*column 'a' was expected"):
        read(text, "a")


def test_table_larger_than_any_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LARGEST_TABLE", 4)
    with pytest.raises(UnreadableFileError, match="at most 4 bytes was expected"):
        read("a,b\n1,2\n", "a")


def test_field_longer_than_any_is_told() -> None:
    with pytest.raises(UnreadableFileError, match="this is no table"):
        read("a\n" + "x" * 200_000 + "\n", "a")


@given(st.lists(st.tuples(FIELD, FIELD).filter(lambda row: any(row)), max_size=9))
def test_what_a_writer_wrote_is_read_back(lines: list[tuple[str, str]]) -> None:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("a", "b"))
    writer.writerows(lines)
    assert read(text.getvalue(), "a", "b") == lines
