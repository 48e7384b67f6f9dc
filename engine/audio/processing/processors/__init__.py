"""Processors of our own, one a module that says when to use it. May import their protocol and `engine.dsp`."""
