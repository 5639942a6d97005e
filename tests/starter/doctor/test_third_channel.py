"""A third channel brings its own check and preview: the commands of operators ask it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.findings import Finding
from domain.contracts.channels import Channel
from domain.contracts.message_io import NoticeKind
from security.purposes import User
from settings import Settings
from starter.commands import templates
from starter.doctor import messaging
from starter.doctor.commands import _collect
from tests.channels import more_channels, third_channel
from tests.stack import TestStack


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Channel]:
    with more_channels():
        module = third_channel()
        monkeypatch.setenv(module.BASE, str(tmp_path))
        yield module.FOLDER


async def _found(settings: Settings, user: User) -> list[Finding]:
    checks = [*messaging.checks(settings, (user,), frozenset())]
    return [found for name, each in checks if name == "folder" for found in await _collect(each)]


@pytest.mark.usefixtures("folder")
async def test_the_doctor_asks_the_third_channel_where_messages_are_sent(
    stack: TestStack, tmp_path: Path
) -> None:
    assert [each.ok for each in await _found(stack.settings, User.MESSAGING)] == [True]
    (tmp_path / "closed").touch()
    assert [each.mend for each in await _found(stack.settings, User.MESSAGING)] == ["open it"]
    assert await _found(stack.settings, User.PORTAL) == []


async def test_a_test_message_goes_by_each_channel_to_the_contact(
    stack: TestStack, folder: Channel
) -> None:
    kinds = {"+306900000078": ["SMS", folder.label], "third@mail.example": ["E-mail"]}
    for to, labels in kinds.items():
        tests = [await _collect(each) for each in messaging.send_tests(stack.settings, to)]
        assert [each.about for (each,) in tests] == [
            f"a message by {label} was taken" for label in labels
        ]


def test_the_preview_shows_what_goes_by_the_third_channel(
    stack: TestStack, folder: Channel
) -> None:
    shown = [*templates.messages(stack.settings)]
    by_folder = {each.name for each in shown if folder in each.contents}
    invited = {"invitation", "invitation_again"}
    assert by_folder == {"pin", *invited, *(notice.value for notice in NoticeKind)}
    pin = next(each for each in shown if each.name == "pin")
    assert [channel for channel, _ in pin.shown()] == [*Channel.all()]
    assert {*dict(pin.shown())[folder].files} == {"folder.txt"}
