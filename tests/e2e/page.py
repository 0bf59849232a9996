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
    ("phone-dark", 390, 844, 2, True, "dark", True),
    ("narrow-light", 360, 640, 2, True, "light", False),
]
# The sections from top to bottom, by the ids of their headings: state, history, cause, fix, then the evidence.
ORDER = ["state", "history", "cause", "fix", "findings", "identity", "token", "checks", "endpoints", "node", "nothing"]
# What is measured in the page: each function returns what is wrong.
MEASURES = {
    "wide": """
        // An element whose right side is out of the screen, the head of a table for screen readers aside.
        const wide = [...document.querySelectorAll("body *")].filter(e => !e.closest("thead") && e.getBoundingClientRect().right > WIDTH + .5);
        const most = document.documentElement.scrollWidth;
        return (most > WIDTH ? [`${most} px wide on a screen of ${WIDTH}`] : []).concat(wide.map(e => `off the side: ${e.outerHTML.slice(0, 100)}`));
    """,
    "order": """
        const top = e => e.getBoundingClientRect().top;
        const shown = [["state", top(document.querySelector("h1"))]].concat([...document.querySelectorAll("h2")].map(e => [e.id, top(e)]));
        const places = shown.map(([id]) => ORDER.indexOf(id));
        // Two sections may stand side by side.
        const wrong = shown.filter(([, y], n) => places[n] < 0 || n > 0 && (places[n] <= places[n - 1] || y + 4 < shown[n - 1][1]));
        return wrong.map(([id]) => `out of order: ${id}`);
    """,
    # WCAG 2.2, 1.4.3 (AA): 4.5, and 3 for large text. 1.4.11: 3 for the cells of the history.
    "contrast": """
        const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
        const rgba = colour => {
            canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
            return [...canvas.getImageData(0, 0, 1, 1).data];
        };
        const back = e => {
            for (; e; e = e.parentElement) { const colour = rgba(getComputedStyle(e).backgroundColor); if (colour[3] === 255) return colour; }
            return [255, 255, 255, 255];
        };
        const light = colour => {
            const [r, g, b] = colour.slice(0, 3).map(c => c / 255).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
            return .2126 * r + .7152 * g + .0722 * b;
        };
        const ratio = (one, other) => { const [a, b] = [light(one), light(other)]; return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); };
        const wrong = [];
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            const text = texts.currentNode, e = text.parentElement, style = getComputedStyle(e);
            if (!text.data.trim() || !e.getClientRects().length) continue;
            const px = parseFloat(style.fontSize), large = px >= 24 || px >= 18.66 && style.fontWeight >= 700;
            const found = ratio(rgba(style.color), back(e));
            if (found < (large ? 3 : 4.5)) wrong.push(`contrast ${found.toFixed(2)}: ${text.data.trim().slice(0, 60)}`);
        }
        for (const e of document.querySelectorAll(".cell")) {
            const style = getComputedStyle(e), edge = style.borderTopWidth !== "0px" ? style.borderTopColor : style.backgroundColor;
            const colour = rgba(edge)[3] ? rgba(edge) : rgba(style.backgroundImage.match(/rgba?\\([^)]*\\)/)[0]);
            const found = ratio(colour, back(e.parentElement));
            if (found < 3) wrong.push(`contrast ${found.toFixed(2)}: ${e.className}`);
        }
        return wrong;
    """,
    "cells": """
        const widths = [...document.querySelectorAll(".cells .cell")].map(e => e.getBoundingClientRect().width);
        return widths.length && (Math.max(...widths) - Math.min(...widths) > .6 || Math.min(...widths) < 3) ? [`cells of ${Math.min(...widths)} to ${Math.max(...widths)} px`] : [];
    """,
    # A line of an ARN ends after `:` or `/`, unless the piece alone is wider than its place. A host may also break after a dot.
    "breaks": """
        const wrong = [];
        for (const e of document.querySelectorAll("code.value, pre")) {
            const words = e.textContent, marks = words.includes("arn:") && e.tagName === "CODE" ? /[:/]/ : /[:/. \\n]/;
            const style = getComputedStyle(e.tagName === "PRE" ? e : e.parentElement);
            const place = (e.tagName === "PRE" ? e : e.parentElement).clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
            const texts = document.createTreeWalker(e, NodeFilter.SHOW_TEXT), range = document.createRange();
            let before = null, piece = 0;
            while (texts.nextNode()) {
                const text = texts.currentNode;
                for (let n = 0; n < text.length; n++) {
                    range.setStart(text, n); range.setEnd(text, n + 1);
                    const at = range.getBoundingClientRect();
                    piece = before === null || marks.test(before.c) ? 1 : piece + 1;
                    if (before && at.width && at.top > before.top + 4 && !marks.test(before.c)) {
                        const rest = words.slice(words.indexOf(text.data)).slice(n).split(marks)[0].length;
                        if ((piece + rest) * at.width < place - 1) wrong.push(`broken after ${before.c}: ${words.slice(0, 200)}`);
                    }
                    if (at.width) before = {top: at.top, c: text.data[n]}; else before = {top: before ? before.top : at.top, c: text.data[n]};
                }
            }
        }
        return wrong;
    """,
}

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


def measured(session, measure, width):
    source = f"(() => {{ const WIDTH = {width}, ORDER = {json.dumps(ORDER)}; {MEASURES[measure]} }})()"
    answer = call("Runtime.evaluate", session, expression=source, returnByValue=True)
    return answer["result"]["value"] if "exceptionDetails" not in answer else [f"{measure}: {answer['exceptionDetails']}"]


def click(session, x, y):
    for kind in ("mousePressed", "mouseReleased"):
        call("Input.dispatchMouseEvent", session, type=kind, x=x, y=y, button="left", clickCount=1)


def not_whole(session):
    """Clicks each document, and returns those of which the click selects another text than the whole."""
    wrong = []
    for nth in range(value(session, "document.querySelectorAll('pre').length")):
        x, y = value(session, f"""(() => {{
            const e = document.querySelectorAll("pre")[{nth}];
            e.scrollIntoView({{block: "center"}});
            const at = e.getBoundingClientRect();
            return [at.left + 20, Math.min(at.top + at.height / 2, innerHeight - 5)];
        }})()""")
        click(session, x, y)
        if not value(session, f"getSelection().toString().trim() === document.querySelectorAll('pre')[{nth}].textContent.trim()"):
            wrong.append("one click selects: " + value(session, "getSelection().toString()")[:200])
    value(session, "getSelection().empty(); scrollTo(0, 0)")
    return wrong


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
        if not whole:
            picture = call("Page.captureScreenshot", session, format="png")["data"]
        else:
            size = call("Page.getLayoutMetrics", session)["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": width, "height": size["height"], "scale": 1}
            picture = call("Page.captureScreenshot", session, captureBeyondViewport=True, clip=clip, format="png")["data"]
        with open(f"{out}/{name}-{look}.png", "wb") as file:
            file.write(base64.b64decode(picture))
        wrong = [words for measure in MEASURES for words in measured(session, measure, width)]
        wrong += not_whole(session)
        failed += len(wrong)
        for words in wrong:
            print(f"FAIL  {name}-{look}: {words}")
# A style that its policy does not admit, or a request that the page makes, is said here.
for text in sorted(set(console)):
    failed += 1
    print(f"FAIL  console: {text}")
call("Browser.close")
browser.wait()
print(f"{len(pages)} pages, {len(pages) * len(LOOKS)} pictures in {out}, {failed} failed")
sys.exit(failed > 0)
