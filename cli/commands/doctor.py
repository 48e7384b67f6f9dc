"""`voice doctor`: what works on this machine, what does not, and what to do about it."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer

from cli.options import JsonOption


def doctor(as_json: JsonOption = False) -> None:
    """Examine this machine; exit code 1 if something must be repaired."""
    from cli.doctor_checks import Finding, Verdict, examine  # noqa: PLC0415
    from cli.text import printable  # noqa: PLC0415

    findings: list[Finding] = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            typer.echo(f"{finding.verdict:<8} {finding.subject:<20} {printable(finding.text)}")
            if finding.fix:
                typer.echo(f"{'':<29} {finding.fix}")
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    if any(finding.verdict is Verdict.ERROR for finding in findings):
        raise typer.Exit(1)
