import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import contacts
from domain.contacts import (
    country,
    domain_of_mail,
    email,
    email_elsewhere,
    emails_on_file,
    is_of_nobody,
    landline_on_file,
    mobile,
    mobiles_on_file,
)
from domain.rules import InputRule, InvalidInput

GR = "GR"
PHONE_TEXT = st.text(alphabet="0123456789+ -()/.٣６\u200b", max_size=24)


@pytest.mark.parametrize(
    "raw",
    [
        "6912345678",
        "69 1234 5678",
        "+30 691 234 5678",
        "0030 6912345678",
        "00306912345678",
        "306912345678",
        "6912-34.56.78",
        "６９１２３４５６７８",
        "69\u200b12345678",
        "(+30) 6912345678",
    ],
)
def test_one_mobile_has_one_spelling(raw: str) -> None:
    assert mobile(raw, GR) == "+306912345678"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("+35799123456", "+35799123456"),
        ("0049 (0)151 12345678", "+4915112345678"),
        ("+12025550123", "+12025550123"),
        ("+4915112345678", "+4915112345678"),
    ],
)
def test_foreign_mobiles_are_taken_with_their_country_code(raw: str, expected: str) -> None:
    assert mobile(raw, GR) == expected


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        ("", InputRule.MOBILE_INVALID),
        ("6812345678", InputRule.MOBILE_INVALID),
        ("69123456", InputRule.MOBILE_INVALID),
        ("69123456789", InputRule.MOBILE_INVALID),
        ("not a number", InputRule.MOBILE_INVALID),
        ("8001112222", InputRule.MOBILE_INVALID),
        ("+999123456789", InputRule.MOBILE_INVALID),
        ("0" * 400, InputRule.MOBILE_INVALID),
        ("2710372128", InputRule.MOBILE_LANDLINE),
        ("+302710372128", InputRule.MOBILE_LANDLINE),
        ("99123456", InputRule.MOBILE_FOREIGN),
        ("35799123456", InputRule.MOBILE_FOREIGN),
        ("447911123456", InputRule.MOBILE_FOREIGN),
    ],
)
def test_each_mistake_in_a_mobile_has_its_own_rule(raw: str, rule: InputRule) -> None:
    with pytest.raises(InvalidInput) as raised:
        mobile(raw, GR)
    assert raised.value.rule == rule
    assert str(raised.value) == rule.value


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (" Nikos@GMAIL.com ", "nikos@gmail.com"),
        ("nikos\u200b@gmail.com", "nikos@gmail.com"),
        ("ｎｉｋｏｓ@gmail.com", "nikos@gmail.com"),
        ("info@παράδειγμα.ελ", "info@xn--hxajbheg2az3al.xn--qxam"),
        ("info@παράδειγμα.gr", "info@xn--hxajbheg2az3al.gr"),
        ("a@mail.example", "a@mail.example"),
    ],
)
def test_one_email_has_one_spelling(raw: str, expected: str) -> None:
    assert email(raw) == expected


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        ("", InputRule.EMAIL_INVALID),
        ("nikos", InputRule.EMAIL_INVALID),
        ("nikos@", InputRule.EMAIL_INVALID),
        ("a b@gmail.com", InputRule.EMAIL_INVALID),
        ("ñandú@gmail.com", InputRule.EMAIL_INVALID),
        ("a@" + "x" * 300 + ".gr", InputRule.EMAIL_INVALID),
        ("νίκος@gmail.com", InputRule.EMAIL_GREEK),
        ("nikοs@gmail.com", InputRule.EMAIL_GREEK),
        ("nikos@gmail.cοm", InputRule.EMAIL_GREEK),
    ],
)
def test_each_mistake_in_an_email_has_its_own_rule(raw: str, rule: InputRule) -> None:
    with pytest.raises(InvalidInput) as raised:
        email(raw)
    assert raised.value.rule == rule


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, ()),
        ("", ()),
        ("-", ()),
        ("δεν έχει", ()),
        ("2710372128", ()),
        ("691 234 5678", ("+306912345678",)),
        ("6912345678 / 6987654321", ("+306912345678", "+306987654321")),
        ("2710372128, 6912345678", ("+306912345678",)),
        ("6912345678 - 6987654321", ("+306912345678", "+306987654321")),
        ("6912345678 ή 0035799123456", ("+306912345678", "+35799123456")),
        ("6912345678;6912345678", ("+306912345678",)),
        ("6912345678 (μητέρα), κιν. 6987654321", ("+306912345678", "+306987654321")),
        ("κιν.=6912345678 tel=+306987654321", ("+306912345678", "+306987654321")),
        ("6912345678\n6987654321", ("+306912345678", "+306987654321")),
    ],
)
def test_mobiles_on_file_are_read_as_far_as_they_can_be(
    raw: str | None, expected: tuple[str, ...]
) -> None:
    assert mobiles_on_file(raw, GR) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, ()),
        ("δεν έχει", ()),
        ("A@Uop.gr", ("a@uop.gr",)),
        ("a@uop.gr, b@uop.gr", ("a@uop.gr", "b@uop.gr")),
        ("a@uop.gr;b@uop.gr a@uop.gr", ("a@uop.gr", "b@uop.gr")),
        ("Nikos <mailto:a@uop.gr>", ("a@uop.gr",)),
        *(
            (around, ("a@uop.gr",))
            for around in (
                *("email:a@uop.gr", "E-Mail: a@uop.gr", "μέιλ:a@uop.gr", "email : a@uop.gr"),
                *("«a@uop.gr»", "<a@uop.gr>", "{a@uop.gr}", "“a@uop.gr”", "‘a@uop.gr’"),
                *("email:{a@uop.gr}.", "«mailto:a@uop.gr»", "email：a@uop.gr", ":a@uop.gr:"),
                *("email=a@uop.gr", "E-Mail =a@uop.gr", "mailto=a@uop.gr", "=a@uop.gr="),
                *("ηλ.ταχ.=a@uop.gr", "μέιλ='a@uop.gr'", "email＝{a@uop.gr}."),
            )
        ),
        ("νίκος@uop.gr b@uop.gr", ("b@uop.gr",)),
        ("a=mail=b@uop.gr", ("a=mail=b@uop.gr",)),
    ],
)
def test_emails_on_file_are_read_as_far_as_they_can_be(
    raw: str | None, expected: tuple[str, ...]
) -> None:
    assert emails_on_file(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("6940000001 6940000002", ("1", "2")),
        ("694 000 0001 694 000 0002", ("1", "2")),
        ("6940000001-6940000002", ("1", "2")),
        ("0030 6940000001 +30 694 0000002", ("1", "2")),
        ("2710 372128 6940000001", ("1",)),
        ("6940000001 / 6940000002 6940000003", ("1", "2", "3")),
        ("6940000001.0", ("1",)),
        ("'6940000001", ("1",)),
        ("6940000001 (2ο)", ("1",)),
        ("00 30 (694) 000.0001", ("1",)),
        ("1 2 3", ()),
        ("+", ()),
    ],
)
def test_mobiles_in_one_field_are_told_apart(raw: str, expected: tuple[str, ...]) -> None:
    assert mobiles_on_file(raw, GR) == tuple(f"+30694000000{last}" for last in expected)


