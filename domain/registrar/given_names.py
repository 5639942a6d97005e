"""Common Greek first names with their written forms, each form of one name only; pure.

Short forms that several names have (Πάνος, Τάκης, Λίνα) are left out.
"""

import re

from domain.elot743 import ascii_fold

MEN = """
Ιωάννης Γιάννης John
Γεώργιος Γιώργος Γιώργης George
Κωνσταντίνος Κωσταντίνος Κώστας Κωστής
Δημήτριος Δημήτρης
Νικόλαος Νικόλας Νίκος
Παναγιώτης
Παντελής
Χρήστος Χρίστος
Χριστόφορος
Χρύσανθος
Αθανάσιος Θανάσης
Αναστάσιος Αναστάσης
Βασίλειος Βασίλης
Ευάγγελος Βαγγέλης Vaggelis
Άγγελος
Μιχαήλ Μιχάλης Michael
Μιλτιάδης
Αντώνιος Αντώνης
Εμμανουήλ Μανώλης Μανόλης
Σπυρίδων Σπυρίδωνας Σπύρος
Θεόδωρος Θοδωρής Θόδωρος
Θεοδόσιος
Θεοφάνης
Θεόφιλος
Θεμιστοκλής
Ηλίας
Ανδρέας
Ανδρόνικος
Αλέξανδρος Αλέκος
Αλέξιος
Απόστολος
Χαράλαμπος Μπάμπης Χάρης
Σταύρος
Πέτρος Peter
Παύλος Paul
Ελευθέριος Λευτέρης
Στέφανος Stephen
Στυλιανός Στέλιος
Φώτιος Φώτης
Σωτήριος Σωτήρης
Γρηγόριος Γρηγόρης
Γεράσιμος
Γαβριήλ
Ευστάθιος Στάθης
Ευστράτιος Στρατής
Ευθύμιος Θύμιος
Δημοσθένης
Διονύσιος Διονύσης
Νικήτας
Νικηφόρος
Νεκτάριος
Μάριος
Μαρίνος
Μάρκος
Λουκάς
Λεωνίδας
Λάζαρος
Ιάκωβος
Ιωσήφ
Ιάσονας Ιάσων
Κυριάκος
Αριστείδης
Αριστοτέλης
Αργύριος Αργύρης
Αχιλλέας
Φίλιππος
Θωμάς
Σάββας
Στέργιος
Περικλής
Παρασκευάς
Ορέστης
Οδυσσέας
Ραφαήλ
Προκόπης Προκόπιος
Πολυχρόνης
"""
WOMEN = """
Μαρία Mary
Μαριάννα
Μαρίνα
Μαριλένα
Μαριέττα
Ελένη Helen
Έλενα
Αικατερίνη Κατερίνα Κατερίνη Catherine
Βασιλική
Σοφία
Αγγελική
Αγγελίνα
Γεωργία
Δήμητρα
Κωνσταντίνα
Κωνσταντία
Παρασκευή
Αναστασία
Ιωάννα
Ευαγγελία
Φωτεινή
Παναγιώτα
Χριστίνα
Χριστιάνα
Χρυσούλα
Άννα
Ειρήνη
Ευθυμία
Ευτυχία
Ευφροσύνη
Ευγενία
Θεοδώρα
Θεοδοσία
Αθανασία
Αθηνά
Αλεξάνδρα
Ζωή
Κυριακή
Νικολέτα
Νικολίνα
Ευσταθία
Ραφαηλία
Ραφαέλα
Σταυρούλα
Δέσποινα
Καλλιόπη
Μαγδαληνή
Μαργαρίτα
Βαρβάρα
Ουρανία
Όλγα
Πελαγία
Σταματία
Στυλιανή
Στέλλα
Σωτηρία
Σπυριδούλα
Αντωνία
Ελευθερία
Αργυρώ
Δανάη
Νεφέλη
Ιουλία
Ιουλιανή
Εμμανουέλα
Διονυσία
Άρτεμις Άρτεμη
Άλκηστις Άλκηστη
Θέτις
Ίρις Ίριδα Iris
Ελισάβετ Elisabeth Elizabeth
Ραχήλ Rachel
Ρουθ Ruth
Νικόλ Nicole
Εσθήρ Esther
Ιζαμπέλ Isabel Isabelle
Κάρμεν Carmen
Τζένιφερ Jennifer
Σάρον Sharon
Μισέλ Michelle
"""
_SOUNDS = (("ei", "i"), ("oi", "i"), ("y", "i"), ("ai", "e"))


def folded(word: str) -> str:
    """Return a transcribed word in phonetic spelling, in which Ιωάνης equals Ιωάννης."""
    for letters, sound in _SOUNDS:
        word = word.replace(letters, sound)
    return re.sub(r"(.)\1", r"\1", word)


def forms_of(line: str) -> list[str]:
    return folded(ascii_fold(line).lower()).split()


def _forms(names: str) -> dict[str, str]:
    forms = map(forms_of, names.strip().splitlines())
    return {form: each[0] for each in forms for form in each}


_OF_MEN = _forms(MEN)
_OF_WOMEN = _forms(WOMEN)
_USUAL = _OF_MEN | _OF_WOMEN
"""Maps each folded form to its name."""


def is_same(one: str, other: str) -> bool:
    """Tell whether two transcribed words are one name; an abbreviation must fit one man's name."""
    name = _name(one)
    return name is not None and name == _name(other)


def is_a_womans(word: str) -> bool:
    """Tell whether a transcribed word is a common name of women."""
    return folded(word) in _OF_WOMEN


def are_two(one: str, other: str) -> bool:
    """Tell whether both are common names, and not the same one."""
    names = _USUAL.get(folded(one)), _USUAL.get(folded(other))
    return None not in names and names[0] != names[1]


def _name(word: str) -> str | None:
    if not word.endswith("."):
        return _USUAL.get(folded(word), folded(word))
    begins = folded(word.rstrip("."))
    names = {name for form, name in _OF_MEN.items() if form.startswith(begins)}
    return names.pop() if len(names) == 1 else None
