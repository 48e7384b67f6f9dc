"""`voice run` when the service asks whether it may call a tool: the terminal, `--approve`, and nobody there."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from cli.run.approvals import Approvals
from engine.realtime.session_events import ApprovalAsked, SessionStarted
from tests.support.scripted_server import Peer, ScriptedServer
from tests.support.voice_process import VOICE, VoiceProcess

SECRET = "swordfish-42"
CONFIG = '[remote_mcp.calendar]\nurl = "https://example.org/mcp"\nauthorization = "${TEST_TOKEN}"\n'


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A configuration with one remote server."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return {**os.environ, "VOICE_CONFIG": str(path), "TEST_TOKEN": SECRET}


def asking(answers: list[dict[str, Any]], count: int = 1) -> Callable[[Peer], Awaitable[None]]:
    """A service that asks about calls, and then complains."""

    async def script(peer: Peer) -> None:
        update = await peer.expect("session.update")
        assert update["session"]["tools"][-1]["authorization"] == SECRET
        await peer.send("session.created", session={"id": "sess_1"})
        for number in range(count):
            request = {"id": f"a{number}", "type": "mcp_approval_request", "server_label": "calendar"}
            item = {**request, "name": "delete", "arguments": '{"title": "\\u001b[31mTea"}'}
            await peer.send("conversation.item.done", item=item, previous_item_id=None)
        answers.extend([(await peer.expect("conversation.item.create"))["item"] for _ in range(count)])
        await peer.send("error", error={"message": f"enough of {SECRET}"})
        await peer.closed.wait()

    return script


@pytest.mark.parametrize(("arguments", "approve"), [((), False), (("--approve", "all"), True)])
async def test_without_a_terminal_only_what_was_allowed_before(
    environment: dict[str, str], arguments: tuple[str, ...], approve: bool
) -> None:
    answers: list[dict[str, Any]] = []
    async with ScriptedServer(asking(answers)) as server:
        run = ("--backend", "virtual", "--url", server.url, "--log-level", "debug", *arguments)
        with VoiceProcess(*run, environment=environment) as voice:
            await asyncio.to_thread(voice.wait_for, "error")
            assert await asyncio.to_thread(voice.interrupt) == 0
    (answer,) = answers
    assert (answer["type"], answer["approval_request_id"]) == ("mcp_approval_response", "a0")
    assert answer["approve"] is approve
    assert ("without a terminal" in answer.get("reason", "")) is not approve
    assert [event["approve"] for event in voice.of("mcp.approval")] == [approve]
    assert "enough of ***" in voice.of("error")[0]["message"]
    assert "enough of ***" in voice.shown
    assert SECRET not in voice.shown + json.dumps(voice.events)


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a thing of Unix")
@pytest.mark.parametrize(("arguments", "enter"), [([], ""), (["--plain"], "\r")])
async def test_at_a_terminal_the_person_is_asked_one_question_after_the_other(
    environment: dict[str, str], arguments: list[str], enter: str
) -> None:
    from tests.support.terminal import Terminal  # noqa: PLC0415

    answers: list[dict[str, Any]] = []
    async with ScriptedServer(asking(answers, count=2)) as server:
        command = [VOICE, "run", "--backend", "virtual", "--url", server.url, *arguments]

        def answer_both() -> None:
            with Terminal(command, environment) as terminal:
                for key, outcome in (("y", "allowed"), ("n", "refused: The user refused")):
                    terminal.wait_to_see(r"calendar\.delete\(title=.*Tea.*\)")
                    terminal.wait_to_see(r"^Allow this call of calendar\.delete\? \(y/N\)")
                    threading.Event().wait(0.6)  # what is pressed at once was meant for something else
                    terminal.press(f"{key}{enter}")
                    terminal.wait_to_see(outcome)
                terminal.wait_to_see("enough of")
                terminal.press("\x04")
                assert terminal.wait() == 0

        await asyncio.to_thread(answer_both)
    assert [(answer["approval_request_id"], answer["approve"]) for answer in answers] == [("a0", True), ("a1", False)]
    assert answers[1]["reason"] == "The user refused this call."


class Person:
    """A session that takes answers, and a terminal that takes questions."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, bool]] = []
        self.questions: list[tuple[str, Callable[[bool], None]]] = []
        self.printed: list[str] = []

    def approves(self, server: str) -> bool:
        """Whether the session answers for this one."""
        return server == "calendar"

    def approve(self, approval_id: str, *, approve: bool = True, reason: str = "") -> None:
        """Keep an answer."""
        self.answers.append((approval_id, approve))

    def ask(self, text: str, answered: Callable[[bool], None]) -> None:
        """Keep a question."""
        self.questions.append((text, answered))

    def withdraw(self) -> None:
        """Forget them."""
        self.questions.clear()


def test_only_the_servers_that_were_named_need_no_question() -> None:
    person: Any = Person()
    approvals = Approvals(person.printed.append)
    approvals(ApprovalAsked("early", "calendar", "list", {}), 0.0)
    approvals.attach(person, person)
    for server in ("calendar", "mail"):
        approvals(ApprovalAsked(f"for {server}", server, "list", {}), 0.0)
    assert not person.answers
    assert [question for question, _ in person.questions] == ["Allow this call of mail.list? (y/N)"]


def test_each_call_is_shown_whole_before_its_question_and_one_is_asked_about_at_a_time() -> None:
    person: Any = Person()
    approvals = Approvals(person.printed.append)
    approvals.attach(person, person)
    long = "x" * 5000
    for number in (1, 2):
        approvals(ApprovalAsked(f"a{number}", "bank", "read? (y/n)" * 10, {"note": long, "then": number}), 0.0)
    assert len(person.questions) == len(person.printed) == 1
    assert len(person.questions[0][0]) < 70
    assert person.printed[0].endswith(f'(note="{long}", then=1)')
    person.questions[0][1](False)
    assert person.printed[1].endswith(f'(note="{long}", then=2)')
    person.questions[1][1](True)
    assert person.answers == [("a1", False), ("a2", True)]


def test_questions_of_a_connection_that_is_gone_are_withdrawn() -> None:
    person: Any = Person()
    approvals = Approvals(person.printed.append)
    approvals.attach(person, person)
    for number in range(2):
        approvals(ApprovalAsked(f"a{number}", "mail", "list", {}), 0.0)
    assert person.questions
    approvals(SessionStarted("sess_2"), 0.0)
    assert not person.questions
    approvals(ApprovalAsked("new", "mail", "list", {}), 0.0)
    assert len(person.questions) == 1
