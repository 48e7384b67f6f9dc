"""Answers the service's questions whether it may call a tool: by what the person said before, or by asking now."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from cli.view.lines import tool_line
from engine.api.session import Session
from engine.realtime.session_events import ApprovalAsked, SessionEvent, SessionStarted

_SHORT = 40
"""Characters of a call's name in the question; the whole call stands above it."""
_NOBODY = "Nobody could be asked: the client runs without a terminal."
_REFUSED = "The user refused this call."


class Asking(Protocol):
    """Whoever asks the person."""

    def ask(self, text: str, answered: Callable[[bool], None]) -> None:
        """Ask something that is answered with yes or no."""

    def withdraw(self) -> None:
        """Forget all questions that wait."""


class Approvals:
    """An observer of a session; answers each question once."""

    def __init__(self, insist: Callable[[str], None]) -> None:
        """Prepare; `insist` prints a line at once, whatever else is being printed."""
        self._insist = insist
        self._session: Session | None = None
        self._asking: Asking | None = None
        self._waiting: deque[ApprovalAsked] = deque()

    def attach(self, session: Session, asking: Asking | None = None) -> None:
        """Answer to this session; `asking` is None where there is no terminal."""
        self._session = session
        self._asking = asking

    def __call__(self, event: SessionEvent, _: float) -> None:
        """Take a question; those of a connection that is gone can no longer be answered."""
        if isinstance(event, SessionStarted) and self._asking is not None:
            self._waiting.clear()
            self._asking.withdraw()
        elif isinstance(event, ApprovalAsked):
            self._take(event)

    def _take(self, asked: ApprovalAsked) -> None:
        session = self._session
        if session is None or session.approves(asked.server) or self._asking is None:
            self._insist(tool_line(asked))
            if session is not None and not session.approves(asked.server):
                session.approve(asked.approval_id, approve=False, reason=_NOBODY)
            return
        self._waiting.append(asked)
        if len(self._waiting) == 1:
            self._ask(session, self._asking)

    def _ask(self, session: Session, asking: Asking) -> None:
        """Show the whole call, and only then ask about it."""
        asked = self._waiting[0]
        self._insist(tool_line(asked))
        name = f"{asked.server}.{asked.name}"
        short = name if len(name) <= _SHORT else f"{name[: _SHORT - 3]}..."

        def answered(yes: bool) -> None:
            self._waiting.popleft()
            session.approve(asked.approval_id, approve=yes, reason="" if yes else _REFUSED)
            if self._waiting:
                self._ask(session, asking)

        asking.ask(f"Allow this call of {short}? (y/N)", answered)
