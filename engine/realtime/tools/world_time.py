"""The time of day anywhere: zones by their names, or by the city that gave them one."""

from __future__ import annotations

import difflib
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from engine.realtime.tools.tool import ToolError


def time_in(time_zone: str, now: datetime) -> dict[str, str]:
    """Return the time of a moment in a zone.

    Args:
        time_zone: "Europe/Moscow", "moscow", "UTC"; "" is the zone of this machine.
        now: The moment, with its zone.

    Raises:
        ToolError: no zone has that name; those with similar names are named.

    Example:
        >>> time_in("tokyo", datetime(2026, 11, 25, 18, tzinfo=UTC))["time"]
        '03:00'
    """
    name = time_zone.strip()
    there = now.astimezone(_zone(name)) if name else now.astimezone()
    offset = there.strftime("%z")
    return {
        "time": f"{there:%H:%M}",
        "date": f"{there:%Y-%m-%d}",
        "weekday": f"{there:%A}",
        "time_zone": str(there.tzinfo),
        "utc_offset": f"{offset[:3]}:{offset[3:5]}",
    }


def get_time(time_zone: str = "") -> dict[str, str]:
    """Tell the date and the time of day, here or in another time zone.

    Args:
        time_zone: A name such as "Europe/Moscow" or "America/New_York"; leave it out for the user's own.
    """
    return time_in(time_zone, datetime.now(UTC))


def _zone(name: str) -> ZoneInfo:
    known = _zones()
    key = name.casefold().replace(" ", "_")
    if key in known:
        return ZoneInfo(known[key])
    similar = difflib.get_close_matches(key, known, n=3)
    fix = f" Similar: {', '.join(known[entry] for entry in similar)}." if similar else ""
    raise ToolError(f"There is no time zone '{name}'.{fix} Use a name such as Europe/Moscow.")


@cache
def _zones() -> dict[str, str]:
    """Zones by their whole names and by their cities, in small letters; a whole name goes before a city."""
    names = sorted(name for name in available_timezones() if not name.startswith(("posix/", "right/", "Etc/")))
    cities = {name.rpartition("/")[2].casefold(): name for name in names}
    return cities | {name.casefold(): name for name in names}
