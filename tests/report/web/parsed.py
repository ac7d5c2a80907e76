"""HTML taken apart by the standard library's parser, for the tests of pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "input", "br", "img", "link", "hr", "base"}


@dataclass
class Element:
    """An element with all the text below it."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str, **wanted: str) -> list[Element]:
        """Return the elements below, in order, with this tag and these attributes (`a_b`: a-b)."""
        found = []
        for child in self.children:
            said = {k: child.attributes.get(k.rstrip("_").replace("_", "-")) for k in wanted}
            if child.tag == tag and said == wanted:
                found.append(child)
            found += child.all(tag, **wanted)
        return found

    def one(self, tag: str, **wanted: str) -> Element:
        """Return the only one of `all`."""
        [found] = self.all(tag, **wanted)
        return found


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.at = Element("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {k: v or "" for k, v in attrs}, self.at)
        self.at.children.append(element)
        if tag not in VOID:
            self.at = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.at.children.append(Element(tag, {k: v or "" for k, v in attrs}, self.at))

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.at.tag, f"</{tag}> ends <{self.at.tag}>"
        assert self.at.parent is not None
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        element: Element | None = self.at
        while element is not None:
            element.text += data
            element = element.parent


def parse(text: str) -> Element:
    """Return the document; an element that is not closed in its turn is an error."""
    parser = _Parser()
    parser.feed(text)
    parser.close()
    assert parser.at is parser.root, f"<{parser.at.tag}> is not closed"
    return parser.root


def foreign(root: Element) -> list[str]:
    """Return whatever would be fetched: addresses in attributes that load, and in styles."""
    loading = ("src", "href", "xlink:href", "srcset", "action", "data", "poster", "background")
    found = []
    for element in root.children:
        found += [
            value
            for key, value in element.attributes.items()
            if key in loading and element.tag != "a"
        ]
        if element.tag == "style" and ("url(" in element.text or "@import" in element.text):
            found.append(element.text)
        found += foreign(element)
    return found
