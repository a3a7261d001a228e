"""`midspan doctor`: what is installed, reachable and big enough, and what to do about what is not."""

from __future__ import annotations

import click

from .output import print_json

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command(short_help="Say what works here, and what to do about what doesn't.")
@click.option("--json", "as_json", is_flag=True, help='Print {"ok", "checks": [{"name","status","detail","fix"}]}.')
def command(as_json: bool) -> int:
    """Check the installation, the settings that hold in this folder, the model, its host, and this machine.

    Ends with 1 if something fails. Nothing is downloaded, and no file is changed.
    """
    from .checks import all_checks

    checks = all_checks()
    ok = all(check.status != "fail" for check in checks)
    if as_json:
        fields = ("name", "status", "detail", "fix")
        print_json({"ok": ok, "checks": [{field: str(getattr(c, field)) for field in fields} for c in checks]})
        return 0 if ok else 1
    for check in checks:
        mark = click.style(f"{check.status:<5}", fg=_COLOURS[check.status])
        click.echo(f"{mark} {check.name:<9} {check.detail}")
        if check.fix:
            click.echo(f"      {'':<9} → {check.fix}")
    click.echo("\nReady." if ok else "\nSomething has to be done first: see the arrows.")
    return 0 if ok else 1
