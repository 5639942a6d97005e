"""Commands reach the supervisor however deep its folder lies."""

import asyncio
from pathlib import Path

import pytest

from demo.control import Reply, Request, ask, serve
from demo.part import PartFailed


async def test_a_command_is_answered_in_a_folder_too_deep_for_a_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 20) / ("deeper" * 20)
    folder.mkdir(parents=True)

    async def answer(request: Request) -> Reply:
        return Reply(error=f"{request['command']} {request['name']}", told="", parts=[])

    async with await serve(folder, answer):
        with pytest.raises(PartFailed, match="stop slapd"):
            await asyncio.to_thread(ask, folder, "stop", "slapd")
