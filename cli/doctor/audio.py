"""`voice doctor` on sound: PortAudio, the sound server, each backend, and the devices that would be used."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from backends import jack
from backends.alsa import CONFIGURATION_FIX
from cli.doctor.findings import Finding, configuration_in_force, error, ok, warning
from cli.doctor.wsl import is_wsl, name_and_version
from cli.doctor.wsl import sound_server as wsl_sound_server
from cli.language.spoken import word
from engine.audio.device.blame import blaming, closing, devices_of
from engine.audio.device.matching import describe, find_device
from engine.audio.device.protocol import Backend
from engine.audio.device.registry import backend_names, load_backend, open_backend
from engine.audio.device.sound_server import ask_server
from engine.audio.types import Direction, StreamInfo, StreamRequest
from engine.errors import InvalidInputError, NoDeviceError, VoiceError
from engine.redaction import without_keys

_SERVER_S = 3.0
_START_S = 20.0
_START = f"import signal; getattr(signal, 'alarm', int)({_START_S:.0f}); import sounddevice"
"""It ends also where nobody is left to kill it."""
_NO_DEVICE_FIX = "Plug one in, or start the sound server; `voice run --input-file FILE` works without one."


def portaudio_crash() -> Finding | None:
    """Start PortAudio in a process of its own: the configuration of ALSA that is missing aborts whoever starts it."""
    try:
        run = subprocess.run(
            [sys.executable, "-P", "-c", _START],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_START_S,
            env=without_keys(os.environ),
            check=False,
        )
    except subprocess.TimeoutExpired:
        fix = "Restart the sound server: it does not respond."
        return error("portaudio", f"does not start within {_START_S:g} s", fix)
    if run.returncode >= 0:
        return None  # an exception is examined where it is raised
    return error("portaudio", f"crashes when it is started ({signal.strsignal(-run.returncode)})", CONFIGURATION_FIX)


def portaudio() -> Iterator[Finding]:
    """The library both backends of real devices need, and what it was built to reach."""
    try:
        import sounddevice  # noqa: PLC0415 - loads PortAudio
    except OSError:
        fix = "Install it (Debian: `apt install libportaudio2`), or use `voice run --input-file FILE`."
        yield error("portaudio", "The PortAudio library cannot be loaded.", fix)
        return
    version = sounddevice.get_portaudio_version()[1].split(",")[0]
    host_apis = ", ".join(api["name"] for api in sounddevice.query_hostapis())
    yield ok("portaudio", f"{version}; host APIs: {host_apis or 'none'}")


def sound_server() -> Iterator[Finding]:
    """On Linux, whether PulseAudio, PipeWire or JACK answers; elsewhere the system is the server."""
    if sys.platform != "linux":
        yield ok("sound server", "part of the system")
        return
    if is_wsl():
        yield from wsl_sound_server()
        return
    named = ask_server(name_and_version, "")
    answers = [named] if named else [name for name, path in _sockets().items() if _listens(path)]
    if jack.has_joined():
        answers.append("JACK")
    if answers:
        yield ok("sound server", ", ".join(answers))
    else:
        fix = "Start PipeWire or PulseAudio (`systemctl --user start pipewire-pulse`), unless you use ALSA alone."
        yield warning("sound server", "none of PulseAudio, PipeWire and JACK answers", fix)


def _sockets() -> dict[str, Path]:
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or "/run/user/none")
    return {"PulseAudio's socket answers": folder / "pulse/native", "PipeWire's socket answers": folder / "pipewire-0"}


def _listens(path: Path) -> bool:
    if sys.platform == "win32":
        return False
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_SERVER_S)
        try:
            connection.connect(str(path))
        except OSError:
            return False
    return True


def backends() -> Iterator[Finding]:
    """Each backend: whether it works, and whether Python runs on its audio thread."""
    wanted = configuration_in_force().audio.backend
    if wanted not in (None, "auto", *backend_names()):
        yield error("backends", f"The configured backend {wanted!r} is not installed.", "Run `voice backends`.")
    for name in backend_names():
        subject = f"backend {name}"
        try:
            with closing(load_backend(name)) as backend:
                yield _open_briefly(subject, backend)
        except VoiceError as failure:
            verdict = error if name == wanted else warning
            yield verdict(subject, failure.message, failure.fix)


def _open_briefly(subject: str, backend: Backend) -> Finding:
    """Open the default devices without starting them: only an open stream says how it would run."""
    from engine.audio.device.open_stream import OpenStream  # noqa: PLC0415 - brings the kernels
    from engine.audio.port.audio_port import AudioPort  # noqa: PLC0415

    opened = OpenStream(backend, AudioPort(), StreamRequest())
    opened.close()
    info = opened.info
    with blaming(backend):
        text = f"{'native' if info.native else 'degraded'}; {_sides(info)}"
    if info.native:
        return ok(subject, text)
    return warning(subject, text, " ".join(info.notes) or "Use the sounddevice backend.")


def _sides(info: StreamInfo) -> str:
    sides = (("microphone", word("no microphone"), info.input), ("speaker", word("no speaker"), info.output))
    return ", ".join(f"{what} {side.rate_hz:d} Hz x {side.channels:d}" if side else none for what, none, side in sides)


def devices() -> Iterator[Finding]:
    """The microphone and the speaker that `voice run` would take."""
    defaults = configuration_in_force().audio
    try:
        found = open_backend(defaults.backend or "auto")
    except InvalidInputError:
        return  # an unknown backend, which has been reported
    with closing(found.backend):
        listed = devices_of(found.backend)
    for direction, named in ((Direction.INPUT, defaults.input), (Direction.OUTPUT, defaults.output)):
        subject = "default input" if direction is Direction.INPUT else "default output"
        try:
            device = find_device(listed, named, direction)
        except NoDeviceError as failure:
            yield error(subject, failure.message, _NO_DEVICE_FIX)
        except VoiceError as failure:
            yield error(subject, failure.message, failure.fix)
        else:
            text = f"{describe(device)}, {device.native_rate_hz} Hz, through {found.backend.name}"
            if found.backend.name == "virtual" and defaults.backend != "virtual":
                yield error(subject, "no sound card was found: `voice run` only gives a demonstration", _NO_DEVICE_FIX)
            else:
                yield ok(subject, text)
