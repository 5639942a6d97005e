import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import references


@given(st.binary(min_size=5, max_size=32))
def test_a_digest_spells_a_reference_that_reads_as_itself(digest: bytes) -> None:
    reference = references.from_digest(digest)
    assert re.fullmatch(r"A-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", reference)
    assert references.normalise(reference) == reference
    assert references.normalise(reference.lower().replace("-", " ")) == reference


@given(st.lists(st.binary(min_size=5, max_size=5), unique=True))
def test_different_digests_spell_different_references(digests: list[bytes]) -> None:
    assert len({references.from_digest(digest) for digest in digests}) == len(digests)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a-oil1-92qd", "A-0111-92QD"),
        ("A7K3F92QD", "A-7K3F-92QD"),
        (" a – 7k3f – 92qd ", "A-7K3F-92QD"),
        ("Α-7Κ3F-92QD", "A-7K3F-92QD"),
        ("Ａ－７Ｋ３Ｆ－９２ＱＤ", "A-7K3F-92QD"),
    ],
)
def test_references_are_read_as_people_write_them(written: str, read: str) -> None:
    assert references.normalise(written) == read


@pytest.mark.parametrize("written", ["", "A", "B-7K3F-92QD", "A-7K3F-92Q", "A-7K3F-92QU"])
def test_what_is_no_reference_is_none(written: str) -> None:
    assert references.normalise(written) is None


def test_the_first_group_is_what_a_message_carries() -> None:
    assert references.first_group("A-7K3F-92QD") == "A-7K3F"


@given(st.binary(min_size=5, max_size=5))
def test_the_mark_is_read_from_any_part_of_a_reference(digest: bytes) -> None:
    reference = references.from_digest(digest)
    mark = reference[2:6]
    for written in (
        mark,
        reference[:6],
        reference,
        reference[2:],
        reference[:6].lower(),
        f" {mark} ",
    ):
        assert references.mark(written) == mark


@pytest.mark.parametrize("written", ["", "A", "7K3", "A-7K3F9", "B-7K3F", "7K3U", "7K3F-92Q"])
def test_what_is_no_mark_is_none(written: str) -> None:
    assert references.mark(written) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A-7K3F-92QD", "A-7K3F-92QD"),
        ("withdrawal-A-7K3F-92QD-12", "A-7K3F-92QD"),
        ("workflow A-7K3F-92QD and A-0000-0001", "A-7K3F-92QD"),
        ("support-17", None),
        ("a-7k3f-92qd", None),
        ("A-7K3F-92QDX", None),
    ],
)
def test_a_reference_is_found_within_the_id_of_a_workflow(text: str, found: str | None) -> None:
    assert references.within(text) == found
