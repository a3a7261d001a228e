"""`midspan demo`: ghost text at the cursors that `examples/cursors.json` names, and what to do next."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import click


@click.command(short_help="Show ghost text in the example files.")
@click.argument(
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("examples"),
    required=False,
)
def command(folder: Path) -> None:
    """Complete at each cursor of FOLDER/cursors.json, then say how to attach an editor and bring a better model."""
    from .one_completion import PATIENT, complete_at, open_place
    from .render import print_answer

    cursors = json.loads((folder / "cursors.json").read_text("utf-8"))
    silent = []
    for cursor in cursors:
        at = f"{folder / cursor['file']}:{cursor['line']}:{cursor['column']}"
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


def _next_steps() -> str:
    import shutil
    import sys

    program = shutil.which("midspan") or str(Path(sys.executable).with_name("midspan"))
    return f"""
Attach your editor to this server:
  {program} --stdio
  Neovim    editors/neovim/README.md    (0.11+: vim.lsp.config + vim.lsp.enable)
  VS Code   editors/vscode/README.md
  Emacs     editors/emacs/README.md     (lsp-mode)

This default model is small, so that it runs anywhere. Bring a better one:
  a laptop with 8 GB     midspan models add qwen2.5-coder-0.5b
  16 GB, or Apple M      midspan models add qwen2.5-coder-1.5b
  a GPU with 16 GB       midspan models add qwen2.5-coder-7b
  a server you have      [backend] kind = "openai", endpoint = "http://…/v1"  (Ollama, llama.cpp, vLLM, …)
  `midspan models list` shows what fits this machine; docs/models.md tells more.
"""
