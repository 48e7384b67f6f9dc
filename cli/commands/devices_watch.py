"""`voice devices watch`: says which devices come and go, and when the system's default is another one."""

from __future__ import annotations

from cli.options import BackendOption, JsonOption


def watch(backend: BackendOption = None, as_json: JsonOption = False) -> None:
    """Report devices that come and go, until Ctrl+C."""
    import asyncio  # noqa: PLC0415

    from cli.devices.selection import refuse_files  # noqa: PLC0415
    from cli.devices.watch import watch_devices  # noqa: PLC0415
    from engine.audio.device.blame import closing  # noqa: PLC0415
    from engine.audio.device.registry import open_hotplugged  # noqa: PLC0415
    from engine.config import load_config  # noqa: PLC0415

    with closing(open_hotplugged(backend or load_config(only_devices=True).audio.backend or "auto")) as watched:
        refuse_files(watched)
        asyncio.run(watch_devices(watched, as_json=as_json))
