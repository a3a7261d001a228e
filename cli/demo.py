"""`midspan demo`: ghost text at the cursors that `examples/cursors.json` names, and what to do next."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import click


@click.command(short_help="Show ghost text in the example files.")
@click.argument(
    "folder",
    type=click.Path(path_type=Path),
    default=Path("examples"),
    required=False,
)
def command(folder: Path) -> None:
    """Complete at each cursor of FOLDER/cursors.json, then say how to attach an editor and bring a better model."""
    from .one_completion import PATIENT, complete_at, open_place
    from .render import print_answer

    silent = []
    for at in _places(folder):
        click.secho(f"\n{at}", bold=True)
        place = open_place(at)
        answer = asyncio.run(complete_at(place, PATIENT))
        print_answer(answer, place, explain=False)
        if answer.trace.error is not None:
            raise click.ClickException(str(answer.trace.error))
        if not answer.proposals:
            silent.append(at)
    click.echo(_next_steps())
    if silent:
        raise click.ClickException(f"No ghost text at {', '.join(silent)}.")


def _places(folder: Path) -> list[str]:
    """Return the cursors of a folder as FILE:LINE:COLUMN."""
    path = folder / "cursors.json"
    try:
        cursors = json.loads(path.read_text("utf-8"))
        return [f"{folder / cursor['file']}:{cursor['line']}:{cursor['column']}" for cursor in cursors]
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror}. Name a folder that has one.") from error
    except (ValueError, TypeError, KeyError) as error:
        raise click.ClickException(f'{path} has to be a list of {{"file", "line", "column"}}.') from error


def _next_steps() -> str:
    import shutil
    import sys

    program = shutil.which("midspan") or str(Path(sys.executable).with_name("midspan"))
    return f"""
Attach your editor to this server:
  {program} --stdio
  Neovim    editors/neovim/README.md    (0.10 and later)
  VS Code   editors/vscode/README.md
  Emacs     editors/emacs/README.md     (lsp-mode)

This default model is small, so that it runs anywhere. Bring a better one:
  a laptop with 8 GB     midspan models add qwen2.5-coder-0.5b
  16 GB, or Apple M      midspan models add qwen2.5-coder-1.5b
  a GPU with 16 GB       midspan models add qwen2.5-coder-7b
  a server you have      [backend] kind = "openai", endpoint = "http://…/v1"  (Ollama, llama.cpp, vLLM, …)
  `midspan models list` shows what fits this machine; docs/models.md tells more.
"""
