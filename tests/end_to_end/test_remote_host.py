"""The server beside the files, the model on another machine: all that the two share is a socket that is forwarded."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest
from user_settings import write_user_settings

from midspan.evaluation.harness import INVOKED, LspSession

MIDSPAN = str(Path(sys.executable).with_name("midspan"))
BEGUN = "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    "

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs Unix sockets")


@asynccontextmanager
async def forwarded(to: Path, at: Path) -> AsyncIterator[None]:
    """Carry bytes between two sockets, as `ssh -R` does; both ends are gone afterwards."""
    tasks: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            there_reader, there_writer = await asyncio.open_unix_connection(to)
            await asyncio.gather(carry(reader, there_writer), carry(there_reader, writer))
        except OSError:
            writer.close()

    server = await asyncio.start_unix_server(connected, at)
    try:
        yield
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        at.unlink(missing_ok=True)


@contextmanager
def model_machine(socket: Path, environment: dict[str, str]) -> Iterator[None]:
    """Run a host as its README says, until the end of the block."""
    command = [MIDSPAN, "host", "--socket", str(socket), "--idle-minutes", "0"]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        while not socket.exists():
            assert process.poll() is None, "the host has ended"
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)


def other_machine(environment: dict[str, str], folder: Path) -> dict[str, str]:
    """Return an environment in which nothing of the first one is found: no model, no settings, no running host."""
    names = [name for name in environment if name.startswith("XDG_") or name in ("HOME", "MIDSPAN_CACHE")]
    places = {name: str(folder / name) for name in names}
    for place in places.values():
        Path(place).mkdir(parents=True, mode=0o700)
    return {**environment, **places}


@pytest.mark.default_model
async def test_two_machines_that_share_a_forwarded_socket(short_dir: Path, own_host: dict[str, str]) -> None:
    there, here = short_dir / "there.sock", short_dir / "here.sock"
    beside_the_files = other_machine(own_host, short_dir / "b")
    settings = {
        "host": {"socket": str(here)},
        "completion": {"deadline_ms": 60_000, "invoked_deadline_ms": 60_000},
    }
    root = short_dir / "project"
    root.mkdir()
    uri = (root / "calc.py").as_uri()
    command = [MIDSPAN, "--stdio"]
    with model_machine(there, own_host):
        async with (
            asyncio.timeout(240),
            await LspSession.start(command, root=root, env=beside_the_files, configuration=settings) as session,
        ):
            session.open(uri, "python", BEGUN)
            assert await session.complete(uri, trigger=INVOKED) == []  # there is no tunnel yet
            why = "\n".join((await session.request("midspan/why", {"textDocument": {"uri": uri}}))["why"])
            assert "No model host answers at" in why
            for _ in range(2):  # the second time, after the tunnel broke
                async with forwarded(there, here):
                    while not (items := await session.complete(uri, trigger=INVOKED)):  # noqa: ASYNC110
                        await asyncio.sleep(0.2)
                    assert items[0]["insertText"] == "    return a - b"
                session.type(uri, "x")
                await session.complete(uri)
                session.backspace(uri, 1)
                session.type(uri, "\n    ")
                session.backspace(uri, 5)
    assert not list((short_dir / "b").rglob("host.log"))


def test_doctor_looks_at_the_tunnel_not_for_a_model(short_dir: Path, own_host: dict[str, str]) -> None:
    environment = other_machine(own_host, short_dir / "b")
    write_user_settings(environment, {"host": {"socket": f"{short_dir}/here.sock"}})
    told = subprocess.run([MIDSPAN, "doctor"], env=environment, capture_output=True, text=True, check=False)
    assert "none answers at" in told.stdout
    assert "tunnel" in told.stdout
    assert "models add" not in told.stdout


@pytest.mark.parametrize("socket", ["relative.sock", "/tmp/no-suffix", "/tmp/" + "x" * 120 + ".sock"])
def test_a_socket_that_can_be_none(short_dir: Path, own_host: dict[str, str], socket: str) -> None:
    file = short_dir / "a.py"
    file.write_text("x = ", encoding="utf-8")
    write_user_settings(own_host, {"host": {"socket": socket}})
    command = [MIDSPAN, "complete", f"{file}:1:5"]
    told = subprocess.run(command, env=own_host, capture_output=True, text=True, check=False)
    assert told.returncode != 0
    assert "host.socket has to be a whole path" in told.stderr
    assert "Traceback" not in told.stderr
