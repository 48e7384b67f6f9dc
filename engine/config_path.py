"""The place of the configuration file, and the environment variables that choose it and a profile of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from engine.errors import InvalidInputError
from engine.files import expanded

CONFIG_VARIABLE, PROFILE_VARIABLE = "VOICE_CONFIG", "VOICE_PROFILE"


def config_path(environ: Mapping[str, str] | None = None) -> Path:
    """Path at which the configuration file is looked for.

    Raises:
        InvalidInputError: it is in the folder of a user that there is not.
    """
    if named := (os.environ if environ is None else environ).get(CONFIG_VARIABLE, "").strip():
        try:
            return expanded(named)
        except OSError:
            message = f"The folder of the user in {CONFIG_VARIABLE}, '{named}', is not known."
            raise InvalidInputError(message, fix=f"Correct {CONFIG_VARIABLE}, or unset it.") from None
    from platformdirs import user_config_path  # noqa: PLC0415 - `voice --help` asks too, and must be instant

    return user_config_path("voice", appauthor=False) / "config.toml"
