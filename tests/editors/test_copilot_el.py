"""copilot.el's own code in a real Emacs, told nothing but midspan's path: from keystroke to accepted text.

It is not ours and not in this repository: `CLIENTS=folder make test-editors`, with a clone of copilot-emacs/copilot.el
in that folder.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import emacs_driver
import pytest
from clients import client
from emacs_driver import Emacs, emacs
from scripted_endpoint import by_ends, scripted_endpoint
from user_settings import write_user_settings

COPILOT_EL = client("copilot.el")

pytestmark = [
    pytest.mark.skipif(emacs_driver.binary() is None, reason="needs Emacs 30, which has what copilot.el asks for"),
    pytest.mark.skipif(COPILOT_EL is None, reason="needs a clone of copilot-emacs/copilot.el in the folder CLIENTS"),
]

MIDSPAN = str(Path(sys.executable).with_name("midspan"))
INIT = f"""
(add-to-list 'load-path "{COPILOT_EL}")
(require 'copilot)
(setq copilot-server-executable "{MIDSPAN}" copilot-indent-offset-warning-disable t make-backup-files nil
      create-lockfiles nil indent-tabs-mode nil)
(define-key copilot-completion-map (kbd "C-c a") #'copilot-accept-completion)
(define-key copilot-completion-map (kbd "C-c w") #'copilot-accept-completion-by-word)
(add-hook 'python-mode-hook #'copilot-mode)
"""
SCRIPT = {"item.price *": " item.quantity", "größe = '😀𝒳' * ": "größer"}
END = "\x1b>"  # M->


@pytest.fixture
def editor(short_dir: Path, own_host: dict[str, str], request: pytest.FixtureRequest) -> Iterator[Emacs]:
    file = short_dir / "new.py"
    file.write_text(getattr(request, "param", "names = []\n"), encoding="utf-8")
    with scripted_endpoint(by_ends(SCRIPT)) as address:
        backend = {"kind": "openai", "endpoint": address, "model": "scripted", "fim": "starcoder"}
        write_user_settings(own_host, {"backend": backend, "completion": {"deadline_ms": 10_000}})
        with emacs(file, short_dir, INIT, {**own_host, "LANG": "C.UTF-8"}) as running:
            running.wait("copilot-mode", lambda: running.value("(bound-and-true-p copilot-mode)"))
            yield running


def ghost(editor: Emacs) -> str:
    shown = '(if (copilot--overlay-visible) (overlay-get copilot--overlay \'completion) "")'
    return str(editor.value(shown))


def test_ghost_text_appears_while_typing_and_is_taken(editor: Emacs) -> None:
    editor.type(f"{END}total = item.price *")
    editor.wait("ghost text", lambda: ghost(editor) == " item.quantity")
    editor.type("\x03a")
    editor.wait("the text", lambda: editor.text() == "names = []\ntotal = item.price * item.quantity")


def test_word_by_word(editor: Emacs) -> None:
    editor.type(f"{END}total = item.price *")
    editor.wait("ghost text", lambda: ghost(editor) == " item.quantity")
    editor.type("\x03w")
    editor.wait("a word", lambda: editor.text().endswith("item.price * item"))


@pytest.mark.parametrize("editor", ["größe = '😀𝒳'\n"], indirect=True)
def test_line_beyond_ascii(editor: Emacs) -> None:
    editor.type(f"{END}größe = '😀𝒳' * ")
    editor.wait("ghost text", lambda: ghost(editor) == "größer")
