"""The cities that the embedded agent knows, in English and in Russian."""

from __future__ import annotations

import re

CITIES: dict[str, tuple[str, str]] = {
    "Moscow": ("Москва", "Москве"),
    "Saint Petersburg": ("Санкт-Петербург", "Санкт-Петербурге"),
    "Kazan": ("Казань", "Казани"),
    "Novosibirsk": ("Новосибирск", "Новосибирске"),
    "Sochi": ("Сочи", "Сочи"),
    "Vladivostok": ("Владивосток", "Владивостоке"),
    "Minsk": ("Минск", "Минске"),
    "Tbilisi": ("Тбилиси", "Тбилиси"),
    "Yerevan": ("Ереван", "Ереване"),
    "Tashkent": ("Ташкент", "Ташкенте"),
    "Istanbul": ("Стамбул", "Стамбуле"),
    "Athens": ("Афины", "Афинах"),
    "Rome": ("Рим", "Риме"),
    "Milan": ("Милан", "Милане"),
    "Paris": ("Париж", "Париже"),
    "London": ("Лондон", "Лондоне"),
    "Dublin": ("Дублин", "Дублине"),
    "Edinburgh": ("Эдинбург", "Эдинбурге"),
    "Madrid": ("Мадрид", "Мадриде"),
    "Barcelona": ("Барселона", "Барселоне"),
    "Lisbon": ("Лиссабон", "Лиссабоне"),
    "Berlin": ("Берлин", "Берлине"),
    "Munich": ("Мюнхен", "Мюнхене"),
    "Hamburg": ("Гамбург", "Гамбурге"),
    "Vienna": ("Вена", "Вене"),
    "Prague": ("Прага", "Праге"),
    "Warsaw": ("Варшава", "Варшаве"),
    "Budapest": ("Будапешт", "Будапеште"),
    "Amsterdam": ("Амстердам", "Амстердаме"),
    "Brussels": ("Брюссель", "Брюсселе"),
    "Copenhagen": ("Копенгаген", "Копенгагене"),
    "Stockholm": ("Стокгольм", "Стокгольме"),
    "Oslo": ("Осло", "Осло"),
    "Helsinki": ("Хельсинки", "Хельсинки"),
    "Cairo": ("Каир", "Каире"),
    "Dubai": ("Дубай", "Дубае"),
    "Delhi": ("Дели", "Дели"),
    "Bangkok": ("Бангкок", "Бангкоке"),
    "Singapore": ("Сингапур", "Сингапуре"),
    "Beijing": ("Пекин", "Пекине"),
    "Tokyo": ("Токио", "Токио"),
    "Sydney": ("Сидней", "Сиднее"),
    "New York": ("Нью-Йорк", "Нью-Йорке"),
    "Boston": ("Бостон", "Бостоне"),
    "Chicago": ("Чикаго", "Чикаго"),
    "Toronto": ("Торонто", "Торонто"),
    "Los Angeles": ("Лос-Анджелес", "Лос-Анджелесе"),
    "San Francisco": ("Сан-Франциско", "Сан-Франциско"),
    "Mexico": ("Мехико", "Мехико"),
    "Buenos Aires": ("Буэнос-Айрес", "Буэнос-Айресе"),
}
"""English name: Russian nominative, and the form behind «в»."""


def _normal(text: str) -> str:
    return re.sub(r"[\s-]+", " ", text.lower().replace("ё", "е")).strip()


_FORMS: dict[str, str] = {
    _normal(form): (city if form == city else russian[0])
    for city, russian in CITIES.items()
    for form in (city, *russian)
}
_FORMS.update({"питер": "Санкт-Петербург", "питере": "Санкт-Петербург", "петербурге": "Санкт-Петербург"})
# The longest first: "New York" must not be found as a shorter name inside it.
_PATTERN = re.compile(rf"\b({'|'.join(sorted(map(re.escape, _FORMS), key=len, reverse=True))})\b".replace(r"\ ", " "))


def find_city(text: str) -> str | None:
    """Return the city named in a text, in the text's own language and nominative; None if there is none.

    Example:
        >>> find_city("what is the weather in new york"), find_city("какая погода в Москве")
        ('New York', 'Москва')
    """
    match = _PATTERN.search(_normal(text))
    return _FORMS[match[1]] if match else None
