"""Every branch of the journey, each walked with values that are found wherever they are written.

`BESIDE` may be walked at the same time; each of `ALONE` takes a part away meanwhile.
"""

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import asyncpg
import httpx
import ldap3

from demo.part import aside
from demo.place import any_port
from demo.programs import activation
from demo.students import COLUMNS, amka
from tests.whole.marked_scene import Guest, Scene, email
from tests.whole.student import Student, until


def _word(alphabet: str = "αβγδεζηικλμνοπρτυφω", length: int = 12) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


def _mobile() -> str:
    return f"69{secrets.randbelow(10**8):08d}"


# --- from the contact to the account -------------------------------------------------------


def the_long_way(scene: Scene) -> None:
    """Slip in every field, take the other channel, and take a dispute back."""
    student = scene.enrol(keeps=True, insured=False)
    with scene.guest() as guest:
        guest.visit("/who")
        guest.refused(who="staff")
        guest.submit(who="student")
        landline = scene.mark("contact", f"2710{secrets.randbelow(10**6):06d}")
        guest.refused(mobile=landline, email=scene.mark("contact", f"{_word()}@mail.example"))
        assert guest.submit(mobile=student.mobile, email="").path == "/pin"
        _by_mail_at_last(scene, guest, student)
        _insure(scene, guest, student)
        _dispute(scene, guest)
        assert guest.go(decision="agree", choice="recovery_email").path == "/password"
        _refused_passwords(scene, guest, student)
        guest.go(password=student.password)
        guest.arrive("/done")
    with scene.guest("en") as guest:
        assert guest.prove(student).path == "/ended"  # It is active already.
    assert student.logs_in(scene.env)


def _by_mail_at_last(scene: Scene, guest: Guest, student: Student) -> None:
    right = guest.code(f"+30{student.mobile}")
    wrong = scene.mark("pin", f"{(int(right) + 1) % 10**6:06d}")
    guest.refused(pin=wrong[:5] + "x")
    guest.refused(pin=wrong)
    until(lambda: guest.visit("/pin") and _resent(guest, "sms"))
    guest.code(f"+30{student.mobile}", after=1)
    until(lambda: guest.visit("/pin") and _resent(guest, "email"))
    assert guest.go(pin=guest.code(email(student))).path == "/insurance"


def _resent(guest: Guest, channel: str) -> bool:
    return guest.press("/pin/resend", channel=channel).status == 200


def _insure(scene: Scene, guest: Guest, student: Student) -> None:
    last = (int(student.amka[-1]) + 1) % 10
    guest.refused(number=scene.mark("insurance", f"{student.amka[:-1]}{last}"))
    guest.visit("/insurance/other")
    guest.refused(scheme="EHIC", number=scene.mark("insurance", f"{secrets.randbelow(10**9):09d}"))
    guest.visit("/insurance")
    assert guest.go(number=student.amka).path == "/review"


def _dispute(scene: Scene, guest: Guest) -> None:
    guest.visit("/review/wrong")
    guest.refused(decision="dispute", note=scene.mark("note", f"Λάθος {_word()}"))
    note = scene.mark("note", f"Γράφομαι «{_word()}», όχι έτσι.")
    guest.submit(decision="dispute", wrong="name", note=note)
    assert guest.stands == ("review", "DATA_DISPUTED")
    assert note in scene.staff("support", "show", guest.reference)
    guest.visit("/review")
    guest.submit(decision="withdraw")
    assert guest.visit("/review").path == "/review"


def _refused_passwords(scene: Scene, guest: Guest, student: Student) -> None:
    for refused in (
        secrets.token_urlsafe(6),
        f"panathinaikos{secrets.randbelow(10**9):09d}",
        f"{student.login}-{secrets.token_urlsafe(9)}",
        f"{_word(length=16)}-77",
    ):
        guest.refused(password=scene.mark("password", refused))


def a_european_card_and_a_suggested_password(scene: Scene) -> None:
    student = scene.enrol(insured=False, citizenship="CY")
    with scene.guest("en") as guest:
        assert guest.prove(student, email=email(student)).path == "/insurance"
        guest.visit("/insurance/other")
        card = scene.mark("insurance", f"80196{secrets.randbelow(10**15):015d}")
        assert guest.go(scheme="EHIC", number=card).path == "/review"
        page = guest.go(decision="agree")
        note_it_down = next(n for n, line in enumerate(page.lines) if "Note it down" in line)
        for line in page.lines[note_it_down + 1 : note_it_down + 4]:
            scene.mark("suggestion", line)
        guest.submit(suggestion="1")
        guest.arrive("/done")


