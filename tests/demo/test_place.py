"""Ports, secrets and folders of a stack."""

import socket
from pathlib import Path

from demo.place import HOST, PREFERRED_PORTS, Place


def test_a_taken_port_gives_way_to_the_next_free_one(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert Place(tmp_path, {"portal": port}).port("portal") > port


def test_no_two_parts_get_the_same_port_and_none_takes_another_ones_preferred(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, PREFERRED_PORTS)
    ports = {name: place.port(name) for name in PREFERRED_PORTS}
    assert len(set(ports.values())) == len(ports)
    for name, port in ports.items():
        others = {other for owner, other in PREFERRED_PORTS.items() if owner != name}
        assert port not in others


def test_a_secret_is_kept_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    secret = Place(tmp_path).secret("token")
    assert Place(tmp_path).secret("token") == secret
    assert len(secret) >= 32
    assert (tmp_path / "secrets" / "token").stat().st_mode & 0o077 == 0
