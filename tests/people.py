"""The invented student most tests are about."""

from domain.contracts.people import Enrolment, Person

MARIA = Person(
    person_key="5e1f",
    enrolments=(
        Enrolment(
            system_id="1",
            registration_id="2026001",
            department_id="INF",
            department_el="Πληροφορικής",
            department_en="Informatics",
        ),
    ),
    first_name_el="Μαρία",
    last_name_el="Παπαδοπούλου",
    first_name_latin="Maria",
    last_name_latin="Papadopoulou",
    birth_date=None,
    citizenship="GR",
    login_name=None,
    insurance_scheme="GR",
    insurance_number="01010500013",
    mobile="+306912345678",
    email="maria@example.org",
    sms_to="+306912345678",
    email_to=None,
)
