"""The interactive page in a real browser: what mouse and keyboard make of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import CHROMIUM, Page, opened

from harness.report.figure_data import collect
from harness.report.figure_definition import load_figure
from harness.report.web.figure_page import figure_page
from harness.store import paper_records

from .figures import EVIL, own

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian: apt install chromium)"),
]

POINT = ".scene.wide.linear .point"
# Every two labels, and every label and every other point's marker, that share an area.
OVERLAPS = """(() => {
  const seen = [...document.querySelectorAll('.point')].filter(e => e.getClientRects().length);
  const box = (e, s) => e.querySelector(s).getBoundingClientRect();
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2.5;
  const found = [];
  seen.forEach((p, i) => seen.forEach((q, j) => {
    const names = `${p.ariaLabel} | ${q.ariaLabel}`;
    if (i < j && meet(box(p, '.name'), box(q, '.name'))) found.push(names);
    if (i !== j && meet(box(p, '.name'), box(q, '.marker'))) found.push(names + ' marker');
  }));
  return found;
})()"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with opened(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(scope="module")
def fig_1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "fig1.html"
    path.write_text(figure_page(collect(load_figure("fig1"), paper_records())), encoding="utf-8")
    return path


@pytest.fixture
def page(browser: Page, fig_1: Path) -> Iterator[Page]:
    """Show Fig. 1 on a wide screen, and expect no complaint, request or dialog of it."""
    browser.show(fig_1)
    browser.away()
    yield browser
    quiet(browser)


def quiet(browser: Page) -> None:
    assert browser.complaints == []
    assert browser.dialogs == []
    assert [r for r in browser.requests if not r.startswith(("file:", "about:"))] == []
    assert {Path(r).suffix for r in browser.requests if r.startswith("file:")} <= {".html"}


def point(name: str) -> str:
    return f'{POINT}[aria-label^="{name}:"]'


def names(page: Page) -> list[str]:
    return page.texts("#points tbody th")


def column(page: Page, position: int) -> list[str]:
    return page.texts(f"#points tbody td:nth-child({position})")


def test_hovering_a_point_shows_its_card_and_marks_its_row(page: Page) -> None:
    assert page.texts("#card") == []
    page.hover(point("FASSD-Net (ours)") + " .marker")
    assert page.texts("#card h2") == ["FASSD-Net (ours)"]
    assert page.texts("#card .figures tr:nth-child(1)") == ["FPS (norm.)41.1reported"]
    assert "placeTable IV, row 19" in page.texts("#card .facts tr")
    assert page.texts("#points tr.active th") == ["FASSD-Net (ours)"]
    page.hover(point("ICNet") + " .marker")
    assert page.texts("#card h2") == ["ICNet"]
    assert page.texts("#card .figures tr:nth-child(1)") == ["FPS (norm.)49.7reported"]
    page.away()
    assert page.texts("#card") == page.texts("#points tr.active th") == []


def test_the_keyboard_reaches_points_and_escape_closes_their_card(page: Page) -> None:
    page.run("document.querySelector('.controls input').focus()")
    page.run(f"document.querySelector('{point('ERFNet')}').focus()")
    assert page.texts("#card h2") == ["ERFNet"]
    page.press("Tab", 9)
    assert page.texts("#card h2") == ["CAS"]  # the next one in the order of the records
    page.press("Escape", 27)
    assert page.texts("#card") == []


def test_a_card_of_the_focus_comes_back_when_the_mouse_leaves_another_point(page: Page) -> None:
    page.click(point("ERFNet") + " .marker")
    page.hover(point("ICNet") + " .marker")
    assert page.texts("#card h2") == ["ICNet"]
    page.away()
    assert page.texts("#card h2") == ["ERFNet"]


def test_a_row_and_its_point_light_up_together(page: Page) -> None:
    page.hover('#points tr[data-variant="dabnet"]')
    lit = "[...document.querySelectorAll('.point.active')].map(p => p.ariaLabel.split(':')[0])"
    assert set(page.run(lit)) == {"DABNet"}
    page.away()
    assert page.run(lit) == []


