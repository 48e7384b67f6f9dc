"""The arguments of a tool: a JSON schema from a function's type hints and docstring, and the check against it."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Annotated, Any, get_args, get_origin

import docstring_parser
from pydantic import ConfigDict, Field, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic.json_schema import PydanticJsonSchemaWarning

from engine.errors import InvalidInputError


class WrongArgumentsError(Exception):
    """The arguments of a call do not fit; the text tells the model which and why."""


class ArgumentModel:
    """A function as the model sees it: its description, its schema, and a check of arguments.

    Example:
        >>> def dial(number: str, rings: int = 3) -> None:
        ...     "Dial a number."
        >>> ArgumentModel(dial).check({"number": "112", "rings": "5"})
        {'number': '112', 'rings': 5}
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        """Read a function.

        Raises:
            InvalidInputError: it has a parameter that no JSON object can carry.
        """
        name = getattr(function, "__name__", repr(function))
        docstring = docstring_parser.parse(inspect.getdoc(function) or "")
        described = {entry.arg_name: entry.description for entry in docstring.params}
        self.description = _prose(docstring.description) or name
        fields: dict[str, Any] = {}
        # A parameter may be called as a method of pydantic's models is: it is only an alias here.
        for index, parameter in enumerate(_parameters(function, name)):
            hint, default = _field(parameter, described.get(parameter.name))
            fields[f"argument_{index}"] = (hint, default)
        try:
            self._model = create_model(name, __config__=ConfigDict(extra="forbid", title=None), **fields)
            with warnings.catch_warnings():
                # A default that JSON cannot hold is left out of the schema, and used all the same.
                warnings.simplefilter("ignore", PydanticJsonSchemaWarning)
                self.schema = _without_titles(self._model.model_json_schema())
        except Exception as error:  # pydantic raises many kinds, all of them about this signature
            raise InvalidInputError(
                f"The tool {name}(){place_of(function)} cannot be described to a model: {error}.",
                fix="Use hints that JSON has: str, int, float, bool, lists and dicts of them, dataclasses, models.",
            ) from error

    def check(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments as the function wants them; those left out stay out.

        Raises:
            WrongArgumentsError: some do not fit.
        """
        try:
            checked = self._model.model_validate(arguments)
        except ValidationError as error:
            raise WrongArgumentsError(_reasons(error)) from None
        known = type(checked).model_fields
        return {str(known[name].alias): getattr(checked, name) for name in known if name in checked.model_fields_set}


def place_of(function: Callable[..., Any]) -> str:
    """Return the file and line that define a function, in brackets, or nothing where no Python does."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f" ({code.co_filename}, line {code.co_firstlineno})" if code else ""


def _parameters(function: Callable[..., Any], name: str) -> list[inspect.Parameter]:
    try:
        signature = inspect.signature(function, eval_str=True)
    except Exception as error:  # a hint may be any expression
        raise InvalidInputError(
            f"The hints of the tool {name}(){place_of(function)} cannot be read: {error}.",
            fix="Import what they name at the top of its module.",
        ) from error
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise InvalidInputError(
                f"The tool {name}(){place_of(function)} takes {parameter}: the model can only give named arguments.",
                fix="Give it parameters with names and type hints.",
            )
    return list(signature.parameters.values())


def _field(parameter: inspect.Parameter, description: str | None) -> tuple[Any, Any]:
    """A parameter as pydantic wants it; what `Annotated` says of it wins over the docstring."""
    hint = Any if parameter.annotation is parameter.empty else parameter.annotation
    extras = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    if any(isinstance(extra, FieldInfo) and extra.description for extra in extras):
        description = None
    default = ... if parameter.default is parameter.empty else parameter.default
    if description:
        hint = Annotated[hint, Field(description=_prose(description))]
    return hint, Field(default, alias=parameter.name)


def _prose(text: str | None) -> str:
    """Paragraphs of a docstring with the line ends of its layout taken out; examples are for programmers."""
    paragraphs = (text or "").split("\n\n")
    kept = [" ".join(paragraph.split()) for paragraph in paragraphs if not paragraph.lstrip().startswith(">>>")]
    return "\n".join(paragraph for paragraph in kept if paragraph)


def _reasons(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, entry['loc'])) or 'arguments'}: {entry['msg']}" for entry in error.errors())


def _without_titles(schema: dict[str, Any]) -> dict[str, Any]:
    """Drop pydantic's titles, which repeat the names: they cost tokens in every turn."""
    cleaned: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "title" and isinstance(value, str):
            continue
        if key in ("properties", "$defs"):
            cleaned[key] = {name: _without_titles(entry) for name, entry in value.items()}
        elif isinstance(value, dict):
            cleaned[key] = _without_titles(value)
        elif isinstance(value, list):
            cleaned[key] = [_without_titles(entry) if isinstance(entry, dict) else entry for entry in value]
        else:
            cleaned[key] = value
    return cleaned
