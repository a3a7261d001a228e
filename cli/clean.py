"""`midspan clean`: remove what midspan left on this machine, and end the hosts that it started."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable
from pathlib import Path

import click

from .output import size


@click.command(
    short_help="Remove models, downloads, records and logs.",
    epilog="Example: midspan clean --keep-models",
)
@click.option("--keep-models", is_flag=True, help="Leave the models; only downloads, sockets and logs go.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(keep_models: bool, yes: bool) -> None:
    """Remove what midspan left on this machine, after showing it and asking.

    Running model hosts are ended first. The record of `midspan stats` goes, too.
    Stays: your settings, and model files that you added by their path.
    """
    hosts, left = _running(), _left(keep_models)
    if not hosts and not left:
        click.echo("There is nothing of midspan's to remove.")
        return
    for pid, name in hosts:
        click.echo(f"  end the model host of {name} (process {pid})")
    for path in left:
        click.echo(f"  remove {path} ({size(_size(path))})" if _size(path) else f"  remove {path}")
    if not yes:
        click.confirm("Go on?", abort=True, err=True)
    _end(hosts)
    freed = _remove(_left(keep_models))
    click.echo(f"Done: {size(freed)} are free again.")


def _runtime_folder() -> Path | None:
    from ..completion.backends.host_address import runtime_dir
    from ..completion.errors import MidspanError

    with contextlib.suppress(MidspanError):
        return runtime_dir()
    return None


def _running() -> list[tuple[int, str]]:
    from .running_hosts import addresses, health

    folder = _runtime_folder()
    answers = [health(path) for path in addresses(folder)] if folder else []
    return [(int(a["pid"]), str(a.get("model", "?"))) for a in answers if a is not None and "pid" in a]


def _end(hosts: Iterable[tuple[int, str]]) -> None:
    from .running_hosts import end

    for pid, name in hosts:
        if not end(pid):
            click.echo(f"midspan: the model host of {name} (process {pid}) could not be ended.", err=True)


def _left(keep_models: bool) -> list[Path]:
    """Return what is ours and there: single files and folders, never a folder that others may use too."""
    from ..completion.backends.host_process import log_path
    from ..completion.outcomes import outcomes_file
    from ..context.index import database_of
    from ..evaluation.peers.build import peers_dir
    from ..evaluation.replay.speed import speed_file
    from ..host.models.places import downloads_dir, models_dir, native_dir, prepared_dir

    runtime = _runtime_folder()
    found = [*log_path().parent.glob("*.log"), speed_file()]
    found += [outcomes_file(), outcomes_file().with_suffix(".damaged")]
    if runtime is not None:
        found += runtime.glob("host-*")
    found += [native_dir(), prepared_dir(), database_of(Path()).parent]
    found += [downloads_dir()] if keep_models else [downloads_dir(), models_dir(), peers_dir()]
    return [path for path in found if path.exists() or path.is_symlink()]


def _remove(paths: Iterable[Path]) -> int:
    """Remove files and folders, then the folders around them that have become empty; return the bytes freed."""
    freed = 0
    parents = set()
    for path in paths:
        n_bytes = _size(path)
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise click.ClickException(f"{path} could not be removed: {error.strerror}. Remove it by hand.") from error
        freed += n_bytes
        parents.add(path.parent)
    for folder in parents:
        with contextlib.suppress(OSError):
            folder.rmdir()
            if folder.parent.name == "midspan":
                folder.parent.rmdir()
    return freed


def _size(path: Path) -> int:
    from ..host.models.store import size_of

    return size_of(path)
