"""A whole HTML page around a body, and text made safe for one.

A page is one file: styles and scripts are inside, and its content security policy forbids every
request, so that it shows the same offline and years later.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape as _escape
from pathlib import Path
from typing import Any

ASSETS = Path(__file__).with_name("assets")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
SCRIPTS_TOO = f"{POLICY}; script-src 'unsafe-inline'"

CODE = re.compile(r"`([^`]+)`")
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")  # no HTML may hold these


def escape(text: str) -> str:
    """Return `text` as HTML that shows it as it is, in an element or a quoted attribute."""
    return _escape(FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text), quote=True)


def prose(text: str) -> str:
    """Return `text` escaped, its `code` as such."""
    parts = CODE.split(text)  # text, code, text, code, ..., text
    return "".join(
        f"<code>{escape(part)}</code>" if i % 2 else escape(part) for i, part in enumerate(parts)
    )


def attributes(**values: object) -> str:
    """Return attributes with a space before each; `_` becomes `-`, null and false are left out."""
    found = []
    for name, value in values.items():
        name = name.rstrip("_").replace("_", "-")
        if value is True:
            found.append(f" {name}")
        elif value is not None and value is not False:
            found.append(f' {name}="{escape(str(value))}"')
    return "".join(found)


def script_json(data: Any) -> str:
    """Return `data` as JSON that may stand in a script element.

    Nothing in it can end the element or open a comment, and no line separator is left that older
    scripts choke on.
    """
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def page(
    title: str,
    body: str,
    *,
    styles: Sequence[str],
    script: str = "",
    root: str = "",
    data: Any = None,
) -> str:
    """Return a complete page.

    Args:
        title: Plain text.
        body: HTML.
        styles: Names of the style sheets among the assets, in order.
        script: Name of the script among the assets; without one the page runs none.
        root: Attributes of the root element, as `attributes` returns them.
        data: What the script reads, as plain JSON types.
    """
    style = "\n".join(_asset(name) for name in styles)
    scripts = ""
    if script:
        scripts = (
            f'<script type="application/json" id="data">{script_json(data)}</script>\n'
            f"<script>\n{_asset(script)}</script>\n"
        )
    policy = SCRIPTS_TOO if script else POLICY
    return (
        f'<!doctype html>\n<html lang="en"{root}>\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f"{body}\n{scripts}</body>\n</html>\n"
    )


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")
