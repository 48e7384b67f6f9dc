"""The chain of one session, behind the microphone of one stream after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from engine.audio.clock import loop_time_s
from engine.audio.port.audio_port import AudioPort
from engine.audio.processing.alignment import ReferenceAligner
from engine.audio.processing.chain import Chain
from engine.audio.processing.echo_meter import EchoMeter
from engine.audio.processing.microphone import ProcessedMicrophone
from engine.audio.processing.protocol import Processor, Samples
from engine.audio.processing.speech import SpeechDetector
from engine.audio.types import ProcessingReport, StreamInfo
from engine.daemon_thread import DaemonThread

_LOOK_AGAIN_S = 10.0
"""The sound server is asked, where there is one."""


class SessionChain:
    """Makes the chain once somebody needs it, and puts it behind each new stream's microphone.

    A chain that has begun goes on, also where the next devices need none: the delay of the microphone stays the same.
    """

    def __init__(self, choose: Callable[[StreamInfo, Callable[[str], None]], Sequence[Processor]]) -> None:
        """Make no chain yet.

        Args:
            choose: Returns the processors that a pair of devices needs, if any; given what to call with a warning.
        """
        self._choose = choose
        self._chain: Chain | None = None
        self._looked_at_s = loop_time_s()
        self._is_looking = False
        self._microphone: ProcessedMicrophone | None = None
        self._meter, self._detector = EchoMeter(), SpeechDetector()
        self.warnings: deque[str] = deque()
        """Sentences for the person that nobody has read yet."""

    @property
    def microphone(self) -> ProcessedMicrophone | None:
        """The microphone of the present stream; None where it goes out as it is."""
        return self._microphone

    def prepare(self, info: StreamInfo) -> None:
        """Make the chain if a stream needs one, from whatever thread it was opened in: the devices are asked."""
        if self._chain is None and self._microphone is None and (found := self._choose(info, self.warnings.append)):
            self._chain = Chain(found, self.warnings.append)

    def look_again(self, info: StreamInfo, on_needed: Callable[[], None]) -> None:
        """Ask now and then whether a stream has come to need a chain: headphones were pulled out of its device.

        Args:
            info: The stream.
            on_needed: Called in the running loop once there is a chain to `follow` with.
        """
        now_s = loop_time_s()
        if self._chain is not None or self._is_looking or now_s - self._looked_at_s < _LOOK_AGAIN_S:
            return
        self._looked_at_s, self._is_looking = now_s, True

        def looked(found: asyncio.Future[None]) -> None:
            self._is_looking = False
            has_failed = found.cancelled() or found.exception() is not None
            if not has_failed and self._chain is not None and self._microphone is None:
                on_needed()

        loop = asyncio.get_running_loop()
        loop.run_in_executor(DaemonThread(), self.prepare, info).add_done_callback(looked)

    def follow(
        self, port: AudioPort, *, on_done: Callable[[], None], on_played: Callable[[Samples], None]
    ) -> AudioPort:
        """Return the port to cut the microphone's blocks from: the stream's own where nothing is to be done.

        Args:
            port: Its input is attached, and it keeps its reference.
            on_done: Called in the event loop when there is something in the port that is returned.
            on_played: Given all that the speaker is given, at its rate.
        """
        if self._microphone is not None:
            self._chain = self._microphone.chain
            self.close()
        if self._chain is None:
            return port
        aligner = ReferenceAligner(port, on_taken=on_played)
        self._microphone = ProcessedMicrophone(port, self._chain, aligner, self._detector, self._meter, on_done)
        return self._microphone.port

    def close(self) -> None:
        """Leave the present stream."""
        if self._microphone is not None:
            self._microphone.close()

    def report(self) -> ProcessingReport:
        """Return what was done so far."""
        if self._microphone is None:
            return ProcessingReport()
        chain, meter = self._microphone.chain, self._meter
        return ProcessingReport(chain.names, meter.erle_db if chain.cancels_echo else None, meter.echo_db)
