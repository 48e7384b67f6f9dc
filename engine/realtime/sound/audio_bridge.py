"""Audio bridge: the microphone's blocks go up, answers go to the speaker, and what became of both comes back.

It is called by the loop when the audio thread has something, and works through it at once: no task of its own waits
between a block in the ring and the uplink.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Protocol

from engine.audio.clock import loop_time_s
from engine.audio.playback.segments import Cut, ItemKey
from engine.audio.session_audio import SessionAudio
from engine.errors import Advice, StreamLostError
from engine.realtime.connection.uplink import Uplink
from engine.realtime.protocol.server_events import SpeechStopped
from engine.realtime.session_events import ErrorShown, FirstAudio, Muted, SessionEvent, Unduck
from engine.realtime.sound.device_events import XrunWatch
from engine.realtime.sound.ducking import FALL_MS, RISE_MS, Ducking
from engine.realtime.sound.latency import LatencyTimeline, TurnClock
from engine.realtime.sound.mic_gate import MicGate

_OWN_SOUND = ItemKey("", -1)
"""Key of sound that is no answer: the conversation never hears of it."""


class BridgeDelegate(Protocol):
    """The session, as its audio sees it: told by these; each returns at once."""

    def on_cut(self, cut: Cut) -> None:
        """Take what had been heard when playback was stopped."""

    def on_turn_by_key(self, sent_ms: int) -> None:
        """Take the end of a turn by key, of which so much was sent."""

    def on_tick(self) -> None:
        """Take that a quarter of a second has passed, or a little more, or that the stream has ended."""

    def on_failure(self, error: Exception) -> None:
        """Take that the device is gone, or something inside failed."""

    def interrupt(self) -> None:
        """Take that somebody speaks over the answer, whatever the server says."""

    def emit(self, session_event: SessionEvent) -> None:
        """Show a session event."""


class AudioBridge:
    """One session's microphone and speaker, from the first connection on."""

    def __init__(
        self,
        audio: SessionAudio,
        mic_gate: MicGate,
        uplink: Uplink,
        latency: LatencyTimeline,
        delegate: BridgeDelegate,
        *,
        silence_ms: int,
        ducking: Ducking,
    ) -> None:
        """Prepare; `silence_ms` is the silence after which the server says that the user has ended."""
        self._audio = audio
        self._mic_gate = mic_gate
        self._uplink = uplink
        self._latency = latency
        self._delegate = delegate
        self._silence_ms = silence_ms
        self._ducking = ducking
        self._turn = TurnClock()
        self._xruns = XrunWatch()
        self._full_shown = self._silence_shown = False
        self._own_sounds: deque[bytes] = deque()
        """Sounds of the program that wait for the end of an answer's audio."""

    def start(self) -> None:
        """Let the microphone and the speaker run, until the audio is closed."""
        self._audio.watch(self._serve)
        self._audio.start()

    @property
    def xruns(self) -> int:
        """Blocks that came too late, or found no room."""
        return self._xruns.total

    def mute(self, muted: bool) -> None:
        """Keep what is said from now on from the server, or no more."""
        # Rather a word too few than one too many: muted from the frame in the ring, open from what is said now.
        self._mic_gate.mute(muted, loop_time_s() if muted else self._audio.said_now_s())
        self._delegate.emit(Muted(muted))

    def press(self) -> bool:
        """Press the key of push-to-talk; True where a turn begins."""
        return self._mic_gate.press(self._audio.said_now_s())

    def release(self) -> None:
        """Release the key of push-to-talk."""
        self._mic_gate.release(self._audio.said_now_s())

    def play(self, response_id: str, key: ItemKey, pcm16: bytes, received_at_s: float) -> None:
        """Append audio of an answer, which came at that time.

        Args:
            response_id: The response it belongs to.
            key: Item and content part.
            pcm16: Little-endian mono at the wire's rate.
            received_at_s: Time of its arrival, on the loop's clock.
        """
        player = self._audio.player
        player.write(key, pcm16)
        self._turn.audio_queued(response_id, key)
        self._latency.wire_to_ring.add(1000 * (loop_time_s() - received_at_s))
        if player.dropped_frames and not self._full_shown:
            self._full_shown = True
            self._delegate.emit(
                ErrorShown("More than 30 minutes of speech wait to be played: the rest is dropped.", "full")
            )

    def play_own(self, pcm16: bytes) -> None:
        """Play sound of the program's own, behind the answer whose audio is coming in."""
        self._own_sounds.append(pcm16)
        self._play_own_sounds()

    def _play_own_sounds(self) -> None:
        while self._own_sounds and not self._audio.player.receives:
            self._audio.player.write(_OWN_SOUND, self._own_sounds.popleft())
            self._audio.player.end_item(_OWN_SOUND)

    def stop_playback(self, *, by_user: bool) -> None:
        """Silence the speaker; what was heard is told when the kernel has faded."""
        self._own_sounds.clear()
        self._audio.player.stop(by_user=by_user)
        self._turn.interrupted()
        if by_user:
            self._turn_up(self._ducking.interrupted(loop_time_s()))

    def note_last_word(self, event: SpeechStopped, received_at_s: float) -> None:
        """The server's end of speech lies at the end of the silence that told it so; the last word, before it."""
        last_word_ms = max(0, event.audio_end_ms - self._silence_ms)
        said_at_s = self._uplink.captured_at_s(last_word_ms) if event.audio_end_ms else received_at_s
        self._turn.speech_stopped(said_at_s, received_at_s)

    def _serve(self, signalled: bool) -> None:
        try:
            is_heard = self._pass_on()
            if self._audio.failure is not None:
                raise self._audio.failure
            # A signal without a block may be a stream's last word: it is not left waiting for the next tick.
            if not signalled or (not is_heard and self._audio.finished):
                for xrun in self._xruns.compare(self._audio.stats()):
                    self._delegate.emit(xrun)
                self._note_silence()
                for text in self._audio.look_after_processing():
                    self._delegate.emit(ErrorShown(text, "processing"))
                self._delegate.on_tick()
            if not self._audio.can_recover and (self._audio.finished or not (signalled or self._audio.active)):
                raise StreamLostError(
                    "The audio device ended its stream.", fix=f"Choose another device: {Advice.DEVICES}"
                )
        except Exception as error:  # nobody above but the loop, which would only log it, fifty times a second
            self._delegate.on_failure(error)

    def _note_silence(self) -> None:
        """Say once that the microphone is dead; the file that was silent, before the tick that ends the session."""
        if self._mic_gate.listens and not self._silence_shown and (text := self._audio.silence):
            self._silence_shown = True
            self._delegate.emit(ErrorShown(text, "silence"))

    def _pass_on(self) -> bool:
        """Pass on what the audio thread has left; True where the microphone was heard."""
        self._audio.player.service()
        self._play_own_sounds()
        blocks = self._audio.read_blocks()
        for block in blocks:
            if (said := self._mic_gate.take(block)) is not None:
                self._uplink.put(said)
        self._note_voice()
        if self._mic_gate.by_key:
            self._end_turn_of_key()
        while (cut := self._audio.player.take_cut()) is not None:
            cut = replace(cut, heard=tuple(heard for heard in cut.heard if heard.key != _OWN_SOUND))
            if cut.heard and cut.by_user:
                self._latency.barge_in.add(cut.silence_ms)
            self._delegate.on_cut(cut)
        if self._turn.awaited is not None:
            self._note_first_sound(self._turn.awaited.response_id, self._turn.awaited.key)
        return bool(blocks)

    def _note_voice(self) -> None:
        """Turn the answer down or up, by what our own detector has heard."""
        now_s = loop_time_s()
        heeded = not (self._mic_gate.muted or self._mic_gate.by_key)
        sounds = heeded and self._audio.player.has_more
        for heard in self._audio.read_speech():
            if heeded and heard.level:
                self._turn.voice_heard(heard.captured_at_s)
            if sounds and (duck := self._ducking.hear(heard.level, heard.captured_at_s, now_s)) is not None:
                self._audio.duck(duck.gain_db, over_ms=FALL_MS)
                self._delegate.emit(duck)
        self._turn_up(self._ducking.tick(now_s, sounds=sounds))
        if self._ducking.stops(now_s):
            self._delegate.interrupt()

    def _turn_up(self, unduck: Unduck | None) -> None:
        if unduck is not None:
            self._audio.duck(0.0, over_ms=RISE_MS)
            self._delegate.emit(unduck)

    def _end_turn_of_key(self) -> None:
        now_s = loop_time_s()
        if (sent_ms := self._mic_gate.turn_over(now_s)) is not None:
            self._turn.speech_stopped(now_s, now_s)
            self._delegate.on_turn_by_key(sent_ms)

    def _note_first_sound(self, response_id: str, key: ItemKey) -> None:
        sounding_for_s = self._audio.player.sounding_for_s(key)
        if sounding_for_s is None:
            return
        sounds_at_s = loop_time_s() - sounding_for_s + self._audio.output_latency_s
        since_voice_ms, latency_ms = self._turn.since_voice_ms(sounds_at_s), self._turn.sounded(sounds_at_s)
        if latency_ms is not None:
            self._latency.turn.add(latency_ms)
            if since_voice_ms is not None:
                self._latency.turn_heard.add(since_voice_ms)
        self._delegate.emit(FirstAudio(response_id, latency_ms and round(latency_ms, 1)))
