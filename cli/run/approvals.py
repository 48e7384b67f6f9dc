"""Answers the service's questions whether it may call a tool: by what the person said before, or by asking now."""

from __future__ import annotations

from cli.run.controls import Controls
from cli.view.lines import call_text
from engine.api.session import Session
from engine.realtime.session_events import ApprovalAsked, SessionEvent, SessionStarted

_NOBODY = "Nobody could be asked: the client runs without a terminal."
_REFUSED = "The user refused this call."


class Approvals:
    """An observer of a session; answers each question once."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._asking: Controls | None = None

    def attach(self, session: Session, asking: Controls | None = None) -> None:
        """Answer to this session; `asking` is None where there is no terminal."""
        self._session = session
        self._asking = asking

    def __call__(self, event: SessionEvent, _: float) -> None:
        """Take a question; those of a connection that is gone can no longer be answered."""
        if isinstance(event, SessionStarted) and self._asking is not None:
            self._asking.withdraw()
        elif isinstance(event, ApprovalAsked):
            self._answer(event)

    def _answer(self, asked: ApprovalAsked) -> None:
        session = self._session
        if session is None or session.approves(asked.server):
            return
        if self._asking is None:
            session.approve(asked.approval_id, approve=False, reason=_NOBODY)
        else:
            text = f"May {asked.server} run {call_text(asked.name, asked.arguments)}? (y/n)"
            self._asking.ask(text, lambda yes: self._answered(session, asked, yes=yes))

    def _answered(self, session: Session, asked: ApprovalAsked, *, yes: bool) -> None:
        session.approve(asked.approval_id, approve=yes, reason="" if yes else _REFUSED)
