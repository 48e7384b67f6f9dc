"""One session: gives the conversation a connection, a microphone, a speaker, a clock and tools, and ends in order."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from engine.audio.clock import loop_time_s
from engine.audio.playback.segments import Cut
from engine.audio.recovery.policy import News
from engine.audio.recovery.runner import RecoveryRunner
from engine.audio.session_audio import SessionAudio
from engine.errors import ModelRefusedError, VoiceError
from engine.realtime import session_events as told
from engine.realtime.activity import Activity
from engine.realtime.audience import Audience
from engine.realtime.connection.reconnecting import ReconnectingConnection
from engine.realtime.connection.retry_policy import MAX_OUTAGE_S
from engine.realtime.connection.transport import Connect
from engine.realtime.connection.uplink import Uplink
from engine.realtime.connection.websocket import Connection
from engine.realtime.conversation import actions as act
from engine.realtime.conversation.machine import Conversation
from engine.realtime.idle_timeout import IdleTimeout
from engine.realtime.monitor import Monitor
from engine.realtime.protocol.client_events import UpdateSession
from engine.realtime.protocol.server_events import ServerEvent, SpeechStopped, UnknownEvent
from engine.realtime.providers.choose import ChosenProvider
from engine.realtime.providers.session_update import SessionSettings
from engine.realtime.sound.audio_bridge import AudioBridge
from engine.realtime.sound.device_events import session_event_of
from engine.realtime.sound.ducking import Ducking
from engine.realtime.sound.latency import LatencyTimeline
from engine.realtime.sound.mic_gate import MicGate
from engine.realtime.tools.runner import ToolRunner
from engine.realtime.tools.tool import Tool

_log = logging.getLogger(__name__)


class RealtimeSession:
    """Runs one conversation from connecting to the summary; `engine.realtime.testing` shows a whole one."""

    def __init__(
        self,
        chosen: ChosenProvider,
        audio: SessionAudio,
        runner: ToolRunner,
        settings: SessionSettings | None = None,
        observers: Sequence[told.Observer] | Audience = (),
        connect: Connect = Connection.open,
        make_conversation: Callable[..., Conversation] = Conversation,
        max_outage_s: float = MAX_OUTAGE_S,
        at_end: Callable[[told.Summary], Awaitable[None]] = lambda _: asyncio.sleep(0),
    ) -> None:
        """Prepare a session; nothing is started.

        Args:
            chosen: The server, its address known.
            audio: The opened audio; the session starts it and closes it.
            runner: The tools that are offered; closed with the session.
            settings: Settings that differ from the provider's defaults; the tools are the runner's.
            observers: Told everything, in order; as an audience where others tell them something too.
            connect, make_conversation: The real ones, a test's double, or what records them.
            max_outage_s: Greatest age of the microphone's audio that is sent when a lost connection comes back.
            at_end: Awaited with the summary before it is told: closes what was told of the session as it went.
        """
        self._chosen, self._audio, self._runner, provider = chosen, audio, runner, chosen.provider
        self._settings = settings or SessionSettings()
        self._at_end, self._scrubber = at_end, chosen.scrubber
        self._audience = observers if isinstance(observers, Audience) else Audience(observers, self._scrubber)
        self.latency = LatencyTimeline()
        turns = self._settings.turn_detection(provider)
        self._conversation = make_conversation(
            provider.name,
            server_tools=[tool.name for tool in chosen.server_tools],
            recap_heading=provider.recap_heading,
            interrupts_by_itself=provider.interrupts_by_itself and not turns.by_client,
        )
        self._mic_gate = MicGate(provider.input_rate_hz, by_key=turns.by_client, listens=self._settings.listens)
        self._uplink = Uplink(provider.input_rate_hz, self.latency.capture_to_wire.add, max_outage_s=max_outage_s)
        self._connection = ReconnectingConnection(
            lambda: connect(chosen), self._uplink, self, session_limit_s=provider.session_limit_s
        )
        silence_ms, ducking = turns.silence_duration_ms or 0, Ducking(self._settings.barge_in, self._settings.duck_ms)
        self._bridge = AudioBridge(
            audio, self._mic_gate, self._uplink, self.latency, self, silence_ms=silence_ms, ducking=ducking
        )
        self._is_introduced = self._has_begun = False
        """Whether a connection was told of the session, or was about to be when it broke: the next one resumes; and
        whether there has been one that was told everything."""
        self._recovery: RecoveryRunner | None = None
        self.monitor = Monitor(audio, self._conversation.responses, lambda: self._recovery)
        self._to_do: deque[act.Action] = deque()
        self._is_performing = self._input_ended = self._is_device_lost = False
        self._over, self._idle_timeout = asyncio.Event(), IdleTimeout()
        self._timers: list[asyncio.TimerHandle] = []
        self._reason = self._winds_up_for = ""
        self._error: VoiceError | None = None
        self._received_at_s = self._waits_since_s = 0.0
        self.each_tick: Callable[[], None] = lambda: None
        """Called many times a second, from the first connection on."""
        self._devices_lost = self._dropped_answer_ms = 0

    async def run(self, *, duration_s: float | None = None, until_input_ends: bool = False) -> told.Summary:
        """Hold the conversation until it is stopped, its time is over, or it fails; return what it came to.

        Everything is closed in order on every way out: audio, socket, tools; the summary is the last session event.

        Args:
            duration_s: Longest duration, from here.
            until_input_ends: End when the input is over (its file, or `end_input`) and the last answer was heard.

        Raises:
            VoiceError: what ended the session, if it was no ordinary end.
        """
        started_s, idle_s = loop_time_s(), self._settings.idle_timeout_s
        self._idle_timeout = IdleTimeout(until_input_ends=until_input_ends, idle_timeout_s=idle_s)
        if duration_s:
            self._stop_in(duration_s, "duration")
        try:
            await self._converse()
        except VoiceError as error:
            self.fail(error)
        finally:
            for timer in self._timers:
                timer.cancel()
            self._audio.close()
            if self._error is not None:
                self.emit(told.ErrorShown(str(self._error), fatal=True))
            summary = self._summary(loop_time_s() - started_s)
            await self._at_end(summary)
            self.emit(summary)
        if self._error is not None:
            raise self._error
        return summary

    def _stop_in(self, seconds: float, reason: str) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, self.stop, reason))

    def stop(self, reason: str = "stopped") -> None:
        """Ask the session to end in order; safe from a signal handler of the loop."""
        self._reason = self._reason or reason
        self._over.set()

    def wind_up(self, reason: str) -> None:
        """End when what is under way has been heard: no turn is answered any more, and no tool's result."""
        self._winds_up_for = self._winds_up_for or reason
        self._perform(self._conversation.wind_up())

    def offer(self, tools: Sequence[Tool]) -> None:
        """Offer more tools from now on, in the place of others of their names; a server is told of them."""
        offered = self._runner.offer([*tools, *self._runner.tools])
        if self._is_introduced and self._conversation.online:
            self._connection.send(UpdateSession("voice_tools", self._settings.tools_to_json(self._chosen, offered)))

    @property
    def at_rest(self) -> bool:
        """True while nobody speaks or is answered, no tool runs, and everything has been heard."""
        return self._conversation.idle and self._audio.player.drained

    @property
    def activity(self) -> Activity:
        """The present state; what prevents the others comes first."""
        states = {
            Activity.CONNECTING: not self._has_begun,
            Activity.RECONNECTING: not self._conversation.online,
            Activity.DEVICE_LOST: self._is_device_lost,
            Activity.HEARING: self._conversation.user_heard,
            Activity.SPEAKING: not self._audio.player.drained,
            Activity.THINKING: not self._conversation.idle,
        }
        return next((activity for activity, holds in states.items() if holds), Activity.LISTENING)

    def approve(self, approval_id: str, *, approve: bool = True, reason: str = "") -> None:
        """Answer the question of an `ApprovalAsked`: whether the service may make the call."""
        self._perform(self._conversation.approval_given(approval_id, approve=approve, reason=reason))

    def type_text(self, text: str) -> None:
        """Say something to the agent in writing: it interrupts as speech does."""
        if not self._winds_up_for:
            self._perform(self._conversation.user_typed(text))

    def interrupt(self) -> None:
        """Silence the agent, as speech of the user would."""
        self._perform(self._conversation.silenced(by_user=True))

    def play(self, pcm16: bytes) -> None:
        """Play sound of the program's own, at the wire's rate of the answers, behind what is being said."""
        self._perform(self._conversation.sound_queued())
        self._bridge.play_own(pcm16)

    def end_input(self) -> None:
        """Say that nobody will type or speak any more; see `run`."""
        self._input_ended = True

    @property
    def sent_s(self) -> float:
        """Seconds of the microphone's audio that have been sent."""
        return self._uplink.sent_s

    @property
    def muted(self) -> bool:
        """Whether the microphone is muted."""
        return self._mic_gate.muted

    def mute(self, muted: bool = True) -> None:
        """Keep what is said from now on from the server, or no more; see `engine.realtime.sound.mic_gate`."""
        if muted != self.muted:
            self._bridge.mute(muted)

    def talk(self, pressed: bool = True) -> None:
        """Press or release the key of push-to-talk; nothing where the server detects turns."""
        if not pressed:
            self._bridge.release()
        elif self._bridge.press():
            self._perform(self._conversation.talk_started())

    async def _converse(self) -> None:
        """Stay connected until the session is over."""
        keeping_connected = asyncio.create_task(self.guarded(self._connection.run))
        try:
            await self._over.wait()
        finally:
            try:
                sounding = self._audio.player.sounded(self._audio.output_latency_s) or {}
                self._perform(self._conversation.ended(Cut(tuple(sounding.values()), silence_ms=0.0)))
                # The stream first: what was captured last is then not sent into a closing socket.
                await self._close_audio()
            finally:
                keeping_connected.cancel()
                await asyncio.gather(keeping_connected, return_exceptions=True)
            if awaited := self._runner.held_up_by:
                self.emit(told.ToolsAwaited(awaited))
            await self._runner.finish()

    async def _close_audio(self) -> None:
        """Close the stream, after what could be opening another."""
        recovery, self._recovery = self._recovery, None
        if recovery is not None:
            await recovery.close()
        await self._audio.aclose()

    def introduce(self) -> Sequence[act.Action]:
        """Return the actions that a connection is told first."""
        session = replace(self._settings, tools=self._runner.tools).to_json(self._chosen)
        resumes, self._is_introduced, earlier = self._is_introduced, True, self._settings.history
        return self._conversation.reconnected(session) if resumes else self._conversation.open(session, earlier)

    def on_connected(self) -> None:
        """Let the microphone and the speaker run, from the first connection on."""
        if self._has_begun:
            return
        self._has_begun = True
        self._waits_since_s = loop_time_s()
        self._idle_timeout.begin(self._waits_since_s)
        self._bridge.start()
        if self._audio.can_recover:
            self._recovery = RecoveryRunner(
                self._audio,
                emit=self._emit_device_news,
                drop=lambda: self._perform(self._conversation.silenced(by_user=False)),
                failed=self.on_failure,
            )

    async def guarded(self, service: Callable[[], Awaitable[None]]) -> None:
        """Run a service, and end the session with what it fails with."""
        try:
            await service()
        except Exception as error:
            self.on_failure(error)

    def on_failure(self, error: Exception) -> None:
        """End the session in order also for a bug, rather than leave it half alive."""
        if isinstance(error, VoiceError):
            self.fail(error)
            return
        _log.error("a service of the session failed", exc_info=error)
        what = f"An error inside this program ended the session: {type(error).__name__}: {error}."
        self.fail(VoiceError(what, fix="Report it, together with what was logged about it."))

    def fail(self, error: VoiceError) -> None:
        """End the session with an error, which `run` raises."""
        if self._error is None and not self._over.is_set():
            advice = self._chosen.model_advice if isinstance(error, ModelRefusedError) else ""
            clean = self._scrubber.clean
            self._error = error.reworded(message=clean(error.message), fix=clean(f"{error.fix} {advice}".strip()))
            self.stop("error")

    def on_event(self, event: ServerEvent, received_at_s: float) -> None:
        """Take an event of the server."""
        self._received_at_s = received_at_s
        if not isinstance(event, UnknownEvent):
            self._waits_since_s = received_at_s
        if isinstance(event, SpeechStopped):
            self._bridge.note_last_word(event, received_at_s)
        self._perform(self._conversation.handle(event))

    def on_disconnected(self) -> None:
        """Take the loss of the connection."""
        self._perform(self._conversation.disconnected())

    def on_cut(self, cut: Cut) -> None:
        """Take what had been heard when playback was stopped."""
        self._perform(self._conversation.playback_cut(cut))

    def on_turn_by_key(self, sent_ms: int) -> None:
        """Take the end of a turn by key."""
        self._perform(self._conversation.talk_ended(sent_ms))

    def _perform(self, actions: Sequence[act.Action]) -> None:
        """Carry out what the conversation asks for, in its order, also where an observer acts in the middle of it."""
        self._to_do.extend(actions)
        if self._is_performing:
            return
        self._is_performing = True
        try:
            while self._to_do:
                self._carry_out(self._to_do.popleft())
        finally:
            self._is_performing = False
            self._to_do.clear()

    def _carry_out(self, action: act.Action) -> None:
        match action:
            case act.Send(event):
                self._connection.send(event)
            case act.PlayAudio(response_id, key, pcm16):
                self._bridge.play(response_id, key, pcm16, self._received_at_s)
            case act.EndAudio(key):
                if self._audio.player.end_item(key):
                    _log.debug("the audio of %s ends in the middle of a sample", key.item_id)
            case act.StopPlayback(by_user):
                self._bridge.stop_playback(by_user=by_user)
            case act.RunTool(call):
                self._runner.start(call, lambda result: self._perform(self._conversation.tool_finished(result)))
            case act.InterruptTools(call_ids):
                self._runner.interrupt(call_ids)
            case act.Show(session_event):
                if isinstance(session_event, told.AnswerDropped):
                    self._dropped_answer_ms += session_event.dropped_ms
                self._audience.tell(session_event)
            case act.Trace(text):
                _log.debug("%s", self._scrubber.clean(text))
            case act.RenewConnection(error):
                self._connection.renew(error)
            case act.EndSession(error):
                self.fail(error)

    def on_tick(self) -> None:
        """Look after the devices; end the session when it is time, after what the device still holds has sounded."""
        if self._recovery is not None:
            self._recovery.tick()
        self.each_tick()
        now_s, patience_s = loop_time_s(), self._conversation.patience_s
        if patience_s is not None and now_s - self._waits_since_s > patience_s:
            self._perform(self._conversation.give_up())
            patience_s = None
        if patience_s is None:
            self._waits_since_s = now_s
        reason = self._idle_timeout.end_reason(
            now_s,
            busy=not self.at_rest,
            unasked=self._conversation.answers_silence,
            input_ended=self._input_ended or self._audio.input_ended,
            farewell=self._conversation.farewell,
        )
        if reason := reason or (self._winds_up_for if self._audio.player.drained else ""):
            self._stop_in(self._audio.output_latency_s, reason)

    def _emit_device_news(self, news: News) -> None:
        session_event = session_event_of(news)
        self._is_device_lost = isinstance(session_event, told.DeviceLost)
        self._devices_lost += isinstance(session_event, told.DeviceLost) and session_event.attempt == 0
        self.emit(session_event)

    def emit(self, session_event: told.SessionEvent) -> None:
        """Show a session event in its turn."""
        self._perform([act.Show(session_event)])

    def _summary(self, duration_s: float) -> told.Summary:
        return told.Summary(
            turns=self._conversation.turns,
            xruns=self._bridge.xruns,
            dropped_blocks=self._uplink.dropped_blocks,
            duration_s=round(duration_s, 3),
            latency=self.latency.summary(),
            reason=self._reason or "ended",
            devices_lost=self._devices_lost,
            dropped_answer_ms=self._dropped_answer_ms,
            reconnects=self._connection.reconnects,
            rotations=self._connection.rotations,
            dropped_outage_ms=self._connection.dropped_outage_ms,
            playback=self._audio.playback_stats(),
            processing=self._audio.processing_report(),
        )
