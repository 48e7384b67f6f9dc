"""Scripted servers: one vocabulary of steps for `voice serve --script` and for `engine.realtime.testing`."""
