"""Turn detection: the end of a user's turn is found by the silence after it, by the sense of the words, or by a key."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from engine.config_tables import Eagerness, TurnMode, TurnOptions
from engine.errors import InvalidInputError

VAD_FIELDS = frozenset({"threshold", "silence_duration_ms", "prefix_padding_ms", "idle_timeout_ms"})
"""The settings of `server_vad`."""


@dataclass(frozen=True, slots=True)
class TurnDetection:
    """The `turn_detection` of a session; None in a field leaves it to the server."""

    type: TurnMode = TurnMode.SERVER_VAD
    threshold: float | None = None
    silence_duration_ms: int | None = None
    prefix_padding_ms: int | None = None
    idle_timeout_ms: int | None = None
    """After so long without a word the server answers the silence."""
    eagerness: Eagerness | None = None
    """Only for `semantic_vad`."""
    create_response: bool | None = None
    interrupt_response: bool | None = None

    @property
    def by_client(self) -> bool:
        """Whether the client says where turns begin and end, and interrupts."""
        return self.type is TurnMode.NONE

    def to_json(self) -> dict[str, Any] | None:
        """Return the `turn_detection` of a session.update, without what is not set; null turns it off."""
        if self.by_client:
            return None
        return {name: value for name, value in asdict(self).items() if value is not None}


def apply_options(
    options: TurnOptions, own: TurnDetection, *, service: str, modes: tuple[TurnMode, ...], vad_fields: frozenset[str]
) -> TurnDetection:
    """Return what a service is to be asked for.

    Args:
        options: The person's.
        own: The service's own.
        service: Its name, for the messages.
        modes: The ways it offers.
        vad_fields: What it lets set of `server_vad`.

    Raises:
        InvalidInputError: the service has no such way, or the way no such setting.
    """
    mode = options.mode or own.type
    if mode not in modes:
        raise InvalidInputError(
            f"{service} does not offer turns by '{mode}'.", fix=f"Choose {' or '.join(modes)} with `turns=`."
        )
    if options.eagerness is not None and mode is not TurnMode.SEMANTIC_VAD:
        raise InvalidInputError("Only 'semantic_vad' has an eagerness.", fix='Add `turns="semantic_vad"`.')
    wanted = {name: getattr(options, name) for name in sorted(VAD_FIELDS) if getattr(options, name) is not None}
    if wanted and mode is not TurnMode.SERVER_VAD:
        raise InvalidInputError(f"'{mode}' has no {' and no '.join(wanted)}.", fix='Add `turns="server_vad"`.')
    refused = sorted(wanted.keys() - vad_fields)
    if refused:
        raise InvalidInputError(f"{' and '.join(refused)} cannot be set at {service}.", fix="Leave it out.")
    if mode is not own.type:
        return TurnDetection(mode, eagerness=options.eagerness)
    return replace(own, **wanted, eagerness=options.eagerness or own.eagerness)
