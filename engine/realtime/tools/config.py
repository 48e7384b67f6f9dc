"""The configuration of tools: which are offered, MCP servers of ours, MCP servers that the service runs, approvals.

    [tools]
    enabled = ["lights"]              # names of built-in or installed tools, or MODULE:OBJECT
    disabled = ["get_weather"]
    weather = "open-meteo"            # or "demo", the default
    approve = ["calendar"]            # remote servers whose calls need no question; "all"

    [mcp.files]                       # started by us, its tools called by us
    command = "npx"
    args = ["-y", "@modelcontextprotocol/server-filesystem", "."]
    env = { TOKEN = "${MY_TOKEN}" }

    [mcp.search]
    url = "https://example.org/mcp"
    headers = { Authorization = "Bearer ${SEARCH_TOKEN}" }

    [remote_mcp.calendar]             # called by the service itself
    url = "https://example.org/mcp"
    authorization = "${CALENDAR_TOKEN}"

`${NAME}` in a value is the environment variable of that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from engine.config import Config, config_path
from engine.errors import InvalidInputError

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
_Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+")]
_Seconds = Annotated[float, Field(gt=0, le=3600)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class OpenMeteoUrls(_Table):
    """Addresses of the weather service; a server of one's own, or the service for customers."""

    geocoding_url: _Url = "https://geocoding-api.open-meteo.com/v1/search"
    forecast_url: _Url = "https://api.open-meteo.com/v1/forecast"


class Offer(_Table):
    """`[tools]`."""

    enabled: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    weather: Literal["demo", "open-meteo"] = "demo"
    open_meteo: OpenMeteoUrls = OpenMeteoUrls()
    approve: tuple[str, ...] = ()


class McpServer(_Table):
    """`[mcp.NAME]`: a command that is started and spoken with through its standard input and output, or an address."""

    command: str = ""
    args: tuple[str, ...] = Field(default=(), repr=False)
    env: dict[str, str] = Field(default_factory=dict, repr=False)
    cwd: str | None = None
    url: _Url | None = Field(default=None, repr=False)
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    tools: tuple[str, ...] | None = None
    """Only these are offered; None: all."""
    timeout_s: _Seconds = 30.0
    """For one call."""
    start_timeout_s: _Seconds = 10.0
    on_interrupt: Literal["cancel", "finish", "shield"] = "finish"

    @model_validator(mode="after")
    def _has_one_transport(self) -> McpServer:
        if bool(self.command) == bool(self.url):
            raise ValueError("give either a command or a url")
        return self

    @property
    def secrets(self) -> Iterator[str]:
        """Secrets that no text may show: all values of the environment and the headers, and their bare tokens."""
        for value in (*self.env.values(), *self.headers.values()):
            yield value
            yield value.rpartition(" ")[2]


class RemoteMcp(_Table):
    """`[remote_mcp.NAME]`: an MCP server, or a connector of the service, whose tools the service calls itself."""

    url: _Url | None = Field(default=None, repr=False)
    connector: str | None = None
    authorization: str | None = Field(default=None, repr=False)
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    description: str | None = None
    tools: tuple[str, ...] | None = None
    approval: Literal["always", "never"] = "always"
    """Whether the service asks before each call; `[tools] approve` answers for the person."""

    @model_validator(mode="after")
    def _has_one_address(self) -> RemoteMcp:
        if bool(self.connector) == bool(self.url):
            raise ValueError("give either a url or a connector")
        return self

    @property
    def secrets(self) -> Iterator[str]:
        """Secrets that no text may show."""
        for value in (self.authorization or "", *self.headers.values()):
            yield value
            yield value.rpartition(" ")[2]

    def to_json(self, name: str) -> dict[str, Any]:
        """Return the declaration in a session.update."""
        wished = {
            "server_url": self.url,
            "connector_id": self.connector,
            "authorization": self.authorization,
            "headers": self.headers or None,
            "server_description": self.description,
            "allowed_tools": None if self.tools is None else list(self.tools),
        }
        given = {key: value for key, value in wished.items() if value is not None}
        return {"type": "mcp", "server_label": name, **given, "require_approval": self.approval}


class ToolConfig(_Table):
    """All of it."""

    tools: Offer = Offer()
    mcp: dict[_Name, McpServer] = Field(default_factory=dict)
    remote_mcp: dict[_Name, RemoteMcp] = Field(default_factory=dict)

    @property
    def secrets(self) -> list[str]:
        """Secrets that no text may show."""
        ours = [secret for server in self.mcp.values() for secret in server.secrets]
        return ours + [secret for server in self.remote_mcp.values() for secret in server.secrets]


def read_tool_config(config: Config, environ: Mapping[str, str]) -> ToolConfig:
    """Check the tables of the configuration that are about tools.

    Args:
        config: The configuration as it was read.
        environ: What `${NAME}` stands for.

    Raises:
        InvalidInputError: a key is unknown, a value does not fit, or a variable is not set. No value is quoted.
    """
    try:
        ours = {name: table for name, table in config.parts.items() if name in ToolConfig.model_fields}
        return ToolConfig.model_validate(_filled_in(ours, environ))
    except ValidationError as error:
        raise not_valid(error, config_path(environ)) from None


def not_valid(error: ValidationError, path: Path, *table: str) -> InvalidInputError:
    """Return the error for a table of the configuration, which names the first wrong place and quotes no value.

    Args:
        error: The errors of pydantic.
        path: The configuration file.
        table: Names of the tables down to the one that was checked.
    """
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(map(str, (*table, *first["loc"])))
    return InvalidInputError(f"In the configuration, '{place}' is wrong: {first['msg']}.", fix=f"Correct {path}.")


def _filled_in(value: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: _variable(found[1], environ), value)
    if isinstance(value, dict):
        return {key: _filled_in(entry, environ) for key, entry in value.items()}
    return [_filled_in(entry, environ) for entry in value] if isinstance(value, list) else value


def _variable(name: str, environ: Mapping[str, str]) -> str:
    if name not in environ:
        raise InvalidInputError(
            f"The configuration asks for the environment variable {name}, which is not set.",
            fix=f"Set {name}, or write its value in place of ${{{name}}} in {config_path(environ)}.",
        )
    return environ[name]
