from domain.registrar.humans import deciding
from tests.domain.registrar.untidy import SHARED, THIRD


def test_rows_of_one_name_and_birth_date_decide_with_all_of_their_numbers() -> None:
    decisive = deciding(THIRD, {"SIS/0"}, "GR")
    assert decisive.rows == THIRD[:3]
    assert decisive.contacts == set()


def test_a_contact_that_joins_decides_and_one_of_somebody_else_does_not() -> None:
    assert deciding(SHARED, {"SIS/0"}, "GR").contacts == {"+306971234567"}
    assert deciding(SHARED, {"SIS/1"}, "GR").contacts == set()
