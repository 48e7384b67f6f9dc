"""`voice tools`: which tools a model may be given and why one does not work; and the command that calls one."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.language.spoken import echo, translated
from cli.options import JsonOption
from cli.terminal.sanitize import json_text, printable

app = typer.Typer(add_completion=False)


@app.callback(invoke_without_command=True)
def tools(
    context: typer.Context,
    as_json: JsonOption = False,
    provider: Annotated[
        str | None, typer.Option(metavar="NAME", help="Provider whose tools to list, as for `voice run`.")
    ] = None,
    mcp: Annotated[
        bool, typer.Option("--mcp", help="Also start the configured MCP servers and list their tools.")
    ] = False,
) -> None:
    """List the tools that an agent can be given, or call one.

    Those that `voice run` offers by default are marked with *.
    """
    if context.invoked_subcommand is not None:
        return
    from cli.tool_table import tool_rows  # noqa: PLC0415 - brings pydantic and aiohttp

    rows = tool_rows(provider, with_mcp=mcp)
    if as_json:
        typer.echo(json_text(rows, 2))
        return
    for row in rows:
        typer.echo(printable(_line(row)))
    more = '\n`voice run --tools NAME`, or `enabled = ["NAME"]` under [tools] in the configuration, offers more.'
    echo(more, err=True)


@app.command()
def call(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the tool.")],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Arguments; a value is text or JSON.")
    ] = None,
    tools: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Where the tool is: MODULE:OBJECT or a plugin; repeatable.")
    ] = None,
) -> None:
    """Call a tool as an agent would: in the same process, with the same checks and limits.

    Prints the tool's result; what the tool itself prints is logged. The exit code is 1 if it fails.
    """
    from cli.tool_call import call_tool  # noqa: PLC0415 - brings pydantic and aiohttp

    result = call_tool(name, arguments or [], tools or [])
    typer.echo(printable(result.output))
    raise typer.Exit(int(result.failed))


def _line(row: dict[str, Any]) -> str:
    mark = "*" if row["offered"] else " "
    origin = f" [{row['package']}]" if row["package"] not in ("", "voice-realtime") else ""
    if row["reason"]:
        return f"{mark} {row['name']:<19} {translated('does not work')}: {translated(row['reason'])}{origin}"
    first = row["description"].split("\n")[0]
    if row["package"] == "voice-realtime":
        first = translated(first)
    tool = f"{row['tool']}: " if row["tool"] != row["name"] else ""
    return f"{mark} {row['name']:<19} {tool}{first}{origin}"
