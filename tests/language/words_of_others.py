"""Messages for the catalogue that do not stand in the code, or stand there as single words that are more than words."""

TYPER_ERRORS = (
    "Missing command.",
    "Missing {kind} {name}.",
    "Missing {kind} {name}. {more}",
    "Value {value} is not a valid {kind}.",
    "No such command '{name}'.",
    "No such option: {name}",
    "No such option: {name} Did you mean {others}?",
    "No such option: {name} (Possible options: {others})",
    "Got unexpected extra argument(s) ({arguments})",
    "Got unexpected extra argument ({arguments})",
    "Got unexpected extra arguments ({arguments})",
    "Option '{name}' requires an argument.",
    "Option '{name}' does not take a value.",
    "Invalid value for {place}: {reason}",
    "'{value}' is not one of {choices}.",
    "{kind} '{path}' does not exist.",
)
"""Sentences of Typer's, which writes some of them in English whatever the language."""
WORDS = (
    *("argument", "option", "parameter", "Backend", "Provider", "files"),
    *("duration", "budget", "stopped", "closed", "error"),
    *("configuration", "kernels", "echo", "priority", "governor", "clock", "provider", "key", "network"),
)
"""Kinds of what Typer misses; names, reasons and subjects that the engine and the doctor have as values."""
