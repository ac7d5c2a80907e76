"""Text made safe for a page, and the page around it."""

from __future__ import annotations

import json

import pytest

from harness.report.web.page import attributes, escape, page, prose, script_json

from .parsed import foreign, parse

HOSTILE = "</script><script>alert(1)</script><!-- \u2028 & \"q\" 'a' <img src=x onerror=alert(1)>"


def test_whatever_a_text_holds_it_is_shown_as_it_is() -> None:
    root = parse(f'<p title="{escape(HOSTILE)}">{escape(HOSTILE)}</p>')
    [paragraph] = root.children
    assert paragraph.children == []
    assert paragraph.text == paragraph.attributes["title"] == HOSTILE


def test_characters_that_no_page_may_hold_are_replaced() -> None:
    assert escape("a\x00b\x1bc\ud800d\te") == "a\ufffdb\ufffdc\ufffdd\te"


def test_code_in_prose_becomes_code_and_is_escaped_too() -> None:
    assert prose("use `a<b` & go") == "use <code>a&lt;b</code> &amp; go"


def test_json_in_a_script_cannot_end_it_and_reads_back() -> None:
    data = {HOSTILE: [HOSTILE, 1.5, None]}
    text = script_json(data)
    assert not set(text) & {"<", ">", "&", "\u2028"}
    assert json.loads(text) == data


def test_json_in_a_script_refuses_what_is_no_json() -> None:
    with pytest.raises(ValueError, match="JSON"):
        script_json(float("nan"))


def test_attributes_leave_out_null_and_false() -> None:
    assert attributes(class_="a", data_x=0, hidden=True, title=None, checked=False) == (
        ' class="a" data-x="0" hidden'
    )


def test_a_page_without_a_script_runs_none_and_fetches_nothing() -> None:
    root = parse(page(HOSTILE, "<p>x</p>", styles=("base.css", "table.css")))
    assert root.one("title").text == HOSTILE
    assert root.all("script") == []
    assert foreign(root) == []
    policy = root.one("meta", http_equiv="Content-Security-Policy").attributes["content"]
    assert policy == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
    )


def test_a_page_with_a_script_has_its_data_and_its_policy() -> None:
    root = parse(page("t", "", styles=(), script="figure.js", data={"a": HOSTILE}))
    assert json.loads(root.one("script", id="data").text) == {"a": HOSTILE}
    assert len(root.all("script")) == 2
    policy = root.one("meta", http_equiv="Content-Security-Policy").attributes["content"]
    assert "script-src 'unsafe-inline'" in policy
    assert policy.startswith("default-src 'none'")
