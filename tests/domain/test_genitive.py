"""Fathers' names in the genitive are those in the nominative, and no other name is."""

import pytest

from domain.elot743 import ascii_fold
from domain.genitive import is_same_name

GENITIVES = {
    "Γεώργιος": ("Γεωργίου",),
    "Πέτρος": ("Πέτρου", "ΠΕΤΡΟΥ", "Petrou"),
    "Νικόλαος": ("Νικολάου",),
    "Ιωάννης": ("Ιωάννη", "Ιωάννου", "ΙΩΑΝΝΟΥ"),
    "Ηλίας": ("Ηλία", "Ηλιού"),
    "Κώστας": ("Κώστα",),
    "Λεωνίδας": ("Λεωνίδα", "Λεωνίδου"),
    "Σωκράτης": ("Σωκράτη", "Σωκράτους"),
    "Περικλής": ("Περικλή", "Περικλέους"),
    "Αχιλλεύς": ("Αχιλλέως", "Αχιλλέα"),
    "Μωυσής": ("Μωυσή", "Μωυσέως"),
    "Πάρις": ("Πάριδος",),
    "Ιησούς": ("Ιησού",),
    "Πλάτων": ("Πλάτωνος", "Πλάτωνα"),
    "Ξενοφών": ("Ξενοφώντος", "Ξενοφώντα"),
    "Μιχαήλ": ("ΜΙΧΑΗΛ",),
    "Ιωάννης-Πέτρος": ("Ιωάννου Πέτρου", "Πέτρος Ιωάννης", "Ιωάννη-Πέτρου"),
}
"""The fathers' names of which none is another."""


def words(name: str) -> list[str]:
    return ascii_fold(name).lower().replace("-", " ").split()


@pytest.mark.parametrize("name", GENITIVES)
def test_a_genitive_is_its_own_name_and_no_other(name: str) -> None:
    for genitive in (name, *GENITIVES[name]):
        for other in GENITIVES:
            found = is_same_name(words(genitive), words(other))
            assert found is is_same_name(words(other), words(genitive)) is (other == name), other


@pytest.mark.parametrize(
    "names",
    [
        ("Γιάννης", "Γιάννος"),
        ("Γεώργιος", "Γιώργος"),
        ("Μάριος", "Μαρία"),
        ("Ιωάννης", "Ιωάννα"),
        ("Αντώνιος", "Αντώνης"),
        ("Γεώργιος", "Γεώργιος Πέτρος"),
        ("Πέτρος Πέτρου", "Πέτρος Ιωάννης"),
        ("Ας", "Α"),
        ("", ""),
    ],
)
def test_names_that_only_resemble_each_other_are_two(names: tuple[str, str]) -> None:
    one, other = map(words, names)
    assert not is_same_name(one, other)
    assert not is_same_name(other, one)
