"""`voice doctor` on running sound: whether the system lets it through, and how the audio threads are scheduled.

Half a second is recorded and thrown away while the speaker plays silence.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.devices.echo_note import noted_echo
from cli.doctor.findings import Finding, configuration_in_force, error, ok, warning
from engine.audio.device.blame import closing
from engine.audio.device.protocol import Backend
from engine.audio.device.registry import open_backend
from engine.audio.platforms import microphone_permission
from engine.audio.types import StreamInfo, StreamRequest
from engine.config import AudioDefaults
from engine.errors import DeviceBusyError, PermissionDeniedError, StreamLostError, UnsupportedFormatError, VoiceError

if TYPE_CHECKING:
    from engine.audio.port.audio_port import AudioPort

_LISTEN_S = 0.5
_PATIENCE_S = 5.0
_POLL_S = 0.01
_RUNNING_ERRORS = (PermissionDeniedError, DeviceBusyError, UnsupportedFormatError, StreamLostError)
"""Errors that only opening shows; devices that are missing have a finding of their own."""


def stream() -> Iterator[Finding]:
    """Run the devices that `voice run` would take; nothing where there is none but the virtual backend."""
    defaults = configuration_in_force().audio
    try:
        with closing(open_backend(defaults.backend or "auto").backend) as backend:
            if backend.name != "virtual":
                yield from _listen(backend, defaults)
    except _RUNNING_ERRORS as failure:
        yield error("microphone", failure.message, failure.fix)
    except VoiceError:
        return


def _listen(backend: Backend, defaults: AudioDefaults) -> Iterator[Finding]:
    from engine.audio.device.open_stream import OpenStream  # noqa: PLC0415 - brings the kernels
    from engine.audio.port.audio_port import AudioPort  # noqa: PLC0415

    port = AudioPort()
    running = OpenStream(backend, port, StreamRequest(input=defaults.input, output=defaults.output))
    try:
        running.start()
        _record(port)
    finally:
        running.close()
    if port.failure is not None:
        raise port.failure
    yield _microphone(port, running.info)
    yield _echo(running.info)
    yield from _audio_threads(port)


def _record(port: AudioPort) -> None:
    """Wait for half a second of sound, or for as long as anybody would."""
    pause = threading.Event()
    for _ in range(round(_PATIENCE_S / _POLL_S)):
        if port.finished or port.stats().captured_position >= _LISTEN_S * port.input_rate_hz:
            return
        pause.wait(_POLL_S)


def _microphone(port: AudioPort, info: StreamInfo) -> Finding:
    from engine.audio.soundcheck.diagnosis import exact_zeros  # noqa: PLC0415
    from engine.dsp.meter import to_db  # noqa: PLC0415

    samples = port.capture.get(port.capture.capacity) if port.capture else None
    if samples is None or not samples.size:
        fix = "Choose another with `voice devices pick`."
        return error("microphone", f"gives no sound within {_PATIENCE_S:.0f} s", fix)
    if samples.any():
        return ok("microphone", f"is heard, {to_db(float(abs(samples).max())):.0f} dB at its loudest just now")
    assert info.input is not None
    zeros, verdict = exact_zeros(info.input.host_api), error if microphone_permission() else warning
    return verdict("microphone", zeros.text, zeros.fix)


def _echo(info: StreamInfo) -> Finding:
    """Echo cancellation of a session on these devices."""
    from engine.api.options import SessionOptions  # noqa: PLC0415
    from engine.api.processing import Processing  # noqa: PLC0415

    lacks: list[str] = []
    processors = Processing(SessionOptions(), configuration_in_force().processing).processors(info, lacks.append)
    if lacks:
        return warning("echo", " ".join(lacks), "Run `pip install pywebrtc-audio`, or use headphones.")
    if not processors:
        return ok("echo", "is not cancelled: the speaker is headphones or a headset, or the configuration says so")
    names = ", ".join(type(processor).__name__ for processor in processors)
    if not any(getattr(processor, "cancels_echo", False) for processor in processors):
        return ok("echo", f"is not cancelled; the microphone passes through {names}")
    noted = noted_echo(info)
    measured = f"last measured: {noted}" if noted else "`voice devices test` measures by how much"
    return ok("echo", f"would be cancelled; the microphone passes through {names}; {measured}")


def _audio_threads(port: AudioPort) -> Iterator[Finding]:
    """The answers that the threads themselves were given."""
    from engine.audio.port.priority import Priority  # noqa: PLC0415

    stats = port.stats()
    text = f"real-time priority: microphone {stats.input_priority}, speaker {stats.output_priority}"
    if Priority.REFUSED in (stats.input_priority, stats.output_priority):
        yield warning("audio threads", text, "See `priority`.")
    else:
        yield ok("audio threads", text)
