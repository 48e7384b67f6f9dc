"""`voice doctor` on Linux in Windows: it knows where it is, and says what is missing on the way to the speaker."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.doctor import audio, wsl
from cli.doctor.findings import Finding, Verdict
from tests.support.soundcard import SoundCard

KERNEL = "Linux version 6.6.87.2-microsoft-standard-WSL2 (root@439a258ad544) (gcc (GCC) 11.2.0) #1 SMP\n"
DEBIANS = "Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0)\n"
ASOUNDRC = "pcm.!default pulse\nctl.!default pulse\n"


class System:
    """A WSL without a sound server, whose ALSA knows nothing of one."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._monkeypatch = folder, monkeypatch
        (folder / "version").write_text(KERNEL)
        (folder / "home").mkdir()
        monkeypatch.setattr(wsl, "_VERSION", folder / "version")
        monkeypatch.setattr(wsl, "_LIBRARIES", (folder / "lib",))
        monkeypatch.setattr(wsl, "_CONFIGURATIONS", ("~/.asoundrc", str(folder / "conf.d" / "*.conf")))
        monkeypatch.setenv("HOME", str(folder / "home"))
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
        self.put_server(folder / "PulseServer")
        self.name_server(folder / "none")

    def put_server(self, path: Path) -> None:
        self._monkeypatch.setattr(wsl, "_SERVER", path)

    def name_server(self, path: Path) -> None:
        self._monkeypatch.setenv("PULSE_SERVER", f"unix:{path}")

    def install_bridge(self) -> None:
        folder = self.folder / "lib" / "x86_64-linux-gnu" / "alsa-lib"
        folder.mkdir(parents=True)
        (folder / "libasound_module_pcm_pulse.so").touch()

    def found(self) -> dict[str, Finding]:
        return {finding.subject: finding for finding in audio.sound_server()}


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    return System(tmp_path, monkeypatch)


@pytest.fixture
def served(system: System, soundcard: SoundCard) -> System:
    """The same with a real server behind WSLg's socket, which PULSE_SERVER names as WSLg sets it."""
    socket = Path(soundcard.env["PULSE_SERVER"].removeprefix("unix:"))
    system.put_server(socket)
    system.name_server(socket)
    return system


def test_wsl_is_known_by_its_kernel(system: System) -> None:
    assert wsl.is_wsl()
    (system.folder / "version").write_text(DEBIANS)
    assert not wsl.is_wsl()
    (system.folder / "version").unlink()
    assert not wsl.is_wsl()


def test_without_wslg_there_is_no_sound_and_windows_is_to_bring_it(system: System) -> None:
    found = system.found()
    assert list(found) == ["sound server"]
    assert found["sound server"].verdict is Verdict.WARNING
    assert "WSL without WSLg" in found["sound server"].text
    assert "`wsl --update`" in found["sound server"].fix


def test_a_server_that_is_there_and_not_asked_is_to_be_named(served: System) -> None:
    served.name_server(served.folder / "none")
    found = served.found()
    assert found["sound server"].verdict is Verdict.ERROR
    assert f"`export PULSE_SERVER=unix:{wsl._SERVER}`" in found["sound server"].fix


@pytest.mark.parametrize("configuration", [".asoundrc", "conf.d/50-pulseaudio.conf"])
def test_what_lacks_between_portaudio_and_the_server_is_told_with_its_command(
    served: System, configuration: str
) -> None:
    found = served.found()
    assert found["sound server"].verdict is Verdict.OK
    assert "plays on Windows" in found["sound server"].text
    assert found["alsa"].verdict is Verdict.ERROR
    assert found["alsa"].fix.startswith("Run `sudo apt install libasound2-plugins`, `printf ")
    served.install_bridge()
    found = served.found()
    assert "libasound2-plugins" not in found["alsa"].fix
    assert ".asoundrc" in found["alsa"].fix
    path = served.folder / ("home" if configuration.startswith(".as") else "") / configuration
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"# {ASOUNDRC.replace(chr(10), ' ')}\n")
    assert served.found()["alsa"].verdict is Verdict.ERROR, "a comment leads nowhere"
    path.write_text(ASOUNDRC)
    assert served.found()["alsa"] == Finding("alsa", Verdict.OK, "leads to the sound server")


def test_the_command_that_is_given_leads_there(served: System) -> None:
    import subprocess  # noqa: PLC0415 - here only

    served.install_bridge()
    command = served.found()["alsa"].fix.partition("`")[2].partition("`")[0]
    subprocess.run(["sh", "-c", command], check=True)
    assert (served.folder / "home" / ".asoundrc").read_text() == ASOUNDRC
    assert served.found()["alsa"].verdict is Verdict.OK
