"""The built-in tools: the time anywhere, and the real weather, asked of a server that plays Open-Meteo."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from aiohttp import web

from engine.config_tables import Offer, OpenMeteoUrls
from engine.realtime.conversation.actions import ToolCall, ToolResult
from engine.realtime.tools.builtin import END_CONVERSATION, GET_TIME, built_in_tool, get_weather
from engine.realtime.tools.runner import ToolRunner
from engine.realtime.tools.tool import ToolError
from engine.realtime.tools.weather import OpenMeteo
from engine.realtime.tools.world_time import time_in

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
OMSK = {"name": "Omsk", "country": "Russia", "latitude": 54.99, "longitude": 73.37}
NOW = {
    "temperature_2m": -7.4,
    "apparent_temperature": -12.0,
    "relative_humidity_2m": 81,
    "weather_code": 73,
    "wind_speed_10m": 3.6,
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.mark.parametrize(
    ("name", "zone", "time", "offset"),
    [
        ("Europe/Moscow", "Europe/Moscow", "15:00", "+03:00"),
        (" america/new york ", "America/New_York", "08:00", "-04:00"),
        ("Tokyo", "Asia/Tokyo", "21:00", "+09:00"),
        ("kathmandu", "Asia/Kathmandu", "17:45", "+05:45"),
        ("utc", "UTC", "12:00", "+00:00"),
    ],
)
def test_time_zones_are_found_by_name_and_by_city(name: str, zone: str, time: str, offset: str) -> None:
    told = time_in(name, NOON)
    assert (told["time_zone"], told["time"], told["utc_offset"]) == (zone, time, offset)
    assert (told["date"], told["weekday"]) == ("2026-07-01", "Wednesday")


def test_an_unknown_zone_is_answered_with_similar_ones() -> None:
    with pytest.raises(ToolError, match="Europe/Moscow"):
        time_in("Europe/Mosco", NOON)


async def test_without_a_zone_it_is_the_time_of_this_machine() -> None:
    result = await ToolRunner([GET_TIME]).run(ToolCall("c", "get_time", "{}"))
    told = json.loads(result.output)
    here = datetime.now().astimezone()
    assert told["utc_offset"] == here.isoformat()[-6:]


async def test_the_end_tells_the_model_to_say_goodbye_whatever_it_was_given() -> None:
    result = await ToolRunner([END_CONVERSATION]).run(ToolCall("c", "end_conversation", '{"reason": "bye"}'))
    assert result.ends
    assert "goodbye" in result.output


@dataclass
class Meteo:
    """The server's end: what it was asked."""

    weather: OpenMeteo
    urls: OpenMeteoUrls
    asked: list[dict[str, str]] = field(default_factory=list)


def always(status: int = 200, **body: object) -> Handler:
    """Answer all questions alike."""

    async def handle(_: web.Request) -> web.Response:
        return web.json_response(body, status=status)

    return handle


@asynccontextmanager
async def meteo(forecast: Handler, search: Handler | None = None, timeout_s: float = 10.0) -> AsyncIterator[Meteo]:
    """Play Open-Meteo."""
    app = web.Application()

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        it.asked.append(dict(request.query))
        return await handler(request)

    app.middlewares.append(note)
    app.router.add_get("/v1/search", search or always(results=[OMSK]))
    app.router.add_get("/v1/forecast", forecast)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    urls = OpenMeteoUrls(geocoding_url=f"{base}/search", forecast_url=f"{base}/forecast")
    it = Meteo(OpenMeteo(urls, timeout_s=timeout_s), urls)
    try:
        yield it
    finally:
        await runner.cleanup()


async def test_the_weather_of_a_city_is_asked_for_and_told() -> None:
    async with meteo(always(current=NOW)) as it:
        assert await it.weather.get_weather(" Omsk ") == {
            "city": "Omsk",
            "country": "Russia",
            "temperature_c": -7.4,
            "feels_like_c": -12.0,
            "condition": "snow",
            "wind_m_s": 3.6,
            "humidity_percent": 81,
        }
        assert (await it.weather.get_weather("Омск"))["condition"] == "снег"
    search, forecast, russian, _ = it.asked
    assert (search["name"], search["language"], russian["language"]) == ("Omsk", "en", "ru")
    assert (forecast["latitude"], forecast["longitude"], forecast["wind_speed_unit"]) == ("54.99", "73.37", "ms")


async def run(it: Meteo, city: str) -> ToolResult:
    """One call of the tool as the configuration `weather = "open-meteo"` makes it."""
    tool = built_in_tool("get_weather", Offer(weather="open-meteo", open_meteo=it.urls))
    return await ToolRunner([tool]).run(ToolCall("c", "get_weather", json.dumps({"city": city})))


@pytest.mark.parametrize(
    ("search", "forecast", "words"),
    [
        (always(), always(current=NOW), "No city called 'Omsk' is known."),
        (None, always(500), "The weather service failed with status 500."),
        (None, always(429), "asked too often"),
        (None, always(), "answered with something unknown"),
        (None, always(current={**NOW, "weather_code": None}), "answered with something unknown"),
    ],
)
async def test_what_the_service_does_wrong_is_told_in_words(
    search: Handler | None, forecast: Handler, words: str
) -> None:
    async with meteo(forecast, search) as it:
        result = await run(it, "Omsk")
    assert result.failed
    assert words in result.output
    assert "127.0.0.1" not in result.output


async def test_a_service_that_is_late_or_away_is_told_in_words() -> None:
    forever = asyncio.Event()

    async def late(_: web.Request) -> web.Response:
        await forever.wait()
        return web.Response()

    async with meteo(late, timeout_s=0.2) as it:
        with pytest.raises(ToolError, match="did not answer in time"):
            await it.weather.get_weather("Omsk")
        forever.set()
    with pytest.raises(ToolError, match="cannot be reached"):
        await it.weather.get_weather("Omsk")
    with pytest.raises(ToolError, match="Name the city"):
        await it.weather.get_weather("")


def test_invented_weather_is_the_same_each_time_and_fits_together() -> None:
    seen = [get_weather(f"City {number}") for number in range(300)] + [get_weather(f"Город {n}") for n in range(300)]
    assert get_weather("City 1") == seen[1]
    assert len({told["condition"] for told in seen}) == len({told["advice"] for told in seen}) == 12
    for told in seen:
        assert told["note"] in ("This weather is invented.", "Эта погода придумана.")
        assert told["condition"] not in ("snow", "снег") or told["temperature_c"] <= 2
        assert told["condition"] not in ("thunderstorm", "гроза") or told["temperature_c"] >= 15
