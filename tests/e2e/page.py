"""Drives a headless chromium over its debugging pipe (file descriptors 3 and 4, messages end with a zero byte)."""

import base64
import itertools
import json
import os
import subprocess
import sys

profile, out, *pages = sys.argv[1:]
# name, width, height, scale, mobile, colour scheme, the whole page or its first screen
LOOKS = [
    ("laptop-light", 1280, 900, 1, False, "light", True),
    ("laptop-dark", 1280, 900, 1, False, "dark", True),
    ("phone-light", 390, 844, 2, True, "light", True),
    ("phone-dark", 390, 844, 2, True, "dark", False),
    ("narrow-light", 360, 640, 2, True, "light", False),
]

to_browser, from_us = os.pipe()
from_browser, to_us = os.pipe()


def pipes():
    """3 and 4 may be taken by the pipes themselves: move them out of the way first."""
    reading, writing = os.dup(to_browser), os.dup(to_us)
    high_reading, high_writing = os.dup2(reading, 103), os.dup2(writing, 104)
    os.dup2(high_reading, 3)
    os.dup2(high_writing, 4)


browser = subprocess.Popen(
    ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
     "--disable-background-networking", "--disable-component-update", "--disable-sync",
     "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"],
    preexec_fn=pipes, close_fds=False, stderr=subprocess.DEVNULL)
os.close(to_browser)
os.close(to_us)
requests, answers = os.fdopen(from_us, "wb"), os.fdopen(from_browser, "rb")
numbers = itertools.count(1)
console = []


def message():
    text = bytearray()
    while (byte := answers.read(1)) not in (b"\0", b""):
        text += byte
    if not text:
        sys.exit("chromium ended")
    found = json.loads(text)
    if found.get("method") == "Log.entryAdded":
        console.append(found["params"]["entry"]["text"])
    return found


def call(method, session=None, **params):
    number = next(numbers)
    request = {"id": number, "method": method, "params": params}
    if session:
        request["sessionId"] = session
    requests.write(json.dumps(request).encode() + b"\0")
    requests.flush()
    while (answer := message()).get("id") != number:
        pass
    if "error" in answer:
        sys.exit(f"{method}: {answer['error']}")
    return answer["result"]


def value(session, expression):
    return call("Runtime.evaluate", session, expression=expression, returnByValue=True)["result"]["value"]


def loaded(session):
    while (event := message()).get("method") != "Page.loadEventFired" or event.get("sessionId") != session:
        pass


target = call("Target.createTarget", url="about:blank")["targetId"]
session = call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
call("Page.enable", session)
call("Log.enable", session)
failed = 0
for page in pages:
    name, url = page.split("=", 1)
    for look, width, height, scale, mobile, scheme, whole in LOOKS:
        call("Emulation.setDeviceMetricsOverride", session, width=width, height=height, deviceScaleFactor=scale, mobile=mobile)
        call("Emulation.setEmulatedMedia", session, features=[{"name": "prefers-color-scheme", "value": scheme}])
        call("Page.navigate", session, url=url)
        loaded(session)
        picture = call("Page.captureScreenshot", session, captureBeyondViewport=whole, format="png")["data"] if not whole else None
        if whole:
            size = call("Page.getLayoutMetrics", session)["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": width, "height": size["height"], "scale": 1}
            picture = call("Page.captureScreenshot", session, captureBeyondViewport=True, clip=clip, format="png")["data"]
        with open(f"{out}/{name}-{look}.png", "wb") as file:
            file.write(base64.b64decode(picture))
        wide = value(session, "document.documentElement.scrollWidth")
        if wide > width:
            failed += 1
            print(f"FAIL  {name}-{look}: {wide} px wide on a screen of {width}")
# A style that its policy does not admit, or a request that the page makes, is said here.
for text in sorted(set(console)):
    failed += 1
    print(f"FAIL  console: {text}")
call("Browser.close")
browser.wait()
print(f"{len(pages)} pages, {len(pages) * len(LOOKS)} pictures in {out}, {failed} failed")
sys.exit(failed > 0)
