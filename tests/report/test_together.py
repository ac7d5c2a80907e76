"""Warnings that differ in their numbers alone are told once."""

from __future__ import annotations

from harness.report.together import together


def test_what_differs_in_numbers_alone_is_one_line_with_all_names_and_ranges() -> None:
    found = [
        ("a", "only 8 of the 30 passes; raise --budget"),
        ("b", "only 11 of the 30 passes; raise --budget"),
        ("c", "only 9 of the 30 passes; raise --budget"),
    ]
    assert together(found) == ["a, b, c: only 8 to 11 of the 30 passes; raise --budget"]


def test_each_kind_stands_where_its_first_one_did() -> None:
    found = [("a", "spread by 12%"), ("a", "swapped"), ("b", "slower by 3%"), ("b", "spread by 9%")]
    assert together(found) == ["a, b: spread by 9 to 12%", "a: swapped", "b: slower by 3%"]


def test_a_single_one_stays_as_it_is() -> None:
    text = "1,000 of 10,000 passes on 2.13.0+cpu, GPU 3: 1.5e-05 off"
    assert together([("a", text)]) == [f"a: {text}"]


def test_numbers_are_ordered_as_numbers_and_keep_their_form() -> None:
    found = [("a", "1,200 or 0.50"), ("b", "900 or 0.5"), ("c", "10,000 or 0.75")]
    assert together(found) == ["a, b, c: 900 to 10,000 or 0.50 to 0.75"]


def test_versions_are_no_numbers() -> None:
    found = [("a", "built by 2.13.0 in 5 s"), ("b", "built by 2.9.0 in 7 s")]
    assert together(found) == [f"{name}: {text}" for name, text in found]


def test_a_name_that_says_it_twice_is_named_once() -> None:
    assert together([("a", "1 pass"), ("a", "3 pass")]) == ["a: 1 to 3 pass"]


def test_of_nothing_comes_nothing() -> None:
    assert together([]) == []