def test_a_click_in_the_legend_hides_a_group_in_drawing_and_table(page: Page) -> None:
    entry = '.legend [data-group="1"]'
    assert len(page.texts(POINT)) == len(names(page)) == 19
    page.click(entry)
    assert page.run(f"document.querySelector('{entry}').ariaPressed") == "false"
    assert len(page.texts(POINT)) == len(names(page)) == 15
    gone = {"Fast-SCNN", "SwiftNetRN-18 512×1024", "FC-HarDNet-70 (L2)", "FASSD-Net-L2 (ours)"}
    assert not gone & set(names(page))
    assert not gone & set(page.texts(f"{POINT} .name"))
    page.click(entry)
    assert len(page.texts(POINT)) == len(names(page)) == 19


@pytest.mark.parametrize(("key", "code"), [("Enter", 13), (" ", 32)])
def test_the_keyboard_hides_a_group_too(page: Page, key: str, code: int) -> None:
    page.run("""document.querySelector('.legend [data-group="0"]').focus()""")
    page.press(key, code)
    assert len(names(page)) == 17
    assert not {"PSPNet", "DeepLabV3+"} & set(names(page))


def test_a_click_on_a_header_sorts_up_and_another_one_down(page: Page) -> None:
    def header(position: int) -> str:
        return f"#points thead th:nth-child({position})"

    page.click(f"{header(2)} button")
    rates = column(page, 2)
    # By number, not by letters; `~1` and `<1` are none and stay at the end, in their order.
    assert rates[:3] == ["27.7", "29.7", "39.9"]
    assert rates[-4:] == ["134.9", "152.8", "~1", "<1"]
    assert page.run(f"document.querySelector('{header(2)}').ariaSort") == "ascending"
    page.click(f"{header(2)} button")
    rates = column(page, 2)
    assert rates[:2] == ["152.8", "134.9"]
    assert rates[-3:] == ["27.7", "~1", "<1"]
    assert page.run(f"document.querySelector('{header(2)}').ariaSort") == "descending"
    page.click(f"{header(4)} button")  # GFLOPs: most have none
    assert column(page, 4)[:2] == ["6.6", "8.7"]
    assert set(column(page, 4)[11:]) == {"–"}
    assert page.run(f"document.querySelector('{header(2)}').ariaSort") is None
    page.click(f"{header(1)} button")
    assert names(page)[:3] == ["BiSeNet", "CAS", "DABNet"]
    assert names(page)[-1] == "SwiftNetRN-18 1024×2048"  # numbers in names count as such


def test_what_is_hidden_stays_hidden_when_the_table_is_sorted(page: Page) -> None:
    page.click('.legend [data-group="3"]')
    page.click("#points thead th:nth-child(3) button")
    assert len(names(page)) == 12
    assert names(page)[0] == "Fast-SCNN"


def test_the_front_and_the_logarithmic_axis_can_be_switched(page: Page) -> None:
    shown = "getComputedStyle(document.querySelector('.scene.wide.linear .front')).display"
    assert page.run(shown) != "none"
    page.click("#front")
    assert page.run(shown) == "none"
    assert len(page.texts(".scene.wide.linear .point")) == 19
    page.click("#log")
    assert page.texts(".scene.wide.linear .point") == []
    assert len(page.texts(".scene.wide.log .point")) == 19
    page.hover('.scene.wide.log .point[aria-label^="GUN:"] .marker')
    assert page.texts("#card h2") == ["GUN"]


@pytest.mark.parametrize("width", [1200, 900, 390])
@pytest.mark.parametrize("log", [False, True])
def test_no_label_covers_another_one_or_a_marker(
    browser: Page, fig_1: Path, width: int, log: bool
) -> None:
    browser.show(fig_1, width=width)
    if log:
        browser.click("#log")
    assert browser.run(OVERLAPS) == []
    quiet(browser)


