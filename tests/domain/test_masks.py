from domain import masks


def test_a_mobile_shows_its_country_and_last_two_digits() -> None:
    assert masks.mobile("+306912345678") == "+30 •••••••78"
    assert masks.mobile("+35799123456") == "+357 •••••••56"


def test_an_email_shows_first_letters_and_top_domain() -> None:
    assert masks.email("nikos@gmail.com") == "n•••@g•••.com"


def test_an_insurance_number_shows_its_last_three_digits() -> None:
    assert masks.insurance("01010500013") == "••••••••013"


def test_a_name_is_its_initials_and_a_number_its_end() -> None:
    assert masks.initials("Άννα Ελένη Παπαδοπούλου") == "Α. Ε. Π."
    assert masks.initials("") == ""
    assert masks.number("2026001") == "•••••••01"