def another_countrys_number(scene: Scene) -> None:
    student = scene.enrol(insured=False, citizenship="CY")
    with scene.guest() as guest:
        guest.prove(student)
        guest.visit("/insurance/other")
        number = scene.mark("insurance", f"{secrets.randbelow(10**9) + 10**9}")
        assert guest.go(scheme="CY", number=number).path == "/review"


def the_number_of_another(scene: Scene) -> None:
    """Let the desk find out and retry; then type the own number."""
    other, student = scene.enrol(), scene.enrol(insured=False)
    with scene.guest() as guest:
        assert guest.prove(student).path == "/insurance"
        assert guest.submit(number=other.amka).path == "/progress"
        until(lambda: guest.stands == ("needs_support", "INSURANCE_CONFLICT"))
        scene.look(guest.reference)
        scene.retry(guest.reference)
        until(lambda: guest.visit("/insurance").path == "/insurance")
        assert guest.go(number=student.amka).path == "/review"


def siblings_and_wrong_answers(scene: Scene) -> None:
    one = scene.enrol()
    other = scene.enrol(mobilephone=one.mobile)
    with scene.guest() as guest:
        assert guest.prove(one, mobile=one.mobile).path == "/identify"
        guest.refused(answer=scene.mark("birth date", f"{_word()}/{_word()}"))
        for days in (301, 302):
            guest.refused(answer=_day(scene, one, days))
        guest.submit(answer=_day(scene, one, 303))
        until(lambda: guest.stands == ("needs_support", "WAITING_IDENTITY"))
        scene.look(guest.reference)
        scene.retry(guest.reference)
        until(lambda: guest.visit("/identify").path == "/identify")
        assert guest.go(answer=f"{other.born:%d/%m/%Y}").path == "/review"
        guest.finish(other)
    assert other.logs_in(scene.env)


def _day(scene: Scene, student: Student, days: int) -> str:
    day = student.born + timedelta(days=days)
    scene.mark("birth date", f"{day:%Y-%m-%d}")
    return scene.mark("birth date", f"{day:%d/%m/%Y}")


def another_browser(scene: Scene) -> None:
    student = scene.enrol()
    with scene.guest() as laptop, scene.guest("en") as phone:
        assert laptop.prove(student).path == "/review"
        assert phone.prove(student).path == "/review"
        assert laptop.visit("/review").path == "/continued"
        phone.finish(student)


# --- other ends ----------------------------------------------------------------------------


def cancelled_by_staff(scene: Scene) -> None:
    student = scene.enrol()
    with scene.guest() as guest:
        guest.prove(student)
        scene.staff("support", "note", guest.reference, "--text", scene.reason)
        scene.staff("support", "cancel", guest.reference, "--reason", scene.reason)
        assert guest.visit("/review").path == "/ended"
        scene.look(guest.reference)


def locked(scene: Scene) -> None:
    student = scene.enrol()
    with scene.guest() as guest:
        guest.come(mobile=student.mobile)
        right = int(guest.code(f"+30{student.mobile}"))
        for wrong in range(1, 5):
            guest.refused(pin=scene.mark("pin", f"{(right + wrong) % 10**6:06d}"))
        assert guest.stands == ("pin", "PIN_LOCKED")
        scene.look(guest.reference)


def nobody(scene: Scene) -> None:
    with scene.guest() as guest:
        mobile = scene.mark("stranger", _mobile())
        guest.come(mobile=mobile, email=scene.mark("stranger", f"{_word('abcdefgh')}@mail.example"))
        until(lambda: guest.visit("/progress").path == "/contact")
        gone = scene.enrol(enrollmentstatus="inactive")
        guest.submit(mobile=gone.mobile, email="")
        until(lambda: guest.visit("/progress").path == "/contact")


def expired(scene: Scene) -> None:
    """Let the whole time run out."""
    student = scene.enrol()
    with _hasty_portal(scene) as url, scene.guest(url=url) as guest:
        guest.come(mobile=student.mobile)
        guest.code(f"+30{student.mobile}")
        until(lambda: guest.visit("/pin").path == "/ended")
        scene.look(guest.reference)


