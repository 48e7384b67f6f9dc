"""The Realtime protocol: events, the conversation without I/O, the session, providers and tools."""