@pytest.mark.parametrize("width", [1200, 900, 390])
def test_the_page_is_as_wide_as_the_screen(browser: Page, fig_1: Path, width: int) -> None:
    browser.show(fig_1, width=width)
    assert browser.run("document.documentElement.scrollWidth") == width
    sizes = browser.run(
        "[...document.querySelectorAll('.scene')].filter(e => e.getClientRects().length)"
        ".map(e => parseFloat(getComputedStyle(e).fontSize) * e.getBoundingClientRect().width"
        " / e.viewBox.baseVal.width)"
    )
    assert len(sizes) == 1
    assert sizes[0] >= 9.5  # CSS pixels of the labels' font, scaled as the drawing is


def test_the_table_stands_beside_the_plot_or_below_it(browser: Page, fig_1: Path) -> None:
    boxes = (
        "['.plot', '.beside'].map(s => document.querySelector(s).getBoundingClientRect())"
        ".map(b => [b.left, b.top, b.right, b.bottom])"
    )
    browser.show(fig_1, width=1200)
    plot, beside = browser.run(boxes)
    assert beside[0] >= plot[2]
    assert beside[1] == plot[1]
    browser.show(fig_1, width=390)
    plot, beside = browser.run(boxes)
    assert beside[1] >= plot[3]


def test_dark_screens_get_a_dark_page(browser: Page, fig_1: Path) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    marker = """getComputedStyle(document.querySelector('.point.g3 .marker')).fill"""
    browser.show(fig_1)
    assert (browser.run(ground), browser.run(marker)) == ("rgb(255, 255, 255)", "rgb(0, 114, 178)")
    browser.show(fig_1, dark=True)
    assert (browser.run(ground), browser.run(marker)) == ("rgb(20, 23, 27)", "rgb(89, 163, 205)")


def test_without_scripts_the_same_figures_are_there(browser: Page, fig_1: Path) -> None:
    browser.show(fig_1, scripts=False)
    # The page's scripts are off; the protocol's own expressions still run.
    assert len(browser.texts(POINT)) == len(names(browser)) == 19
    assert browser.texts(".controls") == []
    assert browser.run("document.querySelector('.legend button').disabled") is True
    quiet(browser)


def test_a_printer_gets_no_switches_and_every_row(browser: Page, fig_1: Path) -> None:
    browser.show(fig_1, dark=True)
    browser.print_as_paper()
    assert browser.texts(".controls") == []
    assert len(names(browser)) == 19
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_hostile_names_are_shown_and_nothing_runs(browser: Page, tmp_path: Path) -> None:
    path = tmp_path / "own.html"
    path.write_text(figure_page(own(tmp_path)), encoding="utf-8")
    browser.show(path)
    assert browser.texts("h1") == ["</script><b>Own</b> figures"]
    assert EVIL in names(browser)
    browser.hover('.scene.wide.linear .point[data-point="1"] .marker')
    assert browser.texts("#card h2") == [EVIL]
    assert "FPS40.0 (38 to 42)measured" in browser.texts("#card .figures tr")
    assert browser.run("document.images.length") == 0
    quiet(browser)


def test_the_policy_forbids_what_a_page_could_fetch(browser: Page, fig_1: Path) -> None:
    before = len(browser.requests)
    browser.show(fig_1)
    browser.run("window.refused = 0")
    browser.run("document.addEventListener('securitypolicyviolation', () => refused++)")
    browser.run("new Image().src = 'http://127.0.0.1:9/x.png'")
    browser.run("fetch('http://127.0.0.1:9/').catch(() => 0)")
    deadline = time.monotonic() + 60
    while browser.run("refused") < 2 or len(browser.complaints) < 2:  # it says so itself
        assert time.monotonic() < deadline, browser.complaints
    browser.run("new Promise(done => setTimeout(done, 200))")  # for what else it may say
    browser.complaints.clear()
    del browser.requests[before:]
