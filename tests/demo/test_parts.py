"""The real parts the tests stand on do what the systems they stand for do."""

import json
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any

import asyncpg
import httpx
import ldap3
import pytest

import demo.sms
from demo.slapd import PEOPLE_DN, SUPPORT_USER
from tests.stack import TestStack


def _bearer(stack: TestStack) -> dict[str, str]:
    token = stack.settings.sms.token_file
    assert token is not None
    return {"Authorization": f"Bearer {token.read_text()}"}


def _sms(number: str, message_id: str) -> dict[str, str]:
    return {"to": number, "text": "Καλημέρα", "from": "UNIVERSITY", "id": message_id}


def test_an_sms_arrives_once_however_often_it_is_handed_over(stack: TestStack) -> None:
    sms = _sms("+306900000101", "a:pin:1")
    answers = [
        httpx.post(stack.settings.sms.url, json=sms, headers=_bearer(stack)) for _ in range(2)
    ]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert [message["text"] for message in stack.messages("+306900000101")] == ["Καλημέρα"]


def test_the_sms_gateway_tells_what_became_of_a_message_and_comes_again(stack: TestStack) -> None:
    told: Queue[tuple[str, bytes]] = Queue()
    answers = iter((503, 204, 204))

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.put((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(next(answers))
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        for number, fate in (("0104", "delivered"), *demo.sms.FATES.items()):
            url = f"http://127.0.0.1:{server.server_port}/{fate}"
            sms = _sms(f"+30690000{number}", f"receipt {number}") | {"receipt_url": url}
            httpx.post(stack.settings.sms.url, json=sms, headers=_bearer(stack))
        heard = [told.get(timeout=20) for _ in range(3)]
        server.shutdown()
    assert sorted(path for path, _ in heard) == ["/delivered", "/expired", "/failed"]
    for path, body in heard:
        assert json.loads(body) == {"status": path.strip("/")}


def test_the_sms_gateway_refuses_a_stranger_and_a_number_it_cannot_dial(stack: TestStack) -> None:
    url = stack.settings.sms.url
    assert httpx.post(url, json=_sms("+306900000102", "b")).status_code == 401
    malformed = httpx.post(url, json=_sms("6900000102", "b"), headers=_bearer(stack))
    assert malformed.status_code == 400
    assert stack.messages("+306900000102") == []


def test_a_mail_arrives_with_its_plain_part_for_each_recipient_in_lower_case(
    stack: TestStack,
) -> None:
    mail = EmailMessage()
    mail["Subject"] = "Ο λογαριασμός σας"
    mail["From"] = "no-reply@university.example"
    mail["To"] = "Parts.Test@mail.example"
    mail.set_content("απλό κείμενο")
    mail.add_alternative("<p>html</p>", subtype="html")
    with smtplib.SMTP(stack.settings.mail.host, stack.settings.mail.port) as smtp:
        smtp.starttls(context=ssl.create_default_context(cafile=stack.settings.mail.ca_file))
        smtp.send_message(mail)
    (message,) = stack.messages("parts.test@mail.example")
    assert message["channel"] == "email"
    assert message["subject"] == "Ο λογαριασμός σας"
    assert message["text"].strip() == "απλό κείμενο"


def test_the_mail_server_takes_nothing_in_clear(stack: TestStack) -> None:
    with smtplib.SMTP(stack.settings.mail.host, stack.settings.mail.port) as smtp:
        with pytest.raises(smtplib.SMTPResponseException) as refused:
            smtp.sendmail("no-reply@university.example", "parts.test@mail.example", "in clear")
        assert refused.value.smtp_code == 530


async def test_the_engine_may_read_the_registrar_and_nothing_more(stack: TestStack) -> None:
    reader = await asyncpg.connect(stack.settings.registrar.dsn.get_secret_value())
    try:
        assert await reader.fetchval("SELECT count(*) FROM v_vd_sis") >= 300
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.execute("DELETE FROM v_vd_sis")
    finally:
        await reader.close()


@contextmanager
def _service(stack: TestStack) -> Iterator[Any]:
    """Bind as the engine; `Any` because ldap3's stubs leave its writes untyped."""
    directory = stack.settings.directory
    server = ldap3.Server(directory.urls[0], get_info=ldap3.NONE)
    secret = directory.bind_password_file.read_text()
    connection = ldap3.Connection(server, directory.bind_dn, secret, auto_bind=True)
    try:
        yield connection
    finally:
        connection.unbind()


def _student(uid: str, code: str) -> dict[str, str]:
    return {"uid": uid, "cn": uid, "sn": uid, "schacPersonalUniqueCode": code}


CLASSES = ["inetOrgPerson", "eduPerson", "schacLinkageIdentifiers"]


def test_the_directory_refuses_a_taken_student_number_and_a_taken_name(stack: TestStack) -> None:
    with _service(stack) as directory:
        mine, theirs = f"uid=parts1,{PEOPLE_DN}", f"uid=parts2,{PEOPLE_DN}"
        assert directory.add(mine, CLASSES, _student("parts1", "urn:parts:1"))
        assert not directory.add(theirs, CLASSES, _student("parts2", "urn:parts:1"))
        assert directory.result["description"] == "constraintViolation"
        staff = f"uid={SUPPORT_USER},{PEOPLE_DN}"
        assert not directory.add(staff, CLASSES, _student(SUPPORT_USER, "urn:parts:3"))


def test_the_engine_cannot_delete_an_entry_nor_skip_the_password_policy(stack: TestStack) -> None:
    with _service(stack) as directory:
        dn = f"uid=parts4,{PEOPLE_DN}"
        assert directory.add(dn, CLASSES, _student("parts4", "urn:parts:4"))
        assert not directory.modify(dn, {"userPassword": [(ldap3.MODIFY_REPLACE, [b"short"])]})
        assert directory.result["description"] == "constraintViolation"
        assert not directory.delete(dn)
        assert directory.result["description"] == "insufficientAccessRights"


@pytest.mark.parametrize("name", ["slapd", "postgres", "sms", "smtp"])
def test_a_stopped_part_comes_back_with_its_data(stack: TestStack, name: str) -> None:
    stack.stop(name)
    stack.start(name)
    with _service(stack) as directory:
        assert directory.search(stack.settings.directory.people_dn, "(objectClass=*)")
