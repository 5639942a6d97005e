"""Lists Greek and foreign names with their Latin spelling, for invented students."""

from typing import NamedTuple


class Spelled(NamedTuple):
    el: str
    latin: str


class Surname(NamedTuple):
    man: Spelled
    woman: Spelled


def _spelled(text: str) -> tuple[Spelled, ...]:
    return tuple(Spelled(*pair.split("/")) for pair in text.split())


def _surnames(text: str) -> tuple[Surname, ...]:
    words = [_spelled(line) for line in text.strip().splitlines()]
    return tuple(Surname(man, woman) for man, woman in words)


MEN = _spelled(
    "Γεώργιος/Georgios Ιωάννης/Ioannis Κωνσταντίνος/Konstantinos Δημήτριος/Dimitrios "
    "Νικόλαος/Nikolaos Παναγιώτης/Panagiotis Βασίλειος/Vasileios Χρήστος/Christos "
    "Αθανάσιος/Athanasios Μιχαήλ/Michail Ευάγγελος/Evangelos Σπυρίδων/Spyridon "
    "Αντώνιος/Antonios Αναστάσιος/Anastasios Θεόδωρος/Theodoros Ανδρέας/Andreas "
    "Χαράλαμπος/Charalampos Αλέξανδρος/Alexandros Εμμανουήλ/Emmanouil Ηλίας/Ilias "
    "Σταύρος/Stavros Πέτρος/Petros Αριστείδης/Aristeidis Φώτιος/Fotios Άγγελος/Angelos"
)
WOMEN = _spelled(
    "Μαρία/Maria Ελένη/Eleni Αικατερίνη/Aikaterini Βασιλική/Vasiliki Σοφία/Sofia "
    "Αγγελική/Angeliki Γεωργία/Georgia Ευαγγελία/Evangelia Δήμητρα/Dimitra "
    "Κωνσταντίνα/Konstantina Παναγιώτα/Panagiota Άννα/Anna Ιωάννα/Ioanna "
    "Ευτυχία/Eftychia Χριστίνα/Christina Ειρήνη/Eirini Αλεξάνδρα/Alexandra "
    "Αναστασία/Anastasia Φωτεινή/Foteini Ουρανία/Ourania Θεοδώρα/Theodora Ζωή/Zoi "
    "Νεφέλη/Nefeli Δανάη/Danai Υπατία/Ypatia"
)
SURNAMES = _surnames(
    """
Παπαδόπουλος/Papadopoulos Παπαδοπούλου/Papadopoulou
Παπαγεωργίου/Papageorgiou Παπαγεωργίου/Papageorgiou
Οικονόμου/Oikonomou Οικονόμου/Oikonomou
Παππάς/Pappas Παππά/Pappa
Καραγιάννης/Karagiannis Καραγιάννη/Karagianni
Μακρής/Makris Μακρή/Makri
Γιαννόπουλος/Giannopoulos Γιαννοπούλου/Giannopoulou
Δημητρίου/Dimitriou Δημητρίου/Dimitriou
Ιωαννίδης/Ioannidis Ιωαννίδου/Ioannidou
Νικολάου/Nikolaou Νικολάου/Nikolaou
Αλεξίου/Alexiou Αλεξίου/Alexiou
Μπακάλης/Bakalis Μπακάλη/Bakali
Γκίκας/Gkikas Γκίκα/Gkika
Ντόκος/Ntokos Ντόκου/Ntokou
Χατζής/Chatzis Χατζή/Chatzi
Ψαρράς/Psarras Ψαρρά/Psarra
Θεοχάρης/Theocharis Θεοχάρη/Theochari
Ξένος/Xenos Ξένου/Xenou
Ευσταθίου/Efstathiou Ευσταθίου/Efstathiou
Αυγερινός/Avgerinos Αυγερινού/Avgerinou
Τσαγκάρης/Tsagkaris Τσαγκάρη/Tsagkari
Αγγελόπουλος/Angelopoulos Αγγελοπούλου/Angelopoulou
Ρούσσος/Roussos Ρούσσου/Roussou
Καΐρης/Kairis Καΐρη/Kairi
Λυμπέρης/Lymperis Λυμπέρη/Lymperi
Σωτηρόπουλος/Sotiropoulos Σωτηροπούλου/Sotiropoulou
Ζαχαρίου/Zachariou Ζαχαρίου/Zachariou
Φιλιππίδης/Filippidis Φιλιππίδου/Filippidou
Κωστόπουλος/Kostopoulos Κωστοπούλου/Kostopoulou
Βλάχος/Vlachos Βλάχου/Vlachou
"""
)
FOREIGN = (
    ("CY", "M", Spelled("Ανδρέας", "Andreas"), Spelled("Χριστοδούλου", "Christodoulou")),
    ("CY", "F", Spelled("Μαρία", "Maria"), Spelled("Γεωργιάδου", "Georgiadou")),
    ("CY", "M", Spelled("Κυριάκος", "Kyriakos"), Spelled("Παντελή", "Panteli")),
    ("CY", "F", Spelled("Στάλω", "Stalo"), Spelled("Κυπριανού", "Kyprianou")),
    ("AL", "M", Spelled("Άρμπεν", "Arben"), Spelled("Χότζα", "Hoxha")),
    ("AL", "F", Spelled("Ελίρα", "Elira"), Spelled("Μπερίσα", "Berisha")),
    ("BG", "F", Spelled("Ιβάνα", "Ivana"), Spelled("Πετρόβα", "Petrova")),
    ("IT", "M", Spelled("Λουίτζι", "Luigi"), Spelled("Μορέτι", "Moretti")),
    ("DE", "F", Spelled("Γιόχανα", "Johanna"), Spelled("Μπράουν", "Braun")),
    ("FR", "M", Spelled("Ετιέν", "Etienne"), Spelled("Μαρτέν", "Martin")),
)
