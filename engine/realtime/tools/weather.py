"""The real weather, from Open-Meteo: a city's name becomes a place, and a place its present weather."""

from __future__ import annotations

import re
from typing import Any

import aiohttp

from engine.config_tables import OpenMeteoUrls
from engine.realtime.tools.tool import ToolError

TIMEOUT_S = 8.0
"""For both questions together: a person waits in silence meanwhile."""
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_CURRENT = "temperature_2m,apparent_temperature,relative_humidity_2m,weather_code,wind_speed_10m"
_CONDITIONS: dict[range, tuple[str, str]] = {
    range(1): ("clear", "ясно"),
    range(1, 3): ("partly cloudy", "переменная облачность"),
    range(3, 4): ("overcast", "пасмурно"),
    range(45, 49): ("fog", "туман"),
    range(51, 58): ("drizzle", "морось"),
    range(61, 66): ("rain", "дождь"),
    range(66, 68): ("freezing rain", "ледяной дождь"),
    range(71, 78): ("snow", "снег"),
    range(80, 83): ("rain showers", "ливень"),
    range(85, 87): ("snow showers", "снегопад"),
    range(95, 100): ("thunderstorm", "гроза"),
}
"""WMO's codes of present weather."""


class OpenMeteo:
    """Asks one service; its method is what the tool runs."""

    def __init__(self, urls: OpenMeteoUrls | None = None, *, timeout_s: float = TIMEOUT_S) -> None:
        self._urls = urls or OpenMeteoUrls()
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    async def get_weather(self, city: str) -> dict[str, Any]:
        """Tell the present weather of a city, in the language of its name.

        Raises:
            ToolError: there is no such city, or the service does not answer, in words for the model.
        """
        city = city.strip()
        if not city:
            raise ToolError("Name the city.")
        russian = bool(_CYRILLIC.search(city))
        try:
            async with aiohttp.ClientSession(timeout=self._timeout, trust_env=True) as client:
                place = await self._find(client, city, "ru" if russian else "en")
                wanted = {"latitude": str(place["latitude"]), "longitude": str(place["longitude"])}
                options = {"current": _CURRENT, "wind_speed_unit": "ms", "timezone": "auto"}
                answer = await _ask(client, self._urls.forecast_url, {**wanted, **options})
            return _told(place, answer["current"], russian=russian)
        except TimeoutError:
            raise ToolError("The weather service did not answer in time.") from None
        except (aiohttp.ClientError, OSError):
            raise ToolError("The weather service cannot be reached.") from None
        except (KeyError, TypeError, ValueError, IndexError):
            raise ToolError("The weather service answered with something unknown.") from None

    async def _find(self, client: aiohttp.ClientSession, city: str, language: str) -> dict[str, Any]:
        found = await _ask(client, self._urls.geocoding_url, {"name": city, "count": "1", "language": language})
        places = found.get("results")
        if not places:
            raise ToolError(f"No city called '{city}' is known.")
        return dict(places[0])


async def _ask(client: aiohttp.ClientSession, url: str, parameters: dict[str, str]) -> dict[str, Any]:
    async with client.get(url, params=parameters) as response:
        if response.status == 429:
            raise ToolError("The weather service is asked too often: try again later.")
        if response.status != 200:
            raise ToolError(f"The weather service failed with status {response.status}.")
        return dict(await response.json())


def _told(place: dict[str, Any], now: dict[str, Any], *, russian: bool) -> dict[str, Any]:
    code = int(now["weather_code"])
    words = next((words for codes, words in _CONDITIONS.items() if code in codes), ("", ""))
    return {
        "city": place["name"],
        "country": place.get("country", ""),
        "temperature_c": float(now["temperature_2m"]),
        "feels_like_c": float(now["apparent_temperature"]),
        "condition": words[russian],
        "wind_m_s": float(now["wind_speed_10m"]),
        "humidity_percent": int(now["relative_humidity_2m"]),
    }
