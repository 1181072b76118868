"""Chromium and Firefox as the system has them, driven by their own protocols without a driver."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

from support.processes import Processes

PATIENCE = 120.0
_QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
)  # fmt: skip
# No news, updates, statistics or look-ups of its own: what is asked for is asked for by the page.
_FIREFOX = {
    "app.update.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
}


class Browser:
    """A page in a browser: what it asks for and complains of is kept.

    Attributes
    ----------
    requests : list of str
        Addresses asked for since the start.
    complaints : list of str
        Errors and warnings of the console, uncaught faults, breaches of the policy.
    """

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._processes = Processes()
        self._loop = asyncio.new_event_loop()
        self._numbers = itertools.count(1)
        self._link: WebSocketClientConnection | None = None

    def _connect(self, address: str) -> None:
        async def connect() -> WebSocketClientConnection:
            return await websocket_connect(address, max_message_size=2**28)

        self._link = self._loop.run_until_complete(connect())

    def _ask(self, method: str, parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Ask and wait for the answer; what happens meanwhile is kept."""
        number = next(self._numbers)
        return self._loop.run_until_complete(
            asyncio.wait_for(self._answer(number, method, parameters, more), PATIENCE)
        )

    async def _answer(
        self, number: int, method: str, parameters: dict[str, Any], more: dict[str, Any]
    ) -> dict[str, Any]:
        assert self._link is not None
        message = {"id": number, "method": method, "params": parameters, **more}
        await self._link.write_message(json.dumps(message))
        while True:
            said = await self._link.read_message()
            assert said is not None, f"the browser is gone ({method})"
            heard = json.loads(said)
            if heard.get("id") == number:
                assert "error" not in heard, (method, heard["error"], heard.get("message"))
                return dict(heard["result"])
            if "method" in heard:
                self._happened(heard["method"], heard["params"])

    def _happened(self, event: str, told: dict[str, Any]) -> None:
        raise NotImplementedError

    def show(self, address: str, width: int, height: int = 900) -> None:
        """Open a page and wait until all of it is there."""
        raise NotImplementedError

    def value(self, script: str) -> Any:
        """What an expression comes to in the page."""
        raise NotImplementedError

    def picture(self, file: Path) -> None:
        """The whole page as PNG."""
        raise NotImplementedError

    def printed(self, file: Path) -> None:
        """The page as it is printed, as PDF."""
        raise NotImplementedError

    def close(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None
        self._processes.end()
        self._loop.close()


def _until(answered: Callable[[], str | None]) -> str:
    """The first answer that is not None."""
    end = time.monotonic() + PATIENCE
    while (answer := answered()) is None:
        assert time.monotonic() < end, "the browser did not start"
        time.sleep(0.05)
    return answer


class Chromium(Browser):
    """By the DevTools protocol."""

    def __init__(self, program: str, folder: Path, *, dark: bool, scripts: bool) -> None:
        super().__init__()
        told = folder / "DevToolsActivePort"
        self._processes.start(
            [program, *_QUIET, "--remote-debugging-port=0", f"--user-data-dir={folder}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port, path = _until(lambda: told.read_text() if told.is_file() else None).split()
        self._connect(f"ws://127.0.0.1:{port}{path}")
        self._session: dict[str, str] = {}
        page = self._ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = self._ask("Target.attachToTarget", {"targetId": page, "flatten": True})
        self._session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._do(f"{domain}.enable")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._do("Emulation.setEmulatedMedia", features=[scheme])
        self._do("Emulation.setScriptExecutionDisabled", value=not scripts)

    def _do(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._ask(method, parameters, **self._session)

    def _happened(self, event: str, told: dict[str, Any]) -> None:
        if event == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(told["exceptionDetails"]["text"])
        elif event == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning"):
            self.complaints.append(str(told["args"]))
        elif event == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.complaints.append(told["entry"]["text"])

    def show(self, address: str, width: int, height: int = 900) -> None:
        self._do(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self._do("Page.navigate", url=address)
        _until(lambda: self.value("document.readyState === 'complete' || null"))

    def value(self, script: str) -> Any:
        reply = self._do(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in reply, reply
        return reply["result"].get("value")

    def picture(self, file: Path) -> None:
        made = self._do("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(made["data"]))

    def printed(self, file: Path) -> None:
        made = self._do("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        file.write_bytes(base64.b64decode(made["data"]))


class Firefox(Browser):
    """By WebDriver BiDi."""

    def __init__(self, program: str, folder: Path, *, dark: bool, scripts: bool) -> None:
        super().__init__()
        folder.mkdir(parents=True)
        wanted = {
            **_FIREFOX,
            "javascript.enabled": scripts,
            "layout.css.prefers-color-scheme.content-override": 0 if dark else 1,
        }
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in wanted.items()]
        (folder / "user.js").write_text("\n".join(lines), "utf-8")
        said = folder / "said"
        with said.open("wb") as out:
            self._processes.start(
                [program, "--headless", "--no-remote", "--profile", str(folder),
                 "--remote-debugging-port", "0", "about:blank"],
                stdout=out, stderr=out, env={**os.environ, "HOME": str(folder)},
            )  # fmt: skip
        listens = re.compile(r"listening on (ws://\S+)")

        def address() -> str | None:
            match = listens.search(said.read_text("utf-8", "replace"))
            return None if match is None else match[1]

        self._connect(f"{_until(address)}/session")
        self._ask("session.new", {"capabilities": {}})
        watched = ["network.beforeRequestSent", "log.entryAdded"]
        self._ask("session.subscribe", {"events": watched})
        tree = self._ask("browsingContext.getTree", {})
        self._page = {"context": tree["contexts"][0]["context"]}

    def _happened(self, event: str, told: dict[str, Any]) -> None:
        if event == "network.beforeRequestSent":
            self.requests.append(told["request"]["url"])
        elif event == "log.entryAdded" and told["level"] in ("error", "warn"):
            self.complaints.append(told["text"])

    def show(self, address: str, width: int, height: int = 900) -> None:
        size = {"width": width, "height": height}
        self._ask("browsingContext.setViewport", {**self._page, "viewport": size})
        self._ask("browsingContext.navigate", {**self._page, "url": address, "wait": "complete"})

    def value(self, script: str) -> Any:
        reply = self._ask(
            "script.evaluate",
            {
                "expression": f"(async () => JSON.stringify(await ({script})) ?? 'null')()",
                "target": self._page,
                "awaitPromise": True,
            },
        )
        assert reply["type"] == "success", reply
        return json.loads(reply["result"]["value"])

    def picture(self, file: Path) -> None:
        made = self._ask("browsingContext.captureScreenshot", {**self._page, "origin": "document"})
        file.write_bytes(base64.b64decode(made["data"]))

    def printed(self, file: Path) -> None:
        made = self._ask("browsingContext.print", {**self._page, "background": True})
        file.write_bytes(base64.b64decode(made["data"]))
