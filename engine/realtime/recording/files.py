"""Names of the files of a recording, for whoever only lists or deletes them."""

from __future__ import annotations

EVENTS_FILE, HEARD_FILE = "session.jsonl", "heard.wav"
FILES = ("user.wav", "agent.wav", HEARD_FILE, EVENTS_FILE)
