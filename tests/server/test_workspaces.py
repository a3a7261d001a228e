"""Other files of the workspace reach the prompt, through the whole server and the process that indexes."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from scripted_endpoint import scripted_endpoint
from workspaces import write_files

from midspan.evaluation.harness import LspSession

pytestmark = pytest.mark.timeout(120)
MIDSPAN = str(Path(sys.executable).with_name("midspan"))
TAX = "VAT_RATE = 0.19\n\n\ndef with_vat(amount: float) -> float:\n    return amount * (1 + VAT_RATE)\n"
ORDER = "from .tax import with_vat\n\nprice = "


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {"shop/tax.py": TAX, "shop/order.py": ORDER, "shop/secret.py": "TOKEN_X = 1\n"}
    return write_files(tmp_path / "shop größe", files)


@pytest.fixture
async def asked(folder: Path) -> AsyncIterator[tuple[LspSession, list[str]]]:
    prompts: list[str] = []

    def reply(prompt: str) -> str:
        prompts.append(prompt)
        return "with_vat(3)"

    with scripted_endpoint(reply) as address:
        options = {
            "backend": {"kind": "openai", "endpoint": address, "model": "scripted", "fim": "starcoder"},
            "completion": {"deadline_ms": 60_000},
            "context": {"exclude": ["secret.py"]},
        }
        session = await LspSession.start([MIDSPAN, "--stdio"], root=folder, initialization_options=options)
        try:
            yield session, prompts
        finally:
            await session.kill()


async def prompt_with(session: LspSession, prompts: list[str], uri: str, wanted: str) -> str:
    """Type at the end of a document until a prompt holds a text: the index is made meanwhile."""
    async with asyncio.timeout(60):
        while True:
            await session.complete(uri)
            session.type(uri, "1 + ")
            if prompts and wanted in prompts[-1]:
                return prompts[-1]
            await asyncio.sleep(0.1)


async def test_a_definition_from_another_file_is_shown(asked: Any, folder: Path) -> None:
    session, prompts = asked
    uri = (folder / "shop" / "order.py").as_uri()
    session.open(uri, "python", ORDER)
    prompt = await prompt_with(session, prompts, uri, "VAT_RATE")
    assert "shop/tax.py" in prompt
    assert "TOKEN_X" not in prompt
    why = await session.request("midspan/why", {"textDocument": {"uri": uri}})
    assert any("shop/tax.py" in line for line in why["why"])
    assert any(one["path"] == "shop/tax.py" and one["verdict"] == "shown" for one in why["context"])


async def test_what_is_saved_is_known(asked: Any, folder: Path) -> None:
    session, prompts = asked
    uri = (folder / "shop" / "order.py").as_uri()
    session.open(uri, "python", "from .bonus import bonus_points\n\npoints = ")
    (folder / "shop" / "bonus.py").write_text("def bonus_points(amount: float) -> int: return int(amount)\n")
    session.notify("textDocument/didSave", {"textDocument": {"uri": (folder / "shop" / "bonus.py").as_uri()}})
    assert "shop/bonus.py" in await prompt_with(session, prompts, uri, "def bonus_points(amount: float)")


async def test_an_open_file_is_seen_as_it_is_typed(asked: Any, folder: Path) -> None:
    session, prompts = asked
    uri, other = ((folder / "shop" / name).as_uri() for name in ("order.py", "tax.py"))
    session.open(other, "python", TAX.replace("amount: float", "net: Decimal"))
    session.open(uri, "python", ORDER)
    assert "def with_vat(net: Decimal)" in await prompt_with(session, prompts, uri, "shop/tax.py")


async def test_the_process_that_indexes_ends_with_the_server(asked: Any, folder: Path) -> None:
    session, prompts = asked
    uri = (folder / "shop" / "order.py").as_uri()
    session.open(uri, "python", ORDER)
    await prompt_with(session, prompts, uri, "VAT_RATE")
    assert session.process is not None
    (indexing,) = psutil.Process(session.process.pid).children()
    assert "midspan.context.index_service" in indexing.cmdline()
    session.process.kill()
    await asyncio.to_thread(indexing.wait, 20)


async def test_nothing_is_run_that_lies_in_the_folder(asked: Any, folder: Path) -> None:
    session, prompts = asked
    assert os.path.realpath(psutil.Process(session.process.pid).cwd()) == os.path.realpath(folder)
    uri = (folder / "shop" / "order.py").as_uri()
    for name in ("json", "sqlite3", "midspan"):
        (folder / f"{name}.py").write_text("open('ran', 'w').close()\n")
    session.open(uri, "python", ORDER)
    await prompt_with(session, prompts, uri, "VAT_RATE")
    assert not (folder / "ran").exists()


async def test_without_sources_nothing_is_gathered_or_indexed(asked: Any, folder: Path) -> None:
    session, prompts = asked
    session.notify("workspace/didChangeConfiguration", {"settings": {"midspan": {"context": {"sources": []}}}})
    uri = (folder / "shop" / "order.py").as_uri()
    session.open(uri, "python", ORDER)
    prompt = await prompt_with(session, prompts, uri, "price")
    assert "VAT_RATE" not in prompt
    (folder / "shop" / ".aiignore").write_text("order.py\n")  # what no model may see, none sees all the same
    prompts.clear()
    assert await session.complete(uri) == []
    assert prompts == []


async def test_a_document_that_no_model_may_see_is_not_completed(asked: Any, folder: Path) -> None:
    session, prompts = asked
    (folder / "shop" / ".aiignore").write_text("order.py\n")
    uri, other = ((folder / "shop" / name).as_uri() for name in ("order.py", "new.py"))
    session.open(other, "python", "from .order import price\n\nx = ")
    await prompt_with(session, prompts, other, "x = ")
    prompts.clear()
    session.open(uri, "python", ORDER)
    assert await session.complete(uri) == []
    why = await session.request("midspan/why", {"textDocument": {"uri": uri}})
    assert "excluded" in why["verdict"]
    assert prompts == []
