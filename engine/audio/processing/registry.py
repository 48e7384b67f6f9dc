"""Processors by name: finds them through the entry-point group `voice.processors` and makes them with their options."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping

from engine.audio.processing.protocol import Processor
from engine.errors import InvalidInputError, LibraryMissingError, VoiceError
from engine.plugins import find_plugin, named

GROUP = "voice.processors"
Value = bool | int | float | str
_WORDS = {"true": True, "false": False}
_FORM = "Write NAME, or NAME:key=value,key=value."


def parse_processor(text: str) -> tuple[str, dict[str, Value]]:
    """Return the name and the options of `NAME[:key=value[,key=value]]`: numbers, true, false, or text.

    Raises:
        InvalidInputError: it has another form, or an option twice.

    Example:
        >>> parse_processor("gain:gain_db=-6,limit_db=-0.5")
        ('gain', {'gain_db': -6, 'limit_db': -0.5})
    """
    name, colon, rest = text.partition(":")
    pairs = [pair.partition("=") for pair in rest.split(",")] if colon else []
    if not name.strip() or not all(key.strip() and equals for key, equals, _ in pairs):
        raise InvalidInputError(f"{text!r} describes no processor.", fix=_FORM)
    options = {key.strip(): _value(value.strip()) for key, _, value in pairs}
    if len(options) < len(pairs):
        raise InvalidInputError(f"{text!r} has an option twice.", fix=_FORM)
    return name.strip(), options


def make_processor(text: str) -> Processor:
    """Make the processor that a text of the form `NAME[:key=value[,key=value]]` describes.

    Raises:
        InvalidInputError: the text has another form, nobody registered the name, or an option does not fit.
        LibraryMissingError: what it needs cannot be imported, or it is no processor.
    """
    return make(*parse_processor(text))


def make(name: str, options: Mapping[str, Value]) -> Processor:
    """Make the processor that is registered as `name`.

    Raises:
        InvalidInputError: nobody registered the name, or an option does not fit.
        LibraryMissingError: what it needs cannot be imported, or it is no processor.
    """
    point = find_plugin(GROUP, name, f"There is no processor called {name!r}.")
    try:
        kind = point.load()
        fitting = _fitting(name, options, inspect.signature(kind))
        processor: Processor = kind(**fitting)
    except VoiceError:
        raise
    except (Exception, SystemExit) as error:  # another's package may fail in any way
        raise LibraryMissingError(
            f"The processor {named(point)} fails: {type(error).__name__}: {error}.",
            fix="Install what it needs, correct its options, or leave it out of `processors=`.",
        ) from error
    if not isinstance(processor, Processor):
        raise LibraryMissingError(f"The processor {named(point)} lacks: process.", fix="Repair or remove it.")
    return processor


def _value(text: str) -> Value:
    if text in _WORDS:
        return _WORDS[text]
    try:
        number = float(text)
    except ValueError:
        return text
    if not math.isfinite(number):
        return text
    return int(text) if text.lstrip("+-").isdigit() else number


def _fitting(name: str, options: Mapping[str, Value], signature: inspect.Signature) -> Mapping[str, Value]:
    """The options, if the processor takes them and each is of the kind of its default."""
    known = {key: parameter.default for key, parameter in signature.parameters.items()}
    empty = inspect.Parameter.empty
    shown = ", ".join(key if default is empty else f"{key}={default}" for key, default in known.items())
    fix = f"Its options and their defaults: {shown}." if shown else "It has no options."
    try:
        signature.bind(**options)
    except TypeError as error:
        raise InvalidInputError(f"The options of the processor {name!r} do not fit: {error}.", fix=fix) from None
    for key, value in options.items():
        if _kind(known.get(key)) not in (None, _kind(value)):
            raise InvalidInputError(f"The option {key!r} of the processor {name!r} cannot be {value!r}.", fix=fix)
    return options


def _kind(value: object) -> object:
    """The kind of an option's value; None of a default that tells nothing."""
    return next((kind for kind in (bool, str, (int, float)) if isinstance(value, kind)), None)
