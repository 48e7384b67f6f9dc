"""The manual builds without a warning, and describes every command, option and public name."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from sphinx.util.inventory import InventoryFile

import engine
from cli.app import COMMANDS
from tests.support.browser import Browser, needs_chromium

ROOT = Path(__file__).parents[2]
TO_A_FILE = re.compile(r"\]\((?!https?:)([^)#\s]+)")
AT_THE_ROOT = sorted(ROOT.glob("*.md"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pages in `html` and the man pages in `man`; every warning is an error."""
    folder = tmp_path_factory.mktemp("manual")
    for builder in ("html", "man"):
        options = ["-W", "--keep-going", "-n", "-q", "-d", str(folder / "read"), "-b", builder]
        command = [sys.executable, "-m", "sphinx", *options, str(ROOT / "docs"), str(folder / builder)]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
    return folder


def described(built: Path, kind: str) -> set[str]:
    """Names of the manual's index, such as all classes."""
    inventory = InventoryFile.loads((built / "html" / "objects.inv").read_bytes(), uri="")
    return set(inventory.data.get(kind, {}))


def test_every_public_name_is_described(built: Path) -> None:
    found = described(built, "py:class") | described(built, "py:exception") | described(built, "py:function")
    assert {f"engine.{name}" for name in engine.__all__} <= found


def test_every_command_has_a_page_and_a_man_page_with_its_options(built: Path) -> None:
    options = described(built, "std:cmdoption")
    assert {
        "voice.--profile",
        "voice-run.--echo",
        "voice-devices-test.--input",
        "voice-bench-history.--json",
    } <= options
    for name in COMMANDS:
        assert (built / "html" / "commands" / f"{name}.html").exists()
        assert f"voice-{name}" in (built / "man" / f"voice-{name}.1").read_text(encoding="utf-8")
    page = (built / "man" / "voice-run.1").read_text(encoding="utf-8")
    assert re.search(r"Echo cancellation: auto \(default", page)


def test_code_in_docstrings_is_shown_as_code(built: Path) -> None:
    page = (built / "html" / "plugins.html").read_text(encoding="utf-8")
    assert re.search(r'<div class="highlight-default notranslate">.*?TickingBackend', page, re.DOTALL)


@pytest.mark.parametrize("path", AT_THE_ROOT, ids=lambda path: path.name)
def test_a_page_at_the_root_links_to_files_that_are_there(path: Path) -> None:
    assert not [link for link in TO_A_FILE.findall(path.read_text(encoding="utf-8")) if not (ROOT / link).exists()]


def test_both_readmes_link_to_the_same_pages() -> None:
    english, russian = (
        set(TO_A_FILE.findall((ROOT / name).read_text(encoding="utf-8"))) - {"README.md", "README.ru.md"}
        for name in ("README.md", "README.ru.md")
    )
    assert english == russian
    assert len(english) > 15


@needs_chromium
@pytest.mark.parametrize("page", ["index", "talk"])
async def test_the_words_of_the_picture_can_be_read_on_a_phone(built: Path, page: str) -> None:
    async with Browser() as browser:
        await browser.open((built / "html" / f"{page}.html").as_uri(), 390, 844)
        picture = "document.querySelector('img[src$=\"screen.svg\"]')"
        assert await browser.run(f"{picture}.getBoundingClientRect().width") >= 600
        assert await browser.run(f"{picture}.parentElement.scrollWidth > {picture}.parentElement.clientWidth")
        assert await browser.run("document.documentElement.scrollWidth") <= 390
