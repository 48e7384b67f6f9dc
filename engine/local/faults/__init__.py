"""Faults that a server commits on purpose: a chain of small ones between a session and its socket."""
