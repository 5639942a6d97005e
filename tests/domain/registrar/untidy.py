"""Registrars of a few students, of which any field may be another's, or missing."""

from collections.abc import Iterable

from hypothesis import strategies as st

from domain.registrar.humans import people
from domain.registrar.rows import Row
from tests.domain.registrar.test_humans import AMKA, CHRISTOS, FOREIGN, MARIA, row

NUMBERS = (None, None, AMKA["ssn"], "02010500011", FOREIGN["ssn"])
MOBILES = (None, "6971234567", "6981234567", "6971234567, 6981234567")


@st.composite
def untidy(draw: st.DrawFn) -> list[Row]:
    """Draw rows of a few students, of which any field may be another's, or missing."""
    firsts = st.sampled_from(("Μαρία", "Μαρία", "Μαρίνα", "Παππά", None))
    lasts = st.sampled_from(("Παππά", "Παππά", "Άλλου", "Μαρία", None))
    births = st.sampled_from(("20050101", "1/2/2005", "2/1/2005", "19000101", "31/2/2005", None))
    fathers = st.sampled_from(("Πέτρος", "Πέτρου", "Παύλος", "Π.", None))
    latin = st.sampled_from((None, None, "Maria"))
    return [
        row(
            str(n),
            firstnameel=draw(firsts),
            firstnameen=draw(latin),
            lastnameel=draw(lasts),
            birthdate=draw(births),
            fatherfirstnameel=draw(fathers),
            ssn=(number := draw(st.sampled_from(NUMBERS))),
            ssncountry="AL" if number == FOREIGN["ssn"] else None,
            mobilephone=draw(st.sampled_from(MOBILES)),
        )
        for n in range(draw(st.integers(2, 9)))
    ]


def told(rows: Iterable[Row], number: str) -> tuple[set[str], set[str]]:
    """Return whose rows are joined with this one, and whose may be."""
    (found,) = (
        each
        for each in people(sorted(rows, key=lambda each: str(each["registrationid"])), "GR")
        if number in {str(row["registrationid"]) for row in each.rows}
    )
    theirs, alike = (
        {str(each["registrationid"]) for each in some} for some in (found.rows, found.alike)
    )
    return theirs, alike


THIRD = [
    row("0", **MARIA, fatherfirstnameel="Πέτρος", ssn=None),
    row("1", **MARIA, fatherfirstnameel="Πέτρος", ssn=AMKA["ssn"]),
    row("2", **MARIA, fatherfirstnameel="Πέτρος", ssn="03060300005"),
    row("3", **{**CHRISTOS, "birthdate": "20030603"}, ssn="03060300005"),
]
"""The number on row 2 is that of row 3, which has nothing else in common with anybody."""
SHARED = [
    row("0", **MARIA, fatherfirstnameel="Πέτρος", mobilephone="6971234567"),
    row("1", **MARIA | {"birthdate": "3/9/2004"}, mobilephone="6971234567"),
    row("2", **MARIA | {"lastnameel": "Άλλου"}, mobilephone="6971234567"),
]
"""The contact that rows 0 and 2 share is also of row 1, which is somebody else's."""
UNREADABLE = [
    row("0", **MARIA, fatherfirstnameel="Πέτρος"),
    row("1", **MARIA | {"birthdate": "31/2/2005"}, fatherfirstnameel="Πέτρος"),
]
"""Row 1 may be of any date."""
