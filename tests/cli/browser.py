# SPDX-License-Identifier: GPL-2.0-only
"""Chromium by WebDriver, by nothing but Python's library."""
import base64
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Driver:
    """A browser with one window, that keeps what it said on its console and what it asked the network for."""

    def __init__(self, dark=False, width=1280, height=900):
        self.directory = tempfile.mkdtemp(prefix="ipitrace-browser.")
        self.driver = None
        self.url = None
        try:
            self._start(dark, width, height)
        except BaseException:
            self.close()
            raise

    def _start(self, dark, width, height):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        env = dict(os.environ, HOME=self.directory, TMPDIR=self.directory, XDG_CONFIG_HOME=self.directory)
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], env=env, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, start_new_session=True)
        base = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                if self._ask("GET", f"{base}/status")["ready"]:
                    break
            except OSError:
                pass
            time.sleep(0.1)
        # Root has no sandbox of Chromium's; /dev/shm may be too small in a container.
        arguments = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-device-scale-factor=1",
                     f"--window-size={width},{height}", f"--user-data-dir={self.directory}/profile", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        if dark:
            arguments.append("--blink-settings=preferredColorScheme=0")
        wanted = {"browserName": "chrome", "goog:chromeOptions": {"args": arguments},
                  "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
                  "timeouts": {"script": 120000, "pageLoad": 300000}}
        answer = self._ask("POST", f"{base}/session", {"capabilities": {"alwaysMatch": wanted}})
        self.url = f"{base}/session/{answer['sessionId']}"
        self.version = answer["capabilities"]["browserVersion"]

    def _ask(self, method, url, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as e:
            raise RuntimeError(json.load(e)["value"]["message"].splitlines()[0]) from None

    def ask(self, method, path, body=None):
        return self._ask(method, self.url + path, body)

    def open(self, path, fragment=""):
        self.ask("POST", "/url", {"url": "file://" + os.path.abspath(path) + fragment})

    def blank(self):
        self.ask("POST", "/url", {"url": "about:blank"})

    def reload(self):
        self.ask("POST", "/refresh", {})

    def run(self, script, *arguments):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def devtools(self, command, **parameters):
        return self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width, height):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        for _ in range(200): # what is asked for comes a little later
            if self.run("return innerWidth") == width:
                break
            time.sleep(0.05)

    def find(self, css):
        return self.ask("POST", "/element", {"using": "css selector", "value": css})

    def click(self, css):
        self.ask("POST", f"/element/{self.find(css)[ELEMENT]}/click", {})

    def type(self, css, text):
        self.ask("POST", f"/element/{self.find(css)[ELEMENT]}/value", {"text": text})

    def keys(self, *names):
        """Pressed one after the other, whatever has the focus."""
        pressed = [{"type": kind, "value": name} for name in names for kind in ("keyDown", "keyUp")]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": pressed}]})

    def drag(self, css, start, end, y):
        """From one share of an element's width to another, at a share of its height."""
        box = self.run("const e = document.querySelector(arguments[0]); e.scrollIntoView({block: 'center'});"
                       "const r = e.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]", css)
        at = [{"type": "pointerMove", "duration": 0, "x": int(box[0] + share * box[2]), "y": int(box[1] + y * box[3])}
              for share in (start, (start + end) / 2, end)]
        moves = [at[0], {"type": "pointerDown", "button": 0}, at[1], at[2], {"type": "pointerUp", "button": 0}]
        self.ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": moves}]})

    def point(self, css, x, y):
        """To a share of an element's width and height."""
        box = self.run("const e = document.querySelector(arguments[0]); e.scrollIntoView({block: 'center'});"
                       "const r = e.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]", css)
        self.ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [
            {"type": "pointerMove", "duration": 0, "x": int(box[0] + x * box[2]), "y": int(box[1] + y * box[3])}]}]})

    def console(self):
        """What was complained of since the last time: errors, and what the policy of a page refused."""
        return [e["message"] for e in self.ask("POST", "/se/log", {"type": "browser"}) if e["level"] in ("SEVERE", "WARNING")]

    def requests(self):
        """Addresses that pages asked for since the last time; the browser's own first tab is none of ours."""
        out = []
        for entry in self.ask("POST", "/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if (message["method"] == "Network.requestWillBeSent" and
                    not message["params"]["documentURL"].startswith(("chrome://", "chrome-untrusted://"))):
                out.append(message["params"]["request"]["url"])
        return out

    def screenshot(self, path, whole=True):
        parameters = {"format": "png", "captureBeyondViewport": whole}
        if whole:
            width, height = self.run("const e = document.documentElement; return [e.clientWidth, e.scrollHeight]")
            parameters["clip"] = {"x": 0, "y": 0, "width": width, "height": min(height, 16000), "scale": 1}
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.devtools("Page.captureScreenshot", **parameters)["data"]))

    def close(self):
        if self.url:
            with contextlib.suppress(Exception):
                self.ask("DELETE", "")
        if self.driver:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.driver.pid, signal.SIGTERM)
            self.driver.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
