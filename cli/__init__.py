"""The `voice` command: parse, call, render."""
