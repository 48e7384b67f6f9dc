"""`voice doctor`: what works on this machine, what does not, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from cli.language.spoken import translated
from cli.options import JsonOption
from cli.terminal.sanitize import json_text, printable
from cli.terminal.wrapping import wrapped

app = typer.Typer(add_completion=False)


@app.command()
def doctor(
    as_json: JsonOption = False,
    provider: Annotated[
        str | None, typer.Option(metavar="NAME", help="Provider to check; default: the one that `voice run` would use.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="WebSocket address to check instead of the provider's.")
    ] = None,
) -> None:
    """Check what works on this machine, what does not, and how to fix it.

    The exit code is 1 if something must be fixed. No audio and no key are sent.
    """
    from cli.doctor.checks import examine  # noqa: PLC0415
    from cli.doctor.findings import Finding, Verdict  # noqa: PLC0415

    findings: list[Finding] = []
    for finding in examine(provider, url):
        findings.append(finding)
        if not as_json:
            head = f"{translated(finding.verdict):<8} {translated(finding.subject):<20} "
            typer.echo(wrapped(f"{head}{printable(translated(finding.text))}", len(head)))
            if finding.fix:
                typer.echo(wrapped(f"{'':{len(head)}}{printable(translated(finding.fix))}", len(head)))
    if as_json:
        typer.echo(json_text([asdict(finding) for finding in findings], 2))
    if any(finding.verdict is Verdict.ERROR for finding in findings):
        raise typer.Exit(1)
