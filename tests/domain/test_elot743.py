import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.elot743 import ascii_fold, elot743


@pytest.mark.parametrize(
    ("greek", "latin"),
    [
        ("Ευάγγελος", "Evangelos"),
        ("Χατζηγεωργίου", "Chatzigeorgiou"),
        ("Γκίκας", "Gkikas"),
        ("Τσάγκας", "Tsagkas"),
        ("Ταΰγετος", "Taygetos"),
        ("ΘΩΜΑΣ", "THOMAS"),
        ("ΧΑΪΔΟΥ", "CHAIDOU"),
        ("Ό'Κόνορ", "O'Konor"),
        ("Μπαλτζή-Ντόλκα", "Baltzi-Ntolka"),
        ("ΜΠΑΜΠΗΣ", "BAMPIS"),
        ("Ναυσικά", "Nafsika"),
        ("Μελάγχολη", "Melancholi"),
        ("Aλεξ", "Alex"),
        ("Θεόδωρος", "Theodoros"),
        ("Ψαλτήρης", "Psaltiris"),
        ("Ξένος", "Xenos"),
        ("Σφιγξ", "Sfinx"),
        ("Εύη", "Evi"),
        ("Εύφημος", "Effimos"),
        ("Αυγή", "Avgi"),
        ("Λευκάδα", "Lefkada"),
        ("Ηυρέθη", "Ivrethi"),
        ("Άυλος", "Aylos"),
        ("Ουρανία", "Ourania"),
        ("ΟΥΡΑΝΙΑ", "OURANIA"),
        ("Σπουδαίος", "Spoudaios"),
        ("Προϋπηρεσία", "Proypiresia"),
        ("Λαμπρινή", "Lamprini"),
        ("Καμπ", "Kab"),
        ("ἈΝΔΡΈΑΣ", "ANDREAS"),
        ("Ἑλένη", "Eleni"),
        ("Νίκος Παπαδόπουλος", "Nikos Papadopoulos"),
        ("Ταυ", "Taf"),
        ("Ω", "O"),
        ("José", "José"),
    ],
)
def test_spelling_of_greek_passports(greek: str, latin: str) -> None:
    assert elot743(greek) == latin


@pytest.mark.parametrize(
    ("text", "ascii_text"),
    [
        ("Γιώργος Weiß", "Giorgos Weiss"),
        ("Łukasz Ørsted", "Lukasz Orsted"),
        ("José", "Jose"),
        ("محمد", ""),
        ("Иван", ""),
    ],
)
def test_fold_to_ascii(text: str, ascii_text: str) -> None:
    assert ascii_fold(text) == ascii_text


@given(st.text())
def test_folding_is_idempotent_and_never_fails(text: str) -> None:
    folded = ascii_fold(text)
    assert folded.isascii()
    assert ascii_fold(folded) == folded
