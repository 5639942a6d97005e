"""The grammar of the forms: each form's fields, and requests that keep to it or break it.

A request is data: nothing is sent here. Broken ones carry no submission that the application may
take: another browser's token, no token, another content type, a foreign origin, a wrong method.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from types import MappingProxyType
from urllib.parse import quote, quote_plus, urlsplit

from tests.fuzz.values import CONTACTS, DATES, NUMBERS, RAW, hostile

Pairs = list[tuple[str, str]]
FORM = "application/x-www-form-urlencoded"
_JSON = '{"csrf": "x", "pin": "123456"}'
_LEADS_ON = 0.02
"""Share of the forms that have the right answers and nothing else."""
_OTHER_TYPES = ("application/json", "multipart/form-data; boundary=x", "text/plain", "", "a/b;c=d")
_OTHER_METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS", "GET", "HEAD", "PROPFIND")


@dataclass(frozen=True)
class Field:
    """A field of a form: its usual values, and how often it is repeated on purpose."""

    name: str
    usual: Sequence[str] = ()
    many: bool = False


@dataclass(frozen=True)
class FormGrammar:
    path: str
    fields: Sequence[Field] = ()


ASKED_MAIL = [Field("asked", CONTACTS), Field("meant", ["yes", "no"])]
HELP = [
    Field("name", ["Μαρία"]),
    Field("reply_to", CONTACTS),
    Field("phone", CONTACTS),
    Field("text", ["Βοήθεια"]),
    *ASKED_MAIL,
]
PORTAL = (
    FormGrammar("/who", [Field("who", ["student", "staff", "STUDENT"])]),
    FormGrammar("/contact", [Field("mobile", CONTACTS), Field("email", CONTACTS), *ASKED_MAIL]),
    FormGrammar("/pin", [Field("pin", NUMBERS)]),
    FormGrammar("/pin/resend", [Field("channel", ["sms", "email", "fax"]), Field("answer", DATES)]),
    FormGrammar(
        "/identify",
        [Field("answer", DATES), Field("question", ["birth_date", "student_number", "x"])],
    ),
    FormGrammar("/insurance", [Field("number", ["01010500013", "00000000000"])]),
    FormGrammar(
        "/insurance/other",
        [Field("scheme", ["CY", "EHIC", "GR", "ZZ"]), Field("number", ["AB123456", "80196"])],
    ),
    FormGrammar(
        "/review",
        [
            Field("decision", ["agree", "dispute", "withdraw", "AGREE", "delete"]),
            Field("shown_hash", ["0" * 64, "f" * 63]),
            Field("choice", ["recovery_email", "recovery_mobile", "directory_listing", "x"], True),
            Field("wrong", ["name", "studies", "fax"], True),
            Field("note", ["Λάθος όνομα"]),
        ],
    ),
    FormGrammar("/review/insurance", []),
    FormGrammar(
        "/password",
        [
            Field("password", ["short", "panathinaikos12"]),
            Field("suggestion", ["1", "2", "0", "9", "own"]),
            Field("suggested", ["yes"]),
        ],
    ),
    FormGrammar(
        "/problem",
        HELP,
    ),
    FormGrammar(
        "/problem/A-7K3F-92QD",
        HELP,
    ),
    FormGrammar(
        "/not-me", [Field("mark", ["A-7K3F", "7k3f", "A-0000", "B-1"]), Field("pin", NUMBERS)]
    ),
    FormGrammar("/hooks/sms/sms", [Field("status", ["delivered", "x"])]),
    FormGrammar("/hooks/sms/sms/0123", [Field("status", ["delivered", "x"])]),
    FormGrammar("/session"),
    FormGrammar("/end"),
    FormGrammar("/done"),
    FormGrammar("/progress"),
)
PORTAL_PAGES = (
    *("/", "/who", "/contact", "/pin", "/identify", "/insurance", "/insurance/other", "/review"),
    *("/review/wrong", "/password", "/progress", "/progress.json", "/done", "/continued", "/ended"),
    "/session.json",
    *(
        "/problem",
        "/problem/{reference}",
        "/problem/%00",
        "/not-me",
        "/not-me?mark=%00&stopped",
        "/hooks/sms/sms/%00?status=delivered",
        "/help",
        "/terms",
        "/terms/9",
        "/privacy",
        "/.well-known/security.txt",
    ),
    *(
        "/healthz",
        "/readyz",
        "/metrics",
        "/static/x",
        "/brand/%2e%2e/x",
        "/nowhere",
        "/%ff",
        "//pin",
    ),
)

SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
_CASE_ACTIONS = (
    *("retry", "resend", "unlock", "reread", "resolve", "hold", "release", "cancel", "withdraw"),
    *("reopen", "erase", "unlock_send", "insurance"),
)
_REASON = Field("reason", ["asked at the desk"])
CONSOLE = (
    *(
        FormGrammar(
            f"/case/{{reference}}/{action}",
            [_REASON, Field("channel", ["sms", "x"]), Field("choice", ["recovery_email"], True)],
        )
        for action in _CASE_ACTIONS
    ),
    FormGrammar(
        SIGN_IN,
        [
            Field("name", ["nobody-at-all", "x"]),
            Field("password", ["wrong-password-12"]),
            Field("next", ["/queue", "//evil.example", "https://evil.example", "/\\evil.example"]),
        ],
    ),
    FormGrammar("/sign-in/code", [Field("code", NUMBERS)]),
    FormGrammar(SIGN_OUT),
    FormGrammar(
        "/case/{reference}/note", [Field("text", ["a note"]), Field("to", ["helpdesk", "x"])]
    ),
    FormGrammar(
        "/requests/{request}/note", [Field("note", ["a note"]), Field("note-to", ["helpdesk", "x"])]
    ),
    FormGrammar("/notes/{request}/read", [Field("back", ["/mine", "//evil.example"])]),
    *(
        FormGrammar(f"/{subject}/assign", [Field("to", ["helpdesk", "x"]), Field("was", ["x"])])
        for subject in ("case/{reference}", "requests/{request}")
    ),
    FormGrammar(
        "/case/{reference}/caller",
        [Field("birth_date", DATES), Field("student_number", NUMBERS), Field("father_name", ["Π"])],
    ),
    FormGrammar(
        "/caller",
        [
            *(Field("mobile", CONTACTS), Field("email", CONTACTS), Field("birth_date", DATES)),
            *(Field("student_number", NUMBERS), Field("father_name", ["Π"])),
        ],
    ),
    FormGrammar("/search", [Field("term", CONTACTS)]),
    FormGrammar(
        "/registrar",
        [
            *(Field("number", NUMBERS), Field("name", ["Μαρία"]), Field("insurance", NUMBERS)),
            *(Field("mobile", CONTACTS), Field("email", CONTACTS), Field("case", ["A-7K3F-92QD"])),
        ],
    ),
    *(
        FormGrammar(f"/registrar/{wish}", [Field("number", NUMBERS)])
        for wish in ("uninvite", "invite")
    ),
    FormGrammar("/requests/{request}/answer", [Field("text", ["Καλημέρα"])]),
    FormGrammar("/requests/{request}/close", [_REASON]),
    FormGrammar("/retry-all/DIRECTORY_DOWN", [_REASON]),
    FormGrammar("/retry-all/nothing", [_REASON]),
    FormGrammar("/operations/pause", [_REASON, Field("el", ["Παύση"]), Field("en", ["Pause"])]),
    FormGrammar("/operations/resume", [_REASON]),
    FormGrammar("/campaigns/stop", [_REASON, Field("campaign", ["3f9a1b2c"])]),
    FormGrammar(
        "/findings/settle",
        [
            _REASON,
            Field("finding_kind", ["RUN_UNKNOWN"]),
            Field("subject", ["A-7K3F-92QD"]),
        ],
    ),
    FormGrammar(
        "/operations/second-factor",
        [Field("reset_reason", ["lost"]), Field("name", ["nobody-at-all"])],
    ),
)
CONSOLE_PAGES = (
    *(
        "/",
        "/queue",
        "/list",
        "/mine",
        "/search",
        "/registrar",
        "/caller",
        "/requests",
        "/funnel",
        "/audit",
    ),
    *(
        "/audit/verify",
        "/audit/export",
        "/audit/export?format=xlsx",
        "/funnel/export",
        "/funnel/export?format=xlsx",
        "/not-activated",
        "/not-activated?department=401",
        "/not-activated/export?department=401",
        "/not-activated/export?department=401&format=xlsx",
        "/operations",
        "/findings",
        "/campaigns",
        "/campaigns/preview",
        "/handbook",
        "/sign-in",
    ),
    *(
        "/case/{reference}",
        "/case/{reference}/cancel",
        "/case/x",
        "/requests/{request}",
        "/retry-all/X",
    ),
    *("/codec/decode", "/healthz", "/readyz", "/nowhere", "/%ff"),
)


@dataclass(frozen=True)
class Browsing:
    """What the sender has: cookie and token of its own, and those of others."""

    cookie: str
    csrf: str
    old_cookie: str = ""
    other_cookie: str = ""
    other_csrf: str = ""
    references: Sequence[str] = ()


@dataclass(frozen=True)
class Shot:
    """One request. `forged`: the application must take nothing from it."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    fields: Pairs = field(default_factory=list)
    forged: bool = False

    @property
    def route(self) -> str:
        return urlsplit(self.path).path

    def one(self, name: str) -> str:
        """Return the field's value as the application reads it: empty if it is repeated."""
        values = [value for key, value in self.fields if key == name]
        return values[0] if len(values) == 1 else ""


