"""`voice tools`: which tools a model may be given, built in and of plugins, and why one does not work."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.options import JsonOption
from cli.terminal.sanitize import json_text, printable

app = typer.Typer(add_completion=False)


@app.command()
def tools(
    as_json: JsonOption = False,
    provider: Annotated[
        str | None, typer.Option(help="As for `voice run`: each provider offers its own tools.")
    ] = None,
    mcp: Annotated[
        bool, typer.Option("--mcp", help="Start the MCP servers of the configuration, and list their tools too.")
    ] = False,
) -> None:
    """List the tools that an agent may be given.

    Those that `voice run` offers by itself are marked with *.
    """
    from cli.tool_table import tool_rows  # noqa: PLC0415 - brings pydantic and aiohttp

    rows = tool_rows(provider, with_mcp=mcp)
    if as_json:
        typer.echo(json_text(rows, 2))
        return
    for row in rows:
        typer.echo(printable(_line(row)))
    more = '\n`voice run --tools NAME`, or `enabled = ["NAME"]` under [tools] in the configuration, offers more.'
    typer.echo(more, err=True)


def _line(row: dict[str, Any]) -> str:
    mark = "*" if row["offered"] else " "
    origin = f" [{row['package']}]" if row["package"] not in ("", "voice-realtime") else ""
    if row["reason"]:
        return f"{mark} {row['name']:<19} does not work: {row['reason']}{origin}"
    first = row["description"].split("\n")[0]
    tool = f"{row['tool']}: " if row["tool"] != row["name"] else ""
    return f"{mark} {row['name']:<19} {tool}{first}{origin}"
