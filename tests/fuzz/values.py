"""Values of fields for fuzzing: what nobody types, and what looks like an answer and is none."""

from random import Random

MARK = "fuzz8817"
"""In every value with markup or a header: it must come back escaped, or not at all."""
_LONG = 15_000

TEXTS = (
    *("", " ", "\t", "\u200b\u2060", "\u00ad", "\ufeff", "\u202egnirts", "\u0000", "a\u0000b"),
    *("αβγ", "\u4e2d\u6587", "\uff11\uff12\uff13", "\u0661\u0662\u0663\u0664\u0665\u0666"),
    *(
        "e\u0301" * 40,
        "\U0001f600" * 60,
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ),
    *("ﬁ", "İ", "ß", "ΐ" * 30, "\u0390\u03b0", "ｆｕｌｌ", "Ⅷ", "½", "²³¹", "٣"),
    *(f"<{MARK}>", f'"><{MARK} onload=x>', f"'-<{MARK}>-'", f"</script><{MARK}>", f"&lt;<{MARK}>"),
    *(
        f"x\r\nX-{MARK}: 1",
        f"x\nX-{MARK}: 1",
        f"x%0d%0aX-{MARK}: 1",
        f"a@b.example\r\nBcc: {MARK}@x",
    ),
    *("' OR 1=1 --", "'; DROP TABLE session; --", "\\' OR pg_sleep(9) --", "$1", "%s", "%(x)s"),
    *("*)(uid=*", "*)(|(objectClass=*", "cn=x,dc=y", "\\2a\\00", "uid=a+cn=b", "(&(a=b)"),
    *(
        "{{7*7}}",
        "{% raise %}",
        "${7*7}",
        "#{7*7}",
        "{0.__class__}",
        "{x!r}",
        "%n%n",
        "$(id)",
        "`id`",
    ),
    *("../../etc/passwd", "..\\..\\x", "file:///etc/passwd", "//evil.example", "/\\evil.example"),
    *("javascript:alert(1)", "https://evil.example", "null", "None", "undefined", "NaN", "true"),
    *("[]", "{}", '{"a":1}', "[object Object]", "a" * 300, "9" * 40, "-1", "0", "1e309", "0x10"),
    *(
        "1" * 4_300,
        "7" * _LONG,
        "α" * 7_000,
        "a@" * 3_000,
        "((((" * 2_000,
        "." * _LONG,
        "-" * 9_000,
    ),
    *("69" + "0" * 12_000, "+30" * 4_000, "A-7K3F-92QD", "00000000000", "__proto__", "constructor"),
)
NUMBERS = (
    "000000",
    "123456",
    "999999",
    "12345",
    "1234567",
    "12 34 56",
    "１２３４５６",
    "-12345",
    "1.0e5",
)
DATES = (
    "31/02/2007",
    "0/0/0",
    "1/1/1",
    "99/99/9999",
    "2007-12-31",
    "1/1/1901",
    "311207",
    "1.1.00001",
)
CONTACTS = (
    *("6912345678", "+306912345678", "0030 691 234 5678", "2101234567", "69123", "+1 202 555 0100"),
    *(
        "a@b.example",
        "a@@b",
        "@",
        "a@b",
        '"a b"@c.example',
        "a@xn--",
        "a@[127.0.0.1]",
        "a@b.example.",
    ),
)
RAW = (
    "%",
    "%zz",
    "%ff",
    "%00",
    "%ED%A0%80",
    "%F0%9F",
    "%C0%AF",
    "+",
    ";",
    "=",
    "&&",
    "%u0041",
    "\xff",
)
"""Pieces of a body that no browser writes, as they stand."""
_ALPHABETS = (
    "0123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "αβγδεζηθικλμνξοπρστυφχψωάέήίόύώϊϋΐΰς",
    "".join(map(chr, range(32, 127))),
    "".join(map(chr, [*range(1, 32), *range(127, 160), 0x200B, 0x202E, 0xFEFF, 0x1F600, 0x10FFFF])),
)


def hostile(draw: Random) -> str:
    """Return a listed value, a splice of two of them, or letters drawn from one alphabet."""
    match draw.randrange(6):
        case 0 | 1 | 2:
            return draw.choice(TEXTS)
        case 3:
            return draw.choice((*NUMBERS, *DATES, *CONTACTS))
        case 4:
            one, other = draw.choice(TEXTS)[:60], draw.choice((*CONTACTS, *DATES, *NUMBERS))
            place = draw.randrange(len(other) + 1)
            return other[:place] + one + other[place:]
        case _:
            letters = draw.choice(_ALPHABETS)
            return "".join(draw.choices(letters, k=draw.choice((1, 2, 6, 11, 40, 130, 900))))
