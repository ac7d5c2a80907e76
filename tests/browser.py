"""A real browser for the tests of pages: Chromium without a window, driven over its own pipe.

The DevTools protocol over two file descriptors needs no driver, no port and no package.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--force-device-scale-factor=1", "--hide-scrollbars",
    "--remote-debugging-pipe",
)  # fmt: skip
PATIENCE_S = 60


class Page:
    """One tab. What it complained about, asked for or opened is kept.

    Attributes:
        complaints: Console messages of errors and warnings, exceptions, violations of the policy.
        requests: Addresses of everything that was fetched.
        dialogs: Texts of the dialogs that were opened.
    """

    def __init__(self, reading: int, writing: int) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self._reading, self._writing = reading, writing
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self._seen: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self._call(f"{domain}.enable")

    def show(
        self, path: Path, *, width: int = 1200, height: int = 900, dark: bool = False,
        scripts: bool = True,
    ) -> None:  # fmt: skip
        """Open a file and wait until it is loaded."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", media="", features=[scheme])
        self._call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self._seen.clear()
        self._call("Page.navigate", url=path.resolve().as_uri())
        self._wait("Page.loadEventFired")

    def print_as_paper(self) -> None:
        """Lay the page out for a printer."""
        self._call("Emulation.setEmulatedMedia", media="print")

    def run(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, a promise being waited for."""
        answer = self._call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def texts(self, selector: str) -> list[str]:
        """Return the text of every visible element."""
        return self.run(
            f"[...document.querySelectorAll({json.dumps(selector)})]"
            ".filter(e => e.getClientRects().length).map(e => e.textContent.trim())"
        )

    def centre(self, selector: str) -> tuple[float, float]:
        """Return the middle of the first visible element, scrolled into view."""
        box = self.run(
            f"(() => {{const e = [...document.querySelectorAll({json.dumps(selector)})]"
            ".find(e => e.getClientRects().length); if (!e) return null;"
            "e.scrollIntoView({block: 'center', behavior: 'instant'});"
            "const b = e.getBoundingClientRect();"
            "return [b.left + b.width / 2, b.top + b.height / 2]})()"
        )
        assert box, f"nothing visible matches {selector}"
        return box[0], box[1]

    def hover(self, selector: str) -> None:
        """Move the mouse onto an element."""
        x, y = self.centre(selector)
        self._call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def away(self) -> None:
        """Move the mouse into the corner of the page."""
        self._call("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)

    def click(self, selector: str) -> None:
        """Click an element with the mouse."""
        x, y = self.centre(selector)
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str, code: int) -> None:
        """Press and release a key on whatever has the focus."""
        text = {"Enter": "\r", " ": " "}.get(key, "")
        for kind in ("keyDown", "keyUp"):
            self._call(
                "Input.dispatchKeyEvent",
                type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                text=text if kind == "keyDown" else "",
            )  # fmt: skip

    def picture(self, path: Path, *, whole: bool = True) -> None:
        """Write a screenshot."""
        answer = self._call("Page.captureScreenshot", captureBeyondViewport=whole, format="png")
        path.write_bytes(base64.b64decode(answer["data"]))

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._writing, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]

    def _wait(self, event: str) -> None:
        while event not in self._seen:
            self._receive()

    def _receive(self) -> dict[str, Any]:
        """Return the next message, an event being noted first."""
        deadline = time.monotonic() + PATIENCE_S
        while b"\0" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._reading], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            part = os.read(self._reading, 1 << 16)
            if not part:
                raise EOFError("the browser has ended")
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        if "method" in message:
            self._note(message["method"], message.get("params", {}))
        return message

    def _note(self, event: str, details: dict[str, Any]) -> None:
        self._seen.append(event)
        if event == "Network.requestWillBeSent":
            self.requests.append(details["request"]["url"])
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(str(details["exceptionDetails"]))
        elif event == "Runtime.consoleAPICalled" and details["type"] in ("error", "warning"):
            self.complaints.append(str(details["args"]))
        elif event == "Log.entryAdded":
            self.complaints.append(details["entry"]["text"])
        elif event == "Page.javascriptDialogOpening":
            self.dialogs.append(details["message"])


@contextmanager
def opened(profile: Path) -> Iterator[Page]:
    """Start the browser with the empty folder `profile` for its own files, and end it again."""
    assert CHROMIUM is not None
    their_reading, our_writing = os.pipe()
    our_reading, their_writing = os.pipe()
    # The browser reads from descriptor 3 and writes to 4, wherever ours are.
    line = f'exec "$0" "$@" 3<&{their_reading} 4>&{their_writing} 2>/dev/null'
    process = subprocess.Popen(
        ["/bin/bash", "-c", line, CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        pass_fds=(their_reading, their_writing),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(their_reading)
    os.close(their_writing)
    try:
        yield Page(our_reading, our_writing)
    finally:
        os.close(our_writing)  # which ends it
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
        os.close(our_reading)
