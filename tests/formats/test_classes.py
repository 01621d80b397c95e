from __future__ import annotations

from napari_cellsets.formats.classes import ClassTable

TABLE = {
    "ids": {"nucleus": 1, "cluster": 5},
    "colours": {"nucleus": (1, 2, 3), "never named": (0, 0, 0)},
    "aliases": {"nucleus": ["Kern"]},
    "parents": {"cluster": "group", "group": "all"},
}


def table() -> ClassTable:
    return ClassTable.of(("nucleus", "cluster"), **TABLE)


def test_names_have_the_ids_and_colours_of_the_set() -> None:
    assert table().names == {1: "nucleus", 5: "cluster"}
    assert table().colours == {1: (1, 2, 3)}


def test_spellings_are_one_class() -> None:
    classes = table()
    for spelling in ("Kern", "NUCLEUS", " nucleus "):
        assert classes.id_for(spelling) == 1
        assert classes.name_of(spelling) == "nucleus"


def test_unknown_class_gets_its_own_id_if_free_and_keeps_it() -> None:
    classes = table()
    assert classes.find("new") is None
    assert classes.id_for("new", 9, (7, 7, 7)) == 9
    assert classes.id_for("newer", 9) == 10
    assert classes.id_for("new", 3) == 9
    assert classes.names == {1: "nucleus", 5: "cluster", 9: "new", 10: "newer"}
    assert classes.colours[9] == (7, 7, 7)


def test_path_leads_from_the_root_to_a_class() -> None:
    assert table().path_of("cluster") == ("all", "group", "cluster")
    assert table().path_of("nucleus") == ()
    assert table().path_of("all") == ("all",)


def test_circle_of_parents_ends() -> None:
    classes = ClassTable.of(("a", "b"), parents={"a": "b", "b": "a"})
    assert set(classes.path_of("a")) == {"a", "b"}


def test_names_without_ids_count_from_one() -> None:
    assert ClassTable.of(("x", "y")).names == {1: "x", 2: "y"}
    assert not ClassTable.of(()).declared


def test_classes_that_people_add_come_last_and_leave_ids_to_the_files() -> None:
    classes = ClassTable.of(())
    assert classes.free == 101
    classes.give({101: "artefact"})
    assert classes.id_for("met in a file") == 1
    assert classes.id_for("another") == 2
    assert classes.names == {1: "met in a file", 2: "another", 101: "artefact"}
    assert list(classes.names) == [1, 2, 101]
    assert classes.own == {1: "met in a file", 2: "another"}
    assert classes.given == {101: "artefact"}
    assert classes.find("Artefact") == 101


def test_where_the_row_names_the_classes_an_added_one_is_next() -> None:
    classes = table()
    assert classes.free == 6
    classes.give({6: "artefact"})
    assert classes.free == 7
    assert classes.id_for("met in a file") == 7  # 6 is taken


def test_a_class_that_was_taken_back_is_there_no_more() -> None:
    classes = table()
    classes.give({6: "artefact", 7: "dust"})
    classes.give({7: "dust"})
    assert classes.find("artefact") is None
    assert classes.names == {1: "nucleus", 5: "cluster", 7: "dust"}


def test_an_added_class_that_a_file_names_meanwhile_is_one_class() -> None:
    classes = table()
    classes.id_for("artefact", 9)
    classes.give({6: "Artefact"})
    assert classes.names == {1: "nucleus", 5: "cluster", 9: "artefact"}
    assert classes.given == {}


def test_an_id_that_a_file_took_meanwhile_stays_with_the_file() -> None:
    classes = table()
    classes.id_for("of a file", 6)
    classes.give({6: "artefact"})
    assert classes.names == {1: "nucleus", 5: "cluster", 6: "of a file", 7: "artefact"}