def test_a_field_full_of_mobiles_is_read_and_one_of_digits_takes_a_limited_number_of_tries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(mobiles_on_file(" ".join(f"69 12 34 56 {last}" for last in range(10, 27)), GR)) == 17
    tried = []

    def parse(text: str, region: str) -> None:
        tried.append((text, region))

    monkeypatch.setattr(contacts, "_parse", parse)
    assert mobiles_on_file(" ".join(str(each) for each in range(10, 100)), GR) == ()
    assert len(tried) < 80


def test_a_landline_is_told_from_what_cannot_be_read() -> None:
    assert landline_on_file("2710-372128", GR)
    assert not landline_on_file("6940000001", GR)
    assert not landline_on_file("-", GR)
    assert not landline_on_file(None, GR)


@given(PHONE_TEXT | st.text())
def test_nothing_on_file_is_ever_an_error(raw: str) -> None:
    assert all(number.startswith("+") for number in mobiles_on_file(raw, GR))
    assert all("@" in address for address in emails_on_file(raw))


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("a@uni.gr", True),
        ("A@MAIL.Uni.GR", True),
        ("a@uni.gr.org", False),
        ("a@notuni.gr", False),
        ("uni.gr@mail.org", False),
        ("a@παν.ελ", True),
        ("a@x.παν.ελ", True),
    ],
)
def test_an_address_at_the_institution_is_refused_at_its_sub_domains_too(
    address: str, own: bool
) -> None:
    domains = [domain_of_mail(each) for each in (" @Uni.GR. ", "παν.ελ")]
    if not own:
        assert email_elsewhere(address, domains) == email(address)
        return
    with pytest.raises(InvalidInput) as refused:
        email_elsewhere(address, domains)
    assert refused.value.rule is InputRule.EMAIL_OWN


def test_what_is_no_domain_has_no_mailboxes() -> None:
    assert domain_of_mail("no domain") == ""


@pytest.mark.parametrize(
    "name", ["info", "postmaster", "no", "n.o", "no-mail", "test", "grammateia"]
)
def test_a_mailbox_of_an_office_or_of_none_is_nobodys(name: str) -> None:
    assert is_of_nobody(f"{name}@lib.example")


@pytest.mark.parametrize("name", ["maria", "nora", "info.maria", "m.testa", "annano"])
def test_a_mailbox_that_names_somebody_is_theirs(name: str) -> None:
    assert not is_of_nobody(f"{name}@lib.example")


@pytest.mark.parametrize(
    ("number", "expected"),
    [("+306912345678", "GR"), ("+35799123456", "CY"), ("+4915112345678", "DE"), ("+999", None)],
)
def test_a_number_is_of_its_country(number: str, expected: str | None) -> None:
    assert country(number) == expected


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("2710 372 128", "+302710372128"),
        ("691 234 5678", "+306912345678"),
        ("+357 22 892 000", "+35722892000"),
    ],
)
def test_a_telephone_may_be_a_landline(typed: str, read: str) -> None:
    assert contacts.phone(typed, "GR") == read


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("2710 37", InputRule.PHONE_INVALID),
        ("call me", InputRule.PHONE_INVALID),
        ("99123456", InputRule.MOBILE_FOREIGN),
    ],
)
def test_what_is_no_telephone_is_told(typed: str, rule: InputRule) -> None:
    with pytest.raises(InvalidInput) as refused:
        contacts.phone(typed, "GR")
    assert refused.value.rule is rule
