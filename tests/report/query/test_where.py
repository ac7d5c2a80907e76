"""A query finds the rows that it describes, and can do nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_records import FAILED, REPORTED

from harness.errors import BadRequest
from harness.report.query.frame import Table, build_table
from harness.report.query.where import where

from .made import counted, logged, timed


def spec(name: str, alpha: int, **more: object) -> dict[str, dict[str, object]]:
    return {"context": {"name": name, "alpha": alpha, **more}}


@pytest.fixture(scope="module")
def table() -> Table:
    return build_table(
        [
            counted("a", 1_000_000, macs={"paper": 10**9}, spec=spec("dapf", 2, flag=True)),
            counted("b", 2_000_000, macs={"paper": 50 * 10**9}, spec=spec("dapf", 4, flag=False)),
            counted("c", 4_000_000, macs={"paper": 30 * 10**9}, spec=spec("aspp", 2)),
            timed("d", 50.0, params=8_000_000, spec={"fusion": {"name": "it's `@odd` \\d"}}),
            logged("a", 0.75, spec={}, created="2026-05-01T00:00:00+00:00"),
            REPORTED,
        ]
    )


def found(table: Table, query: str) -> str:
    """Return the names of the rows that a query finds, L for the log and R for the reported."""
    short = {"logged": "L", "reported": "R"}
    rows = where(table, query).frame
    return "".join(short.get(k, v) for k, v in zip(rows["kind"], rows["variant"], strict=True))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("params < 3e6", "ab"),
        ("params < 3e6 and macs.paper < 40e9", "a"),
        ("macs.paper<40e9 and context.alpha==2 and context.name=='dapf'", "a"),
        ('context.name == "dapf" or context.alpha == 2', "abc"),
        ("context.name == 'dapf' | context.alpha == 2 & params > 3e6", "abc"),
        ("not context.alpha == 2", "bdLR"),
        ("~(context.alpha == 2)", "bdLR"),
        ("context.alpha != 2", "bdLR"),
        ("context.alpha in [2, 4]", "abc"),
        ("context.alpha not in (2,)", "bdLR"),
        ("variant in ['a', 'c']", "acL"),
        ("variant == ['a', 'c'] and kind != 'logged'", "ac"),
        ("1e6 < params <= 4e6", "bc"),
        ("macs.paper / params > 10000", "b"),
        ("macs.paper * 2 - 1e9 == 1e9", "a"),
        ("params // 3e6 == 1", "c"),
        ("params % 3e6 == 1e6", "ac"),
        ("-params > -3e6", "ab"),
        ("context.alpha ** 2 == 16", "b"),
        ("2 ** -1 < miou < 1", "aL"),
        ("variant.isin(['b', 'd'])", "bd"),
        ("fps.isna()", "abcL"),
        ("fps.notna()", "dR"),
        ("`fps`.notna() and kind == 'profile'", "d"),
        ("context.alpha.between(3, 5)", "b"),
        ("context.alpha.between(2, 4, inclusive='neither')", ""),
        ("kind.str.contains('^lo|rep')", "LR"),
        ("kind.str.contains('LO', case=False)", "L"),
        ("kind.str.contains('(lo|rep)')", "LR"),
        ("kind.str.contains('.', regex=False)", ""),
        ("fusion.name.str.contains('\\d')", ""),
        (r"fusion.name.str.contains('\\\\d')", "d"),
        ("context.name.str.contains('a')", "abc"),
        ("context.name > 'b'", "ab"),
        ("created >= '2026-02-01'", "L"),
        ("context.flag", "a"),
        ("not context.flag", "b"),
        ("context.flag == False", "b"),
        ("`reported.gflops` > 45", "R"),
        ("reported.gflops > 45", "R"),
        ("fps > 1e300", ""),
        ("miou > 0.7 and params > 0", "a"),
    ],
)
def test_rows_are_found(table: Table, query: str, names: str) -> None:
    assert found(table, query) == names


def test_texts_may_hold_whatever_means_something_outside_of_them(table: Table) -> None:
    assert found(table, r"""fusion.name == "it's `@odd` \\d" """) == "d"
    assert found(table, "variant == 'macs.paper' or variant == 'a and b'") == ""


@pytest.mark.parametrize(
    ("query", "names"),
    [
        # 50e9 squared is 2.5e21, which 64 bits do not hold; every row has a count here.
        ("macs.paper ** 2 > 2e21", "b"),
        ("macs.paper * macs.paper > 2e21", "b"),
        ("params * 2 ** 62 > 5e18", "b"),
        ("macs.paper == 50000000000 and params == 2", "b"),
    ],
)
def test_a_product_of_counts_does_not_overflow(query: str, names: str) -> None:
    records = [counted("a", 1, macs={"paper": 10**9}), counted("b", 2, macs={"paper": 5 * 10**10})]
    assert found(build_table(records), query) == names


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("a.list == [8, 4, 2]", "x"),
        ("(8, 4, 2) == a.list", "x"),
        ("a.list != [8,4,2]", "yz"),
        ("a.list in [[8, 4, 2], [1, 1, 1]]", "xy"),
        ("a.list not in [[8, 4, 2]]", "yz"),
        ("a.list.isin([[1, 1, 1], [[-1], 0.5]])", "yz"),
        ("a.list == [[-1], 0.5]", "z"),
        ("a.list == []", ""),
        ("a.list == '[8,4,2]'", "x"),
        ("a.list == ['[8,4,2]', '[1,1,1]']", "xy"),  # of texts it is any of these, as in pandas
        ("a.mixed == 1", "x"),
        ("a.mixed in [True, 'auto']", "yz"),
        ("a.mixed == 'auto' and a.list == [1, 1, 1]", "y"),
        ("params == [2, 3]", "xyz"),
    ],
)
def test_lists_and_numbers_are_found_in_options_that_hold_them_as_texts(
    query: str, names: str
) -> None:
    options: dict[str, tuple[object, object]] = {
        "x": ([8, 4, 2], 1), "y": ([1, 1, 1], "auto"), "z": ([[-1], 0.5], True),
    }  # fmt: skip
    records = [
        counted(name, spec={"a": {"list": each, "mixed": mixed}})
        for name, (each, mixed) in options.items()
    ]
    assert found(build_table(records), query) == names


def test_columns_whose_names_have_spaces_stand_in_backticks() -> None:
    from dataclasses import replace

    table = build_table([replace(REPORTED, figures={"iou.traffic light": "60"})])
    assert len(where(table, "`reported.iou.traffic light` == 60")) == 1


def test_a_longer_column_goes_before_a_function_of_a_shorter_one() -> None:
    table = build_table([counted("x", spec={"kind": {"isna": 3}}), FAILED])
    assert len(where(table, "kind.isna == 3")) == 1


@pytest.mark.parametrize(
    "query",
    [
        "@open",
        "params < @params",
        "__import__('os').system('touch pwned')",
        "params.__class__",
        "params.__class__.__mro__[1].__subclasses__()",
        "(params).__class__",
        "params.isna().__class__",
        "`params`.__class__",
        "params.isna.__globals__",
        "params.to_csv('pwned')",
        "params.isin([1]).to_csv('pwned')",
        "variant.str.contains('a').to_csv('pwned')",
        "variant.str.cat(variant) == 'aa'",
        "params.isin(open('pwned', 'w'))",
        "params.isin([__import__('os')])",
        "params.isin(params)",
        "params.isin([1, *params])",
        "params.between(0, fps)",
        "params.between(0, params.isna())",
        "params.apply(print)",
        "params.values",
        "params.isna",
        "`params.isna`()",
        "open('pwned', 'w')",
        "print(1)",
        "sin(params) > 0",
        "isna(params)",
        "f'{params}'",
        "f\"{open('pwned', 'w')}\" == variant",
        "b'a' == variant",
        "lambda: 1",
        "(x := 1)",
        "params = 3",
        "params == 1; import os",
        "import os",
        "params == 1\nopen('pwned', 'w')",
        "[x for x in params]",
        "{1: 2}",
        "params[0]",
        "variant[0] == 'a'",
        "params if params else fps",
        "params is None",
        "await params",
        "index == 1",
        "inf > params",
        "datetime.now() > 3",
        "9 ** 9 ** 9 ** 9 > params",
        "(9 ** 9) ** 9 > params",
        "params ** 99999999 > 1",
        "params ** params > 1",
        "'a' * 9999999999 == variant",
        "variant * 99999 == 'a'",
        "[1] * 9999999999 == params",
        "variant + 'b' == 'ab'",
        "variant.str.contains('a', na=True)",
        "variant.str.contains('a', flags=2)",
        "variant.str.contains('a', **1)",
        "params.str.contains('1')",
        "params < 1j",
        "'unclosed == variant",
        "`unclosed == 1",
        "``",
        "variant == '''a'''b",
        "",
        "   ",
        "params <",
        "params < 3e6 and",
        "(params < 3e6",
        "params <> 3",
        "params ! 3",
        "params === 3",
        "params < 3e6 $",
        "(" * 3000 + "params" + ")" * 3000,
        "not " * 20000 + "context.flag",
        "params < " + "9" * 5000,
        "params < 3 \x00",
    ],
)
def test_what_is_more_than_a_query_is_refused_in_one_line(
    table: Table, query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadRequest, match=r"^--where: ") as caught:
        where(table, query)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 500
    assert repr(query[:30])[1:-1] in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("contxt.alpha == 2", "no column 'contxt.alpha'; did you mean context.alpha"),
        ("context.alhpa == 2", "did you mean context.alpha"),
        ("zzz == 2", "--list-columns names them all"),
        ("params = 2", "equal is =="),
        ("params == 2 and", "must be an expression over columns, got"),
        ("params.median() > 2", "isin, isna, notna, between, str.contains and not median"),
        ("variant.str.contains('a', flags=2)", "no column 'flags'"),
        ("variant.isin(case=1)", "isin takes no case"),
        ("params == '2'", "compares params with numbers, not with '2'"),
        ("'2' != context.alpha", "compares context.alpha with numbers, not with '2'"),
        ("params == ['a', 2]", "compares params with numbers, not with ['a', 2]"),
        ("params in [1, 'a']", "compares params with numbers, not with 'a'"),
        ("params.isin(['a'])", "compares params with numbers, not with 'a'"),
        ("context.flag == 'yes'", "compares context.flag with numbers, not with 'yes'"),
        ("params.str.contains('1')", "str.contains is for texts, got params"),
        ("params", "must be true or false for every row"),
        ("1 == 1", "must be true or false for every row"),
        ("True", "must be true or false for every row"),
        ("params > 'a'", "must fit the columns' values ("),
        ("variant > 3", "must fit the columns' values ("),
        ("-variant == 3", "must fit the columns' values ("),
        ("params.between(1, 2, 3, 4)", "must fit the columns' values ("),
        ("kind.str.contains('(')", "must fit the columns' values ("),
        ("params and fps", "must fit the columns' values ("),
        ("params + variant > 3", "may calculate with numbers only"),
        ("params ** 99 > 1", "to a number up to 64, and no more"),
        ("context.flag[0]", "may not contain Subscript"),
        ("variant == ('a' if True else 'b')", "no column 'if'"),
        ("params.isna", "may not contain .isna without its arguments"),
        ("(params + 1).isna()", "knows the functions isin, isna"),
    ],
)
def test_a_query_that_makes_no_sense_says_which_rule_it_breaks(
    table: Table, query: str, message: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        where(table, query)
    assert message in str(caught.value)


def test_an_unknown_value_is_never_true_and_rows_keep_their_order(table: Table) -> None:
    assert found(table, "fps > 0 or fps <= 0") == "dR"
    assert found(table, "params >= 0") == "abcd"
    assert list(where(table, "params >= 2e6").frame.index) == [1, 2, 3]
