"""What a caller says against what is on file: every way of writing it, and nothing on less."""

from datetime import date

import pytest

from domain.registrar.caller import Said, is_one_of, numbers
from domain.registrar.rows import Row

TODAY = date(2026, 11, 28)


def row(**columns: str) -> Row:
    return {
        "systemid": "SIS",
        "registrationid": "ΠΛΗ26/0017",
        "birthdate": "2005-02-01",
        "fatherfirstnameel": "Ιωάννης",
        "enrollmentstatus": "active",
        **columns,
    }


def right(*groups: list[Row], **said: str) -> bool:
    return is_one_of(Said(**said).read(TODAY), groups)


@pytest.mark.parametrize("typed", ["1/2/2005", "01-02-2005", "2005/2/1", "20050201", "1.2.05"])
@pytest.mark.parametrize("on_file", ["2005-02-01", "1/2/2005", "20050201", "01.02.2005 00:00"])
def test_a_birth_date_fits_in_every_form_of_both(typed: str, on_file: str) -> None:
    assert right([row(birthdate=on_file)], birth_date=typed)
    assert not right([row(birthdate="2005-01-02")], birth_date=typed)


@pytest.mark.parametrize("typed", ["ΠΛΗ26/0017", "πλη26 0017", "ΠΛH26-0017", "πλη260017"])
@pytest.mark.parametrize("on_file", ["ΠΛΗ26/0017", "ΠΛH260017", "πλη26-0017"])
def test_a_student_number_fits_whatever_alphabet_looks_like_it(typed: str, on_file: str) -> None:
    assert right([row(registrationid=on_file)], student_number=typed)
    assert not right([row(registrationid="ΠΛΗ26/0018")], student_number=typed)


@pytest.mark.parametrize("typed", ["SIS/ΠΛΗ26/0017", "sis / πλη26-0017", "SISΠΛΗ260017"])
def test_a_student_number_fits_with_its_system_too(typed: str) -> None:
    assert right([row()], student_number=typed)
    assert not right([row(systemid="OTHER")], student_number=typed)


@pytest.mark.parametrize("typed", ["Ιωάννης", "ΙΩΑΝΝΗΣ", "ιωαννης", "Ioannis", "IΩANNHΣ"])
@pytest.mark.parametrize(
    "on_file",
    [
        {"fatherfirstnameel": "ΙΩΑΝΝΗΣ"},
        {"fatherfirstnameel": "IΩANNHΣ"},
        {"fatherfirstnameel": "", "fatherfirstnameen": "Ioannis"},
    ],
)
def test_a_fathers_name_fits_in_either_alphabet(typed: str, on_file: dict[str, str]) -> None:
    assert right([row(**on_file)], father_name=typed)
    assert not right([row(fatherfirstnameel="Ιωσήφ")], father_name=typed)


@pytest.mark.parametrize(
    ("typed", "on_file"),
    [
        *((typed, "Γεώργιος") for typed in ("Γεωργίου", "του Γεωργίου", "ΓΕΩΡΓΙΟΥ", "Georgiou")),
        *((typed, "Ιωάννης") for typed in ("Ιωάννη", "του Ιωάννου", "Ioanni")),
        *((typed, "Ιωάννης-Πέτρος") for typed in ("Ιωάννη Πέτρου", "του Ιωάννη-Πέτρου")),
        *(("Γεώργιος", on_file) for on_file in ("Γεωργίου", "ΤΟΥ ΓΕΩΡΓΙΟΥ")),
        ("του Γεωργίου", "Georgios"),
    ],
)
def test_a_fathers_name_fits_in_the_genitive(typed: str, on_file: str) -> None:
    for column in ("fatherfirstnameel", "fatherfirstnameen"):
        told = {"fatherfirstnameel": ""} | {column: on_file}
        assert right([row(**told)], father_name=typed)
        assert not right([row(fatherfirstnameel="Γιώργος")], father_name=typed)
        assert not right([row(**told), row(**told)], [row(**told)], father_name=typed)


@pytest.mark.parametrize("on_file", ["", "-", "Ι.", "ΙΩΑΝ.", "άγνωστος", "NULL"])
@pytest.mark.parametrize("typed", ["", "-", "Ι.", "ΙΩΑΝ.", "άγνωστος", "NULL", "Ιωάννης"])
def test_a_name_that_is_unknown_or_cut_short_vouches_for_nobody(typed: str, on_file: str) -> None:
    assert not right([row(fatherfirstnameel=on_file)], father_name=typed)


SAID = {"birth_date": "1/2/2005", "student_number": "πλη260017", "father_name": "Ioannis"}
WRONG = {"birth_date": "2/2/2005", "student_number": "πλη260018", "father_name": "Petros"}


@pytest.mark.parametrize("wrong", [{*()}, *({each} for each in SAID), {*SAID}])
@pytest.mark.parametrize("left_out", ["", *SAID])
def test_all_that_is_said_must_fit(wrong: set[str], left_out: str) -> None:
    said = {each: (WRONG if each in wrong else SAID)[each] for each in SAID.keys() - {left_out}}
    assert right([row()], **said) is wrong.isdisjoint(said)


def test_what_fits_none_or_several_tells_nobody() -> None:
    assert not right(**SAID)
    assert not right([row()])
    assert not right([row()], birth_date="31/2/2005")
    twins = [row()], [row(registrationid="ΠΛΗ26/0018")]
    assert not right(*twins, birth_date="1/2/2005", father_name="Ιωάννης")
    assert right(*twins, **SAID)


def test_a_person_is_known_by_the_data_of_any_of_their_rows() -> None:
    former = row(registrationid="4711", birthdate="", enrollmentstatus="graduated")
    assert right([row(), former], birth_date="1/2/2005", student_number="4711")


def test_a_row_without_a_student_number_has_none() -> None:
    assert numbers([row(registrationid="")]) == frozenset()
