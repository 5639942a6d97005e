"""Asks the real portal who is on file: `python -m bench.enumeration [COUNT [AT_ONCE]]`.

Starts a demo of its own with `portal.disclosure` = `uniform`, and walks COUNT visitors whose
contact is on file and COUNT whose is not through every page before a code, in a mixed order. Exits
with 1 if anything but what is drawn for each visitor differs, or if times do: their medians by more
than 5 ms, or their distributions by the test of Kolmogorov and Smirnov at one per cent over all
pages.
"""

import math
import os
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import NamedTuple

import httpx

from bench.console import say
from bench.journeys import world
from demo.crowd import invent
from demo.students import Row
from demo.visitor import TLS
from domain import masks
from domain.contracts.vocabulary import ContactKind

COUNT, AT_ONCE = 1_000, 16
MEDIANS_MS = 5.0
SIGNIFICANT = 0.01
_ENDED_EACH = 10
_TOLD = 600
_UNKNOWN_FROM = 50_000
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
_DRAWN = (
    (re.compile(r'(name="(?:csrf|form)" value=)"[^"]+"'), r"\1"),
    (re.compile(r"A-[0-9A-Z]{4}(?:-[0-9A-Z]{4})?"), "REFERENCE"),
    (re.compile(r"\b\d{1,2}:\d\d(?::\d\d)?\b"), "TIME"),
    (re.compile(r'"since": ?"[^"]+"'), "SINCE"),
    # Seconds left of a wait or a session, which pass between the pages of two visitors.
    (re.compile(r'(data-(?:opens-in|idle|in-all)=)"\d+"'), r"\1"),
)
_LATE = re.compile(
    r"\A503|\?received|^location: /progress$|<title>Υπάρχει καθυστέρηση", re.MULTILINE
)
"""What any visitor is told where the engine answers too late."""
_UNTIL_LATE = 3
_OF_EACH = frozenset({"date", "set-cookie"})


class Visit(NamedTuple):
    """One visitor: the contacts that they type, and whether a live student has them on file."""

    typed: Mapping[str, str]
    on_file: bool


class SeenAnswer(NamedTuple):
    """One answer without what is drawn for each visitor, and the time it took, in milliseconds."""

    page: str
    told: str
    took: float


class Result(NamedTuple):
    """What differed on one page, and how far apart its times were."""

    page: str
    n: int
    different: int
    apart: float
    p: float
    odd: tuple[str, ...] = ()
    """Of each answer that only one kind got, the lines that the commonest answer has not."""


class _Browser:
    """An HTTP client that follows nothing, and tells all that a stranger could look at."""

    def __init__(self, url: str, typed: Mapping[str, str]) -> None:
        self.http = httpx.Client(base_url=url, verify=TLS, headers={"Accept-Language": "el"})
        self.answers: list[SeenAnswer] = []
        self._hidden: dict[str, str] = {}
        self._masks = [_mask(name, value) for name, value in typed.items() if value]

    def get(self, path: str) -> httpx.Response:
        return self._seen("GET", path, None)

    def post(self, path: str, **fields: str) -> httpx.Response:
        return self._seen("POST", path, self._hidden | fields)

    def _seen(self, method: str, path: str, data: Mapping[str, str] | None) -> httpx.Response:
        before = time.perf_counter()
        response = self.http.request(method, path, data=data)
        took = 1000 * (time.perf_counter() - before)
        hidden = dict(reversed(_HIDDEN.findall(response.text)))
        self._hidden = {name: hidden[name] for name in ("csrf", "form") if name in hidden} or (
            self._hidden
        )
        self.answers.append(SeenAnswer(f"{method} {path}", self._plain(response), took))
        return response

    def _plain(self, response: httpx.Response) -> str:
        lines = [str(response.status_code)]
        for name, value in response.headers.multi_items():
            lines.append(f"{name}: {'' if name in _OF_EACH else value}")
            if name == "set-cookie":
                lines[-1] += re.sub(r"=[^;]*", "", value, count=1)
        text = "\n".join([*lines, *sorted(self.http.cookies), response.text])
        for mask in self._masks:
            text = text.replace(mask, "MASK")
        for pattern, instead in _DRAWN:
            text = pattern.sub(instead, text)
        return text


def _mask(name: str, value: str) -> str:
    return masks.contact(ContactKind(name), f"+30{value}" if name == "mobile" else value)


def walk(url: str, visit: Visit) -> list[SeenAnswer]:
    """Walk one visitor through all that a stranger can do with a contact.

    Returns the answers; fewer if the engine was too late for one, which everybody is told alike.
    """
    browser = _Browser(url, visit.typed)
    with browser.http:
        browser.get("/who")
        browser.post("/who", who="student")
        browser.get("/contact")
        if browser.post("/contact", **visit.typed).headers.get("location") != "/pin":
            return browser.answers
        page = browser.get("/pin").text
        mark = re.findall(r"A-[0-9A-Z]{4}", page)[0]
        browser.post("/pin", pin="000000")
        browser.post("/pin/resend", channel="sms")
        browser.get("/pin?sent")
        browser.post("/pin/resend", channel="email")
        browser.post("/pin/resend", channel="sms", answer="1/1/1999")
        for path in ("/progress", "/progress.json", "/review", "/contact"):
            browser.get(path)
        browser.post("/not-me", mark=mark, pin="000000")
    late = any(_LATE.search(each.told) for each in browser.answers)
    return browser.answers[:_UNTIL_LATE] if late else browser.answers


