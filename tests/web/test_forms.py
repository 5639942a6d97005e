import pytest

from domain import references
from web import forms

KEY = b"k" * 32
TYPE = "application/x-www-form-urlencoded"


def body(session: str = "t", **fields: str) -> bytes:
    given = {"csrf": forms.csrf(KEY, session), "form": "shown-once"} | fields
    return "&".join(f"{name}={value}" for name, value in given.items()).encode()


def test_the_same_form_sent_twice_is_one_submission() -> None:
    one, two = (forms.read(KEY, "t", TYPE, body(pin="123456")) for _ in range(2))
    assert one == two
    assert len(one.submission_id) == 32


def test_a_corrected_value_is_another_submission() -> None:
    one = forms.read(KEY, "t", TYPE, body(pin="123456"))
    two = forms.read(KEY, "t", TYPE, body(pin="123457"))
    assert one.submission_id != two.submission_id


def test_the_same_value_in_a_form_shown_again_is_another_submission() -> None:
    one = forms.read(KEY, "t", TYPE, body(pin="123456"))
    two = forms.read(KEY, "t", TYPE, body(pin="123456", form="shown-again"))
    assert one.submission_id != two.submission_id
    assert not set(one.references) & set(two.references)


def test_an_id_tells_nothing_without_the_key() -> None:
    other = b"x" * 32
    given = body(pin="123456").replace(
        forms.csrf(KEY, "t").encode(), forms.csrf(other, "t").encode()
    )
    one = forms.read(other, "t", TYPE, given)
    assert one.submission_id != forms.read(KEY, "t", TYPE, body(pin="123456")).submission_id


def test_fields_are_read_as_typed_and_repeated_ones_kept() -> None:
    form = forms.read(KEY, "t", TYPE, body(email="%CE%B1%40b.gr", choice="one") + b"&choice=two&x=")
    assert form.get("email") == "α@b.gr"
    assert form.all("choice") == ["one", "two"]
    assert form.get("x") == form.get("missing") == ""


@pytest.mark.parametrize(
    ("token", "content_type", "sent"),
    [
        (None, TYPE, body()),
        ("", TYPE, body("")),
        ("other", TYPE, body()),
        ("t", "text/plain", body()),
        ("t", "multipart/form-data; boundary=x", body()),
        ("t", TYPE, b"form=shown-once"),
        ("t", TYPE, b""),
        ("t", TYPE, b"\xff" + body()),
        ("t", TYPE, b"csrf=&" + body()),
        ("t", TYPE, body() + b"&a=%"),
        ("t", TYPE, body() + b"&a=%u0041"),
        ("t", TYPE, body() + b"&a=1" * 60),
    ],
)
def test_what_was_not_our_form_is_refused(
    token: str | None, content_type: str, sent: bytes
) -> None:
    with pytest.raises(forms.ForgedForm):
        forms.read(KEY, token, content_type, sent)


def test_a_form_outlives_the_change_of_its_sessions_secret() -> None:
    assert forms.read(KEY, "name.old", TYPE, body("name.new")).get("form") == "shown-once"


def test_a_form_draws_several_references_in_case_one_is_taken() -> None:
    form = forms.read(KEY, "t", TYPE, body(mobile="6912345678"))
    assert len(set(form.references)) == len(form.references) == 6
    assert form.references == tuple(map(references.normalise, form.references))
