"""coc.nvim's own inline completion in real Vim and Neovim, with midspan as one of its language servers.

It is not ours and not in this repository: `CLIENTS=folder make test-editors`, with a built clone of neoclide/coc.nvim
(its `release` branch, or with `build/index.js` made) in that folder, and Node on the PATH.
"""

from __future__ import annotations

import json
import shutil
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
from vim_driver import vim

COC = client("coc.nvim")

pytestmark = [
    pytest.mark.skipif(
        COC is None or not (COC / "build" / "index.js").exists(),
        reason="needs a built clone of neoclide/coc.nvim in the folder CLIENTS",
    ),
    pytest.mark.skipif(shutil.which("node") is None, reason="needs Node"),
]

MIDSPAN = str(Path(sys.executable).with_name("midspan"))
LINE = "total = item.price * item.quantity"


def lines(folder: Path) -> str:
    """Return what docs/editors.md says, as a vimrc; coc keeps its own files in a folder of the test."""
    server = {"command": MIDSPAN, "args": ["--stdio"], "filetypes": ["*"]}
    config = {"languageserver": {"midspan": server}, "suggest.autoTrigger": "none"}
    return f"""
set nocompatible hidden
filetype plugin on
let g:coc_config_home = '{folder}/coc'
let g:coc_data_home = '{folder}/coc-data'
let g:coc_start_at_startup = 1
let g:coc_disable_startup_warning = 1
let g:coc_user_config = json_decode('{json.dumps(config)}')
set runtimepath^={COC}
inoremap <silent><expr> <Tab> coc#inline#visible() ? coc#inline#accept() : "\\<Tab>"
"""


@pytest.fixture
def file(short_dir: Path, own_host: dict[str, str]) -> Iterator[Path]:
    """A file to edit, where midspan has a scripted model."""
    path = short_dir / "new.py"
    path.write_text("names = []\n\n\n", encoding="utf-8")
    with scripted_endpoint(by_ends({"item.price *": " item.quantity"})) as address:
        backend = {"kind": "openai", "endpoint": address, "model": "scripted", "fim": "starcoder"}
        write_user_settings(own_host, {"backend": backend, "completion": {"deadline_ms": 10_000}})
        yield path


@pytest.mark.skipif(vim_driver.binary() is None, reason="needs Vim 9")
def test_in_vim(file: Path, short_dir: Path, own_host: dict[str, str]) -> None:
    with vim(file, short_dir, lines(short_dir), own_host) as editor:
        editor.wait("coc", lambda: editor.value("get(g:, 'coc_service_initialized', 0)") == 1)
        running = "filter(copy(CocAction('services')), {_, one -> one.state == 'running'})"
        editor.wait("the server", lambda: editor.value(running))
        editor.keys("2GA")
        editor.type("total = item.price *")
        editor.terminal.wait(lambda screen: screen[1] == LINE)
        editor.keys("\\<Tab>")
        editor.wait("the text", lambda: editor.text() == f"names = []\n{LINE}\n")


@pytest.mark.skipif(neovim_driver.binary() is None, reason="needs Neovim")
def test_in_neovim(file: Path, short_dir: Path, own_host: dict[str, str]) -> None:
    with neovim(file, short_dir, f"vim.cmd({json.dumps(lines(short_dir))})", own_host) as editor:
        editor.wait("coc", lambda: editor.lua("vim.g.coc_service_initialized or 0") == 1)
        running = "#vim.tbl_filter(function(one) return one.state == 'running' end, vim.fn.CocAction('services'))"
        editor.wait("the server", lambda: editor.lua(running))
        editor.keys("2GA")
        editor.type("total = item.price *")
        editor.terminal.wait(lambda screen: screen[1] == LINE)
        editor.keys("<Tab>")
        editor.wait("the text", lambda: editor.text() == f"names = []\n{LINE}\n")