def visits(count: int, draw: random.Random, first: int = 1) -> tuple[list[Visit], list[Row]]:
    """Return so many of each kind in a mixed order, and the registrar's rows.

    A third types the mobile, a third the e-mail, a third both. Of the unknown every tenth has a row
    that is not active any more. `first` is the first student's number.
    """
    rows, found = [], []
    for n in range(count):
        for number, on_file in ((first + n, True), (first + n + _UNKNOWN_FROM, False)):
            ended = None if on_file or n % _ENDED_EACH else "inactive"
            row = invent(number, draw)
            typed = {"mobile": str(row["mobilephone"]), "email": f"s{number:05d}@mail.example"}
            kept = row | {"extemail": typed["email"]}
            if on_file or ended:
                rows.append(kept | ({"enrollmentstatus": ended} if ended else {}))
            typed |= [{}, {"mobile": ""}, {"email": ""}][n % 3]
            found.append(Visit(typed, on_file))
    draw.shuffle(found)
    return found, rows


def compare(answers: Mapping[bool, Sequence[list[SeenAnswer]]]) -> Iterator[Result]:
    """Yield for each page what differs between those on file and those who are not.

    Last comes how many were too late for all pages, which must be as many of either kind.
    """
    told = {kind: defaultdict[str, Counter[str]](Counter) for kind in answers}
    took = {kind: defaultdict[str, list[float]](list) for kind in answers}
    whole = max(len(one) for walks in answers.values() for one in walks)
    for kind, walks in answers.items():
        on_time = [one for one in walks if len(one) == whole]
        for number, each in ((n, a) for one in on_time for n, a in enumerate(one)):
            page = f"{number + 1:2} {each.page}"
            told[kind][page][each.told] += 1
            took[kind][page].append(each.took)
    for page in sorted({*told[True], *told[False]}):
        both = told[True][page] + told[False][page]
        one_sided = {*told[True][page]} ^ {*told[False][page]}
        different = sum(both[text] for text in one_sided)
        common = both.most_common(1)[0][0].splitlines()
        odd = tuple(_lines_beside(text, common) for text in one_sided)
        here, there = took[True][page], took[False][page]
        apart = median(here) - median(there)
        yield Result(page, len(here), different, apart, kolmogorov_smirnov(here, there), odd)
    late = {kind: [float(len(one) < whole) for one in walks] for kind, walks in answers.items()}
    n = int(sum(late[True]) + sum(late[False]))
    yield Result("   too late", n, 0, 0.0, kolmogorov_smirnov(late[True], late[False]))


def _lines_beside(text: str, common: Sequence[str]) -> str:
    return " | ".join(line.strip() for line in text.splitlines() if line not in common)[:_TOLD]


def kolmogorov_smirnov(one: Sequence[float], other: Sequence[float]) -> float:
    """Return how likely samples of one distribution lie as far apart as these two (asymptotic)."""
    first, second = sorted(one), sorted(other)
    furthest, i, j = 0.0, 0, 0
    while i < len(first) and j < len(second):
        at = min(first[i], second[j])
        while i < len(first) and first[i] <= at:
            i += 1
        while j < len(second) and second[j] <= at:
            j += 1
        furthest = max(furthest, abs(i / len(first) - j / len(second)))
    root = math.sqrt(len(first) * len(second) / (len(first) + len(second)))
    scaled = (root + 0.12 + 0.11 / root) * furthest
    if scaled < 0.2:  # noqa: PLR2004 - below it the series does not converge, and the sum is 1
        return 1.0
    terms = (math.cos(math.pi * (k - 1)) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101))
    return min(max(2 * sum(terms), 0.0), 1.0)


def play(url: str, found: Sequence[Visit], at_once: int) -> dict[bool, list[list[SeenAnswer]]]:
    """Walk all of them, so many at once; return the answers by whether they are on file."""
    answers: dict[bool, list[list[SeenAnswer]]] = {True: [], False: []}
    with ThreadPoolExecutor(at_once) as walkers:
        walks = walkers.map(lambda visit: walk(url, visit), found)
        for visit, walked in zip(found, walks, strict=True):
            answers[visit.on_file].append(walked)
    return answers


def main(count: int = COUNT, at_once: int = AT_ONCE) -> int:
    os.environ["ACTIVATION_PORTAL__DISCLOSURE"] = "uniform"
    for ceiling in ("sms_per_hour", "sms_per_day", "mail_per_hour", "mail_per_day"):
        os.environ[f"ACTIVATION_SEND_BUDGET__{ceiling.upper()}"] = "1000000"
    draw = random.Random(time.time_ns())  # noqa: S311 - invented people need no secrecy
    found, rows = visits(count, draw)
    with world() as there:
        there.enrol(rows)
        results = list(compare(play(there.env["PORTAL_URL"], found, at_once)))
    least = SIGNIFICANT / len(results)
    for each in results:
        say(
            f"{each.page:34} n {each.n:5} different {each.different:3}"
            f"   medians {each.apart:+6.2f} ms   p {each.p:.4f}"
        )
        for odd in each.odd:
            say(f"     {odd}")
    differing = sum(each.different > 0 for each in results)
    slow = [each for each in results if abs(each.apart) > MEDIANS_MS or each.p < least]
    say(f"pages that differ: {differing} of {len(results)}")
    say(f"pages whose times differ: {len(slow)} of {len(results)}")
    return 1 if differing or slow else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
