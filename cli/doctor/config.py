"""The configuration as `voice doctor` goes by it: that of the environment alone where the file is broken."""

from __future__ import annotations

import os

from engine.config import Config, load_config
from engine.errors import VoiceError


def configuration_in_force() -> Config:
    """Return the configuration; what is wrong with its file is a finding of its own."""
    try:
        return load_config()
    except VoiceError:
        return Config().overridden_by(os.environ)