@contextmanager
def _hasty_portal(scene: Scene) -> Iterator[str]:
    """Serve a portal that starts activations with a short life."""
    port, folder = any_port(), scene.stack.folder
    url = f"http://127.0.0.1:{port}"
    given = {
        "ACTIVATION_CONFIG": str(folder / "activation.toml"),
        "ACTIVATION_LOG_LEVEL": "DEBUG",
        "ACTIVATION_PORTAL__PORT": str(port),
        "ACTIVATION_PORTAL__PUBLIC_URL": url,
        "ACTIVATION_POLICY__DEADLINE": "PT8S",
    }
    with (folder / "logs/hasty.log").open("wb") as log:
        portal = subprocess.Popen(  # noqa: S603 - our own program
            activation("portal"), stdout=log, stderr=log, env=os.environ | given
        )
    try:
        until(lambda: _answers(url))
        yield url
    finally:
        portal.terminate()
        portal.wait(20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").is_success
    except httpx.HTTPError:
        return False


def help_asked_for(scene: Scene) -> None:
    student = scene.enrol()
    with scene.guest() as guest:
        guest.come(mobile=student.mobile)
        guest.visit(f"/problem/{guest.reference}")
        name, text = scene.mark("help", _word()), scene.mark("help", f"Χάθηκα: {_word()}")
        guest.refused(name=name, reply_to=scene.mark("slip", f"{_word()}@x"), text=text)
        reply_to = scene.mark("help", f"{_word('abcdefgh')}@mail.example")
        guest.submit(name=name, reply_to=reply_to, text=text)

        def arrived() -> bool:
            return any(text in letter["text"] for letter in scene.messages())

        until(arrived)


# --- systems that misbehave ----------------------------------------------------------------


def a_gateway_that_repeats_what_it_is_told(scene: Scene) -> None:
    """Meet errors with our text in the body and an answer that is no HTTP, until it works."""
    student = scene.enrol()
    scene.gateway.tricks[f"+30{student.mobile}"] += ["500", "babble", "503"]
    with scene.guest() as guest:
        guest.come(mobile=student.mobile)
        assert guest.go(pin=guest.code(f"+30{student.mobile}")).path == "/review"


def a_number_that_is_refused(scene: Scene) -> None:
    student = scene.enrol(extemail=None)
    scene.gateway.tricks[f"+30{student.mobile}"] += ["400"]
    with scene.guest() as guest:
        guest.come(mobile=student.mobile)
        until(lambda: guest.stands == ("needs_support", "UNDELIVERABLE"))
        scene.look(guest.reference)
        scene.retry(guest.reference)
        until(lambda: guest.visit("/pin").path == "/pin")
        assert guest.go(pin=guest.code(f"+30{student.mobile}")).path == "/review"


def a_password_the_directory_knows(scene: Scene) -> None:
    """Between «Συμφωνώ» and the password somebody else gives the account one: it stays."""
    student = scene.enrol()
    with scene.guest() as guest:
        guest.prove(student)
        assert guest.go(decision="agree").path == "/password"
        used = scene.mark("password", secrets.token_urlsafe(18))
        _give_password(scene, student, used)
        guest.go(password=scene.mark("password", secrets.token_urlsafe(18)))
        guest.arrive("/ended")


def _give_password(scene: Scene, student: Student, password: str) -> None:
    service = (scene.stack.folder / "secrets/ldap_service").read_text()
    people = scene.env["LDAP_PEOPLE_DN"]
    base = people.partition(",")[2]
    dn = f"uid={student.login},{people}"
    code = f"urn:schac:personalUniqueCode:gr:university.example:SIS:{student.number}"
    entry = {"cn": "x", "sn": "x", "schacPersonalUniqueCode": code}
    classes = ["inetOrgPerson", "schacLinkageIdentifiers"]
    with ldap3.Connection(
        ldap3.Server(scene.env["LDAP_URL"]), f"cn=activation,ou=services,{base}", service
    ) as connection:
        assert connection.add(  # type: ignore[no-untyped-call] # ldap3 has no types
            dn, classes, entry
        ), connection.result["description"]
        assert connection.extend.standard.modify_password(dn, None, password)


def the_directory_is_away(scene: Scene) -> None:
    student = scene.enrol(keeps=True)
    with scene.guest() as guest:
        guest.prove(student)
        assert guest.go(decision="agree", choice="recovery_mobile").path == "/password"
        with scene.without("slapd"):
            assert guest.submit(password=student.password).path == "/progress"
            reference = guest.reference
            until(lambda: scene.look(reference).standing.wait_reason == "DIRECTORY_DOWN")
            scene.staff("support", "list")
            scene.staff("support", "show", reference, "--json")
            scene.staff("support", "retry", reference, "--reason", scene.reason)
        guest.arrive("/done")
    assert student.logs_in(scene.env)


def the_registrar_chokes_on_the_row(scene: Scene) -> None:
    """Its view raises an error that quotes what it choked on."""
    student = scene.enrol()
    with scene.guest() as guest:
        with _choking(scene, student.mobile):
            guest.come(mobile=student.mobile, email=email(student))
            reference = guest.reference
            until(lambda: scene.look(reference).standing.wait_reason == "CONFIGURATION")
        scene.retry(reference)
        until(lambda: guest.visit("/pin").path == "/pin")
        assert guest.go(pin=guest.code(f"+30{student.mobile}")).path == "/review"


@contextmanager
def _choking(scene: Scene, mobile: str) -> Iterator[None]:
    """Break the view; what the registrar's server writes into its own log is not our doing."""
    secret = (scene.stack.folder / "secrets/postgres_postgres").read_text()

    async def tell(*statements: str) -> None:
        server = await asyncpg.connect(scene.env["REGISTRAR_DSN"], user="postgres", password=secret)
        try:
            for statement in statements:
                await server.execute(statement)
        finally:
            await server.close()

    choke = (
        "CREATE FUNCTION choke(text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER"
        " SET log_min_messages = panic AS $$ BEGIN"
        f" IF $1 = '{mobile}' THEN RAISE EXCEPTION 'cannot read %', $1; END IF; RETURN $1; END $$"
    )
    columns = ", ".join(COLUMNS).replace("mobilephone", "choke(mobilephone) AS mobilephone")
    view = f"CREATE VIEW v_vd_sis AS SELECT {columns} FROM kept"  # noqa: S608 - our own words
    reader = "GRANT SELECT ON v_vd_sis TO activation_reader"
    aside(tell(choke, "ALTER TABLE v_vd_sis RENAME TO kept", view, reader))
    try:
        yield
    finally:
        back = "ALTER TABLE kept RENAME TO v_vd_sis"
        aside(tell("DROP VIEW v_vd_sis", "DROP FUNCTION choke", back))


def the_worker_stands_still(scene: Scene) -> None:
    """Type meanwhile: it goes in by the other handler."""
    student = scene.enrol(insured=False)
    with scene.guest() as guest:
        guest.come(mobile=student.mobile)
        code = guest.code(f"+30{student.mobile}")
        with scene.frozen("worker"):
            assert guest.submit(pin=code).path == "/progress"
        guest.arrive("/insurance")
        assert guest.go(number=student.amka).path == "/review"


def what_operators_read(scene: Scene) -> None:
    """Export a warning, and list everybody who cannot activate."""
    student = scene.enrol(insured=False)
    with scene.guest() as guest:
        guest.prove(student)
        odd = amka(student.born + timedelta(days=77), student.serial, gender="F")
        guest.go(number=scene.mark("insurance", odd))
        guest.go(decision="agree")
    scene.enrol(mobilephone=None, extemail=None)
    export = scene.staff("insurance", "export", "--reason", "monthly", place="export")
    assert "amka.birth_mismatch" in export
    scene.staff("registrar", "report", place="report")
    scene.staff("support", "list", "--json")


BESIDE = (
    # The longest first.
    expired,
    the_long_way,
    cancelled_by_staff,
    a_gateway_that_repeats_what_it_is_told,
    what_operators_read,
    a_european_card_and_a_suggested_password,
    another_countrys_number,
    the_number_of_another,
    siblings_and_wrong_answers,
    another_browser,
    locked,
    nobody,
    help_asked_for,
    a_number_that_is_refused,
    a_password_the_directory_knows,
)
ALONE = (the_directory_is_away, the_registrar_chokes_on_the_row, the_worker_stands_still)