class Grammar:
    """Draws requests to one application, whose session cookie and own address are given."""

    def __init__(self, draw: Random, url: str, cookie_name: str) -> None:
        self.draw = draw
        self._url = url
        self._cookie_name = cookie_name

    def page(self, who: Browsing, pages: Sequence[str]) -> Shot:
        """Draw a GET, with a query that nobody wrote now and then."""
        path = self._placed(self.draw.choice(pages), who)
        if self.draw.random() < 0.4:
            names = ("lang", "again", "sent", "received", "told", "group", "sort", "cause", "order")
            more = ("next", "since", "until", "before", "after", "page", "actor", "from", "v")
            pairs = [(self.draw.choice(names + more), hostile(self.draw)[:2000]) for _ in "ab"]
            path += "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)
        cookie = self.draw.choice((who.cookie, who.cookie, who.other_cookie, hostile(self.draw)))
        headers = self._headers(cookie)
        if self.draw.random() < 0.2:
            headers["If-None-Match"] = _ascii(hostile(self.draw))
        return Shot("GET", path, headers, forged=True)

    def post(
        self, who: Browsing, form: FormGrammar, right: Mapping[str, str], *, forged: bool
    ) -> Shot:
        """Draw a POST of this form; `right` are values that its fields may be filled in with."""
        answers = [(each.name, right[each.name]) for each in form.fields if each.name in right]
        leads_on = answers and not forged and self.draw.random() < _LEADS_ON
        fields = answers if leads_on else self._fields(form, right)
        token = [("csrf", who.csrf), ("form", self._form_token())]
        shot = self._shot(who, form, fields, token)
        return self._forge(who, form, fields, shot) if forged else shot

    def _fields(self, form: FormGrammar, right: Mapping[str, str]) -> Pairs:
        draw, fields = self.draw, Pairs()
        for each in form.fields:
            times = (
                draw.choice((0, 1, 1, 2, 3)) if each.many else draw.choice((0, 1, 1, 1, 1, 1, 1, 2))
            )
            for _ in range(times):
                fields.append((each.name, self._value(each, right)))
        if draw.random() < 0.1:
            fields.append(
                (draw.choice(("pin[]", "__proto__", "PIN", "", "form", "x")), hostile(draw))
            )
        if draw.random() < 0.02:
            fields += [("x", "y")] * 60
        draw.shuffle(fields)
        return fields

    def _value(self, each: Field, right: Mapping[str, str]) -> str:
        chance = self.draw.random()
        if each.name in right and chance < 0.04:
            return right[each.name]
        if each.usual and chance < 0.25:
            return self.draw.choice(each.usual)
        return hostile(self.draw)

    def _form_token(self) -> str:
        return self.draw.choice(
            (f"{self.draw.getrandbits(96):x}",) * 9 + (hostile(self.draw)[:900],)
        )

    def _shot(self, who: Browsing, form: FormGrammar, fields: Pairs, token: Pairs) -> Shot:
        body = self._encoded([*token, *fields])
        headers = self._headers(who.cookie) | {"Content-Type": FORM}
        if self.draw.random() < 0.5:
            headers |= {"Origin": self._url, "Sec-Fetch-Site": "same-origin"}
        path = self._placed(form.path, who)
        return Shot("POST", path, headers, body, [*token, *fields])

    def _forge(self, who: Browsing, form: FormGrammar, fields: Pairs, shot: Shot) -> Shot:
        """Break one thing that makes the application take a form."""
        ways: Sequence[Callable[[], Shot]] = (
            lambda: self._with_token(who, form, fields, self._wrong_csrf(who)),
            lambda: self._changed(shot, cookie=self._wrong_cookie(who)),
            lambda: self._changed(shot, headers={"Content-Type": self.draw.choice(_OTHER_TYPES)}),
            lambda: self._changed(
                shot, headers={"Origin": self.draw.choice(("https://evil.example", "null"))}
            ),
            lambda: self._changed(
                shot, headers={"Sec-Fetch-Site": self.draw.choice(("cross-site", "x"))}
            ),
            lambda: self._changed(shot, method=self.draw.choice(_OTHER_METHODS)),
            lambda: self._changed(shot, body=shot.body + b"&x=" + b"7" * 17_000),
            lambda: self._changed(
                shot, body=_JSON.encode(), headers={"Content-Type": "application/json"}
            ),
            lambda: self._changed(shot, body=b"\xff\xfe" + shot.body),
            lambda: self._changed(
                shot, headers={"Host": self.draw.choice(("evil.example", "127.0.0.1:1"))}
            ),
            lambda: self._changed(
                shot, path=shot.path + self.draw.choice(("/", "%00", "/x", ";a"))
            ),
        )
        return self.draw.choice(ways)()

    def _with_token(
        self, who: Browsing, form: FormGrammar, fields: Pairs, csrf: str | None
    ) -> Shot:
        token = [("form", self._form_token())] + ([] if csrf is None else [("csrf", csrf)])
        shot = self._shot(who, form, [each for each in fields if each[0] != "csrf"], token)
        return self._changed(shot)

    def _wrong_csrf(self, who: Browsing) -> str | None:
        own = who.csrf
        return self.draw.choice(
            (
                "",
                None,
                own[:-1],
                own.upper() + "x",
                own[::-1] + "0",
                who.other_csrf,
                "f" * 64,
                "\u00e9",
            )
        )

    def _wrong_cookie(self, who: Browsing) -> str:
        cut = who.cookie[:8]
        return self.draw.choice(
            ("", cut, who.other_cookie, who.old_cookie, _ascii(hostile(self.draw)))
        )

    def _changed(
        self,
        shot: Shot,
        *,
        method: str = "",
        path: str = "",
        body: bytes | None = None,
        cookie: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Shot:
        told = dict(shot.headers) | dict(headers)
        if cookie is not None:
            told["Cookie"] = f"{self._cookie_name}={cookie}"
        kept = shot.body if body is None else body
        return Shot(method or shot.method, path or shot.path, told, kept, shot.fields, forged=True)

    def _headers(self, cookie: str) -> dict[str, str]:
        draw = self.draw
        language = draw.choice(("el", "en", "xx;q=y", "el;q=0," * 50, _ascii(hostile(draw))))
        headers = {"Cookie": f"{self._cookie_name}={_ascii(cookie)}", "Accept-Language": language}
        if draw.random() < 0.05:
            headers["Cookie"] += f"; lang={_ascii(hostile(draw))}; {self._cookie_name}=second"
        if draw.random() < 0.05:
            headers["X-Forwarded-For"] = _ascii(hostile(draw))
        return headers

    def _placed(self, path: str, who: Browsing) -> str:
        placed = path.replace("{reference}", self.draw.choice([*who.references, "A-0000-0000"]))
        number = self.draw.choice(("1", "0" * 32, "x", "%00", "-1"))
        return placed.replace("{request}", number)

    def _encoded(self, fields: Pairs) -> bytes:
        pieces = [f"{_plus(name)}={_plus(value)}" for name, value in fields]
        if self.draw.random() < 0.05:
            pieces.insert(self.draw.randrange(len(pieces) + 1), self.draw.choice(RAW))
        return "&".join(pieces).encode("utf-8", "replace")


def _plus(text: str) -> str:
    return quote_plus(text.encode("utf-8", "replace"))


def _ascii(text: str) -> str:
    """Return what a header can carry of a text."""
    return "".join(letter for letter in text[:3000] if " " < letter < "\x7f" and letter not in ";,")
