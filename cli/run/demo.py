"""The demonstration of a machine without a sound card: three spoken questions to the embedded agent, in real time."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from platformdirs import user_data_path

from backends.virtual import VirtualBackend
from backends.virtual_microphone import FedMicrophone
from cli.run.approvals import Approvals
from cli.run.lifecycle import converse
from cli.run.outputs import Outputs
from engine.api.options import SessionOptions, path_of
from engine.api.session import Session
from engine.config import Config
from engine.dsp.pcm16 import pcm16_to_float32
from engine.errors import LibraryMissingError, ProtocolBrokenError
from engine.files import make_private_folder
from engine.local.answering.speech import Voice
from engine.plugins import optional_package
from engine.realtime.session_events import FirstAudio, SessionEvent, SessionStarted, UserTranscript, UserTyped

QUESTIONS = ("what is the weather in Moscow", "tell me a story", "what is seven times eight")
_VOICE = "en-us+f3"
_WORDS_PER_MINUTE = 150
_INTERRUPT_AFTER_S = 4.0
"""Seconds of the story that sound before the third question interrupts it."""
_PATIENCE_S = 30.0
"""For each step; the longest, the weather, takes 8 s to be asked and answered."""
_REST_S = 0.3
_POLL_S = 0.05


class Demonstration:
    """Asks the questions through a microphone made of memory, each when the answer before it has been heard.

    Where the agent cannot listen, it is asked in writing.
    """

    def __init__(self) -> None:
        self._voice = Voice()
        self.is_written = False
        try:
            optional_package("pocketsphinx", "Speech recognition")
        except LibraryMissingError:
            self.is_written = True
        self.microphone = FedMicrophone(self._voice.rate_hz)
        self._notices: list[SessionEvent] = []
        self._changed = asyncio.Event()

    def __call__(self, event: SessionEvent, _: float) -> None:
        """Take note of what the session tells."""
        self._notices.append(event)
        self._changed.set()

    async def guide(self, session: Session) -> None:
        """Ask everything, then stop the session."""
        weather, story, sum_ = QUESTIONS
        try:
            await self._until(SessionStarted, 1)
            self._ask(session, weather)
            await self._until(FirstAudio, 1)
            await self._until_rest(session)
            self._ask(session, story)
            await self._until(FirstAudio, 2)
            await asyncio.sleep(_INTERRUPT_AFTER_S)
            self._ask(session, sum_)
            await self._until(UserTyped if self.is_written else UserTranscript, 3)
            await self._until(FirstAudio, 3)
            await self._until_rest(session)
        except TimeoutError:
            session.fail(
                ProtocolBrokenError(
                    f"The embedded agent gave no answer within {_PATIENCE_S:.0f} s.",
                    fix="Try again when the machine is less busy; `voice doctor` looks at the agent.",
                )
            )
        else:
            session.stop("the demonstration is over")

    def _ask(self, session: Session, question: str) -> None:
        if self.is_written:
            session.send_text(question)
            return
        said = self._voice.say(question, voice=_VOICE, words_per_minute=_WORDS_PER_MINUTE)
        self.microphone.feed(pcm16_to_float32(said))

    async def _until(self, kind: type[SessionEvent], count: int) -> None:
        async with asyncio.timeout(_PATIENCE_S):
            while sum(isinstance(event, kind) for event in self._notices) < count:
                self._changed.clear()
                await self._changed.wait()

    async def _until_rest(self, session: Session) -> None:
        """Wait until the answer has been heard, and stayed the last for a moment."""
        async with asyncio.timeout(2 * _PATIENCE_S):
            resting_since_s: float | None = None
            while resting_since_s is None or time.monotonic() - resting_since_s < _REST_S:
                await asyncio.sleep(_POLL_S)
                now_s = time.monotonic()
                resting_since_s = (resting_since_s or now_s) if session.at_rest else None


def hold_demonstration(options: SessionOptions, outputs: Outputs) -> None:
    """Hold the demonstration with the embedded agent, and say where its recording is.

    Raises:
        VoiceError: the embedded agent cannot work on this machine, or did not answer.
    """
    folder = path_of(options.record) or _recording_folder()
    screen = outputs.screen
    demonstration = Demonstration()
    if demonstration.is_written:
        screen.say("A demonstration follows: three written questions to the embedded agent, in real time.")
    else:
        screen.say("A demonstration follows: three spoken questions to the embedded agent, in real time.")
    session = Session(
        provider="local",
        backend=VirtualBackend(microphone=demonstration.microphone),
        block_ms=options.block_ms,
        volume=options.volume,
        mic_gain=options.mic_gain,
        duration=options.duration,
        budget=options.budget,
        max_outage_audio=options.max_outage_audio,
        record=folder,
        on_compile=options.on_compile,
        config=Config(prices=(options.config or Config()).prices),
        observers=[*options.observers, demonstration],
    )
    asyncio.run(converse(session, outputs, Approvals(screen.insist), demonstration.guide))
    screen.say(f"What was heard, you on the left and the agent on the right: {folder / 'heard.wav'}")
    screen.say("With a microphone and a speaker, `voice run` talks with you; `voice doctor` says what is missing.")


def _recording_folder() -> Path:
    folder = user_data_path("voice", appauthor=False) / "conversations"
    try:
        make_private_folder(folder)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="voice-"))
    return folder / f"demonstration-{time.strftime('%Y%m%d-%H%M%S')}"
