"""Numbers and short sentences as the pages write them: plain words, a real minus, three figures in readouts."""

from __future__ import annotations

import math
from datetime import datetime

SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
"""Of currencies that are written with one."""


def number(value: float, form: str = "", unit: str = "") -> str:
    """A number for a sentence.

    >>> number(1234.5), number(0.4571, "percent"), number(22.345, unit="min"), number(2.4, "currency", "USD")
    ('1,234', '45.7%', '22.3 min', '$2.40')
    """
    if not math.isfinite(value):
        return "–"
    if form == "currency" and unit in SIGNS:
        text = SIGNS[unit] + _price(abs(value))
        return f"−{text}" if value < 0 and _is_some(text) else text
    suffix = "%" if form == "percent" else f" {unit}" if unit else ""
    text = _figures(abs(value) * (100 if form == "percent" else 1)) + suffix
    return f"−{text}" if value < 0 and _is_some(text) else text


def signed(value: float, form: str = "", unit: str = "") -> str:
    """A difference: with its sign, and shares in points.

    >>> signed(793), signed(-0.031, "percent")
    ('+793', '−3.1 pp')
    """
    if form == "percent":
        value, unit = value * 100, "pp"
    text = number(abs(value), "" if form == "percent" else form, unit)
    return ("−" if value < 0 else "+") + text if _is_some(text) else text


def _is_some(text: str) -> bool:
    """A number that is shown as 0 has no sign."""
    return any(digit in text for digit in "123456789")


def _figures(value: float) -> str:
    if value >= 99.95 or value == int(value):
        return f"{round(value):,}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def _price(value: float) -> str:
    """With cents where they count, and small prices in two figures."""
    return f"{value:.2f}" if 0.1 <= value < 99.995 and value != int(value) else _figures(value)


def share(value: float) -> str:
    """A part of a whole: "90%"."""
    return f"{round(value * 100)}%"


def plural(count: int, label: str) -> str:
    """A dimension's label for `count` of its values.

    >>> plural(3, "Airport"), plural(2, "Planned city")
    ('3 airports', '2 planned cities')
    """
    word = label.lower()
    if count != 1:
        if word.endswith("y") and not word.endswith(("ay", "ey", "oy")):
            word = word[:-1] + "ies"
        else:
            word += "es" if word.endswith(("s", "x", "ch", "sh")) else "s"
    return f"{count} {word}"


def when(moment: datetime, *, clock: bool = True) -> str:
    """A moment on people's wall clock: "Fri 8 Feb, 11:00"."""
    day = f"{moment:%a} {moment.day} {moment:%b}"
    return f"{day}, {moment:%H:%M}" if clock else day


def money(amount: float, currency: str) -> str:
    """An amount of money in three figures.

    >>> money(4_120_000, "USD"), money(72_300, "EUR")
    ('$4.12 M', '€72.3 k')
    """
    sign = SIGNS.get(currency, "")
    for size, suffix in ((1e9, " B"), (1e6, " M"), (1e3, " k")):
        if amount >= size:
            scaled = amount / size
            digits = 2 if scaled < 10 else 1 if scaled < 100 else 0
            return f"{sign}{scaled:.{digits}f}{suffix}" + ("" if sign else f" {currency}".rstrip())
    return f"{sign}{round(amount)}" + ("" if sign else f" {currency}".rstrip())
