"""All checks of `voice doctor`, in the order in which they are worth reading, each kept from disturbing the others."""

from __future__ import annotations

from collections.abc import Iterator

from cli.doctor import agent as doctor_agent
from cli.doctor import audio as doctor_audio
from cli.doctor import stream as doctor_stream
from cli.doctor import system as doctor_system
from cli.doctor.findings import Check, Finding, error
from engine.errors import VoiceError

_START_PORTAUDIO = ("portaudio", "backends", "devices", "microphone")
"""Checks that would end this process too, where PortAudio crashes when it is started."""


def examine(provider: str | None, url: str | None) -> Iterator[Finding]:
    """Yield what each check finds.

    Args:
        provider: As `voice run --provider`; None for the one that would be taken.
        url: As `voice run --url`.
    """
    checks: dict[str, Check] = {
        "python": doctor_system.python,
        "configuration": doctor_system.configuration,
        "kernels": doctor_system.kernels,
        "portaudio": doctor_audio.portaudio,
        "sound server": doctor_audio.sound_server,
        "backends": doctor_audio.backends,
        "devices": doctor_audio.devices,
        "microphone": doctor_stream.stream,
        "priority": doctor_system.priority,
        "governor": doctor_system.governor,
        "clock": doctor_system.clock,
        "local agent": doctor_agent.local_agent,
        "provider": lambda: doctor_agent.provider(provider, url),
    }
    crash = doctor_audio.portaudio_crash()
    for subject, check in checks.items():
        if crash is not None and subject in _START_PORTAUDIO:
            if subject == crash.subject:
                yield crash
            continue
        yield from _guarded(subject, check)


def _guarded(subject: str, check: Check) -> Iterator[Finding]:
    """A check that fails is itself a finding: a doctor who falls ill examines nobody."""
    try:
        yield from check()
    except VoiceError as failure:
        yield error(subject, failure.message, failure.fix)
    except Exception as failure:  # drivers and other people's plugins may fail in any way
        yield error(subject, f"This could not be examined: {type(failure).__name__}.", "")
