"""`midspan models`: what can be used here, what fits this machine; add, show and remove models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from .output import JsonReporter, Reporter, TerminalReporter, print_json, size, table

if TYPE_CHECKING:
    from ..host.models.catalog import CatalogEntry
    from ..host.models.machine import Machine
    from ..host.models.store import Installed

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


@click.group(invoke_without_command=True, short_help="List, add, show and remove models.")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Show which models there are, and bring others to this machine. Alone: the same as `models list`."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_command)


@command.command("list", short_help="What is here, and what fits this machine.")
@AS_JSON
def list_command(as_json: bool) -> None:
    """List the models of this machine, and those of the catalogue with what they need."""
    from ..host.models.catalog import CATALOG
    from ..host.models.machine import look_at_machine
    from ..host.models.store import installed

    here, machine = installed(), look_at_machine()
    names = {model.name for model in here}
    others = [entry for entry in CATALOG if entry.name not in names]
    if as_json:
        print_json({"installed": _as_dicts(here), "available": [_entry_as_dict(e, machine) for e in others]})
        return
    click.echo(_here(here))
    click.echo(f"\nTo add (this machine: {_describe(machine)}):\n")
    click.echo(table([("NAME", "DOWNLOAD", "MEMORY", "FITS", "LICENCE"), *_rows(others, machine)]))
    click.echo("\nmidspan models add NAME | org/name | FOLDER | FILE.gguf     midspan models show NAME tells more")


@command.command("show", short_help="Everything that is known about one model.")
@click.argument("name")
@AS_JSON
def show_command(name: str, as_json: bool) -> None:
    """Show where a model came from, its licence, its files, and how it is asked."""
    from ..host.models.catalog import look_up
    from ..host.models.errors import ModelNotFound
    from ..host.models.machine import look_at_machine
    from ..host.models.store import installed, resolve

    model = next((model for model in installed() if model.name == name), None)
    entry = look_up(name)
    if model is not None:
        facts = _as_dicts([model])[0]
    elif entry is not None:
        facts = _entry_as_dict(entry, look_at_machine())
    else:
        resolve(name)
        raise ModelNotFound(f'"{name}" is not in the store; `midspan models add {name}` adds it.', name)
    if as_json:
        print_json(facts)
        return
    click.echo(table([(f"{key}:", str(value)) for key, value in facts.items() if value not in ("", None, [])]))


@command.command(
    "add",
    short_help="Download a model, or point to one that is here.",
    epilog="Examples: midspan models add default   midspan models add qwen2.5-coder-0.5b   midspan models add ./mine",
)
@click.argument("what", metavar="default|NAME|ORG/NAME|FOLDER|FILE.gguf")
@click.option("--name", default="", help="What to call it here.")
@click.option("--revision", default="", help="Branch, tag or commit on the hub (default: the catalogue's, or newest).")
@click.option("--json", "as_json", is_flag=True, help="Print progress and result as one JSON object a line.")
def add_command(what: str, name: str, revision: str, as_json: bool) -> int:
    """Bring a model to this machine.

    A folder (config, tokenizer, safetensors) or GGUF file stays where it is. Downloads are checked by their
    digests, and go on where they were interrupted. HF_TOKEN, HF_ENDPOINT, PIP_INDEX_URL and HTTPS_PROXY hold.
    """
    from ..host.models.add import add
    from ..host.models.errors import StoreError

    reporter: Reporter = JsonReporter() if as_json else TerminalReporter()
    try:
        reporter.finish(add(what, name, revision, reporter.progress, reporter.say))
    except StoreError as error:
        reporter.fail(str(error))
        if not as_json:
            raise
        return 1
    return 0


@command.command("remove", short_help="Delete a model from this machine.")
@click.argument("name")
def remove_command(name: str) -> None:
    """Delete a model's files. Of a model that was added from a folder or file, those stay."""
    from ..host.models.store import remove

    click.echo(f"{name} is removed, {size(remove(name))} are free again.")


def _here(models: Iterable[Installed]) -> str:
    rows = [_installed_row(model) for model in models]
    if not rows:
        return "No model is here yet. Get the default one (93 MB, Apache-2.0): midspan models add default"
    return "On this machine:\n\n" + table([("NAME", "SIZE", "LICENCE", "FROM"), *rows])


def _installed_row(model: Installed) -> tuple[str, str, str, str]:
    if model.manifest is None or model.problem:
        return model.name, "?", "", f"damaged: {model.problem}"
    manifest = model.manifest
    origin = f"{manifest.source} ({manifest.revision[:40]})" if manifest.revision else manifest.source
    return model.name, size(manifest.size) if manifest.files else "-", manifest.licence or "?", origin


def _rows(entries: Iterable[CatalogEntry], machine: Machine) -> Iterable[tuple[str, ...]]:
    from ..host.models.machine import fit

    for entry in entries:
        found = fit(entry.parameters, machine)
        yield entry.name, size(entry.download_mb * 1e6), size(found.needed_mb * 1e6), found.how, entry.licence


def _as_dicts(models: Iterable[Installed]) -> list[dict[str, Any]]:
    return [
        {
            "name": model.name,
            "installed": True,
            "problem": model.problem,
            "folder": str(model.folder),
            **({} if model.manifest is None else _manifest_as_dict(model)),
        }
        for model in models
    ]


def _manifest_as_dict(model: Installed) -> dict[str, Any]:
    assert model.manifest is not None
    manifest = model.manifest
    return {
        "source": manifest.source,
        "licence": manifest.licence,
        "revision": manifest.revision,
        "path": manifest.path,
        "bytes": manifest.size,
        "files": sorted(manifest.files),
        "fim_line": manifest.fim_line,
        "fim_block": manifest.fim_block,
        "adapter": manifest.adapter,
        "added": manifest.added,
    }


def _entry_as_dict(entry: CatalogEntry, machine: Machine) -> dict[str, Any]:
    from ..host.models.machine import fit

    found = fit(entry.parameters, machine)
    return {
        "name": entry.name,
        "installed": False,
        "repo": entry.repo,
        "licence": entry.licence,
        "parameters": f"{entry.parameters} billion",
        "download_mb": entry.download_mb,
        "needed_mb": found.needed_mb,
        "fits": found.how,
        "fim": entry.fim,
        "revision": entry.revision or "the newest at download",
        "note": entry.note,
    }


def _describe(machine: Machine) -> str:
    gpu = f", {machine.gpu} with {size(machine.gpu_mb * 1e6)}" if machine.gpu else ", no GPU"
    return f"{machine.cores} cores, {size(machine.ram_mb * 1e6)} memory{gpu}"
