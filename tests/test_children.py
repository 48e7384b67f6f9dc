"""Processes that we start import nothing from the current folder, and inherit no key."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.redaction import secrets_of_environment, without_keys
from tests.test_floors import ROOT

STARTS = {"subprocess.run", "subprocess.Popen", "subprocess.check_output", "asyncio.create_subprocess_exec"}


def starts(path: Path) -> Iterator[ast.Call]:
    """The calls in a file that start a process."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in STARTS:
            yield node


def is_without_keys(expression: ast.expr) -> bool:
    """Whether it is our environment without keys, with or without a few words set beside."""
    if isinstance(expression, ast.Dict):
        inherited = [value for key, value in zip(expression.keys, expression.values, strict=True) if key is None]
        return all(map(is_without_keys, inherited))
    return ast.unparse(expression) == "without_keys(os.environ)"


@pytest.mark.parametrize("expression", ["None", "os.environ", "{**without_keys(os.environ), **os.environ}", "words"])
def test_another_environment_is_seen(expression: str) -> None:
    assert not is_without_keys(ast.parse(expression, mode="eval").body)


FILES = [path for name in ("engine", "cli", "backends", "benchmarks") for path in (ROOT / name).rglob("*.py")]
CHILDREN = [(path, call) for path in FILES for call in starts(path)]


@pytest.mark.parametrize(("path", "call"), CHILDREN, ids=lambda value: getattr(value, "name", ""))
def test_a_child_gets_an_environment_of_its_own_and_no_module_of_this_folder(path: Path, call: ast.Call) -> None:
    source = path.read_text(encoding="utf-8")
    (environment,) = [keyword.value for keyword in call.keywords if keyword.arg == "env"]
    assert is_without_keys(environment), f"{path}:{call.lineno}"
    assert source.count("[sys.executable, ") == source.count('[sys.executable, "-P"')
    assert '"-P"' in source or "sys.executable" not in source


def test_the_children_are_found() -> None:
    assert {path.name for path, _ in CHILDREN} >= {"process.py", "rescan.py", "library.py", "audio.py"}


ORDINARY = {
    **dict.fromkeys(["PWD", "OLDPWD", "XDG_RUNTIME_DIR", "SSH_AUTH_SOCK", "SSH_ASKPASS", "XAUTHORITY"], "/folder"),
    **dict.fromkeys(["PATH", "KEYBOARD", "KEYBOARD_LAYOUT", "GIT_AUTHOR_NAME", "TOKENIZERS_PARALLELISM"], "word"),
    "HOMEPAGE": "https://me@example.org:443/a:b@c",
}


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_API_KEY",
        "YANDEX_CLOUD_IAM_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "DB_PASSWORD",
        "deepgram_apikey",
        "TOKEN",
        "PGPASSWORD",
        "AZURE_OPENAI_KEY1",
        "ACCESSTOKEN",
        "OPENAI_API_KEYS",
        "HF_TOKENS",
        "GITHUB_PAT",
        "SSHPASS",
        "DB_PASS",
        "MYSQL_PWD",
        "DB_PASSPHRASE",
    ],
)
def test_variables_that_sound_like_keys_are_not_passed_on(name: str) -> None:
    assert without_keys({**ORDINARY, name: "swordfish"}) == ORDINARY
    assert secrets_of_environment({**ORDINARY, name: "swordfish"}) == ["swordfish"]


def test_a_url_with_a_password_is_not_passed_on() -> None:
    urls = {"DATABASE_URL": "postgres://me:swordfish@example.org/db", "BROKER": "redis://:swordfish@example.org"}
    assert without_keys({**ORDINARY, **urls}) == ORDINARY
    for name, url in urls.items():
        assert set(secrets_of_environment({**ORDINARY, name: url})) == {"swordfish"}
