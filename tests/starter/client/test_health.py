"""Probes and metrics of a process have a port of their own, each of several the next one."""

import socket
from contextlib import AsyncExitStack

import httpx
import pytest

from demo.place import HOST, any_port, is_free
from starter.client.health import Answers, PortTaken, probes


async def ready() -> Answers:
    return {"ledger": True}


async def measured() -> bytes:
    return b"one 1\n"


async def test_each_of_two_processes_takes_a_port_and_a_third_is_told_to_choose() -> None:
    port = next(each for each in iter(any_port, None) if is_free(each + 1))
    async with AsyncExitStack() as stack, httpx.AsyncClient() as http:
        for _ in range(2):
            await stack.enter_async_context(probes(HOST, port, ready, measured, processes=2))
        for each in (port, port + 1):
            answer = await http.get(f"http://{HOST}:{each}/metrics")
            assert answer.text == "one 1\n"
            assert (await http.get(f"http://{HOST}:{each}/readyz")).json() == {"ledger": True}
        with pytest.raises(PortTaken, match=f"cannot listen on {HOST}, port {port}"):
            await stack.enter_async_context(probes(HOST, port, ready, measured, processes=2))
    socket.create_server((HOST, port)).close()
