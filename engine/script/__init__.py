"""Scripted servers: one vocabulary of steps for the embedded server and for `engine.realtime.testing`."""
