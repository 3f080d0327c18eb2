"""Spans of days, and the words and small forms that dates are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from app.ask.catalogue import add_months
from app.ask.metric_query import Grain
from app.ask.tokens import ORDINALS, Token

Unit = Literal["day", "week", "month", "quarter", "half", "year", "range"]
DAY = timedelta(days=1)

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sep sept",
            "october oct",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}
WEEKDAYS = {
    name: number
    for number, names in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
    for name in (names,)
}
# Days of the year that have a name.
HOLIDAYS = {
    ("christmas", "eve"): (12, 24),
    ("christmas", "day"): (12, 25),
    ("christmas",): (12, 25),
    ("boxing", "day"): (12, 26),
    ("valentine", "day"): (2, 14),
    ("valentines", "day"): (2, 14),
    ("valentine",): (2, 14),
    ("new", "year"): (1, 1),
    ("new", "years"): (1, 1),
    ("new", "year", "eve"): (12, 31),
    ("new", "years", "eve"): (12, 31),
    ("new", "year", "day"): (1, 1),
    ("new", "years", "day"): (1, 1),
}
UNITS: dict[str, Unit] = {
    "day": "day",
    "days": "day",
    "week": "week",
    "weeks": "week",
    "month": "month",
    "months": "month",
    "quarter": "quarter",
    "quarters": "quarter",
    "year": "year",
    "years": "year",
    "half": "half",
}
# Seasons by their first month; each has three, as meteorologists count.
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}
GRAIN_WORDS: dict[str, Grain] = {"monthly": "month", "weekly": "week", "daily": "day"}
MONTHS_IN: dict[Unit, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}
LAST = ("last", "previous", "past", "prior", "preceding", "latest", "recent", "trailing")
NOW = ("this", "current", "ongoing")
# That a period has ended, said before it.
ENDED = ("complete", "completed", "full", "calendar", "whole", "finished", "ended", "closed")
CONNECTORS = ("to", "into", "until", "till", "til", "through", "thru")
WORDS = {
    *MONTHS,
    *WEEKDAYS,
    *(name[:3] for name in WEEKDAYS),
    *UNITS,
    *LAST,
    *NOW,
    *ENDED,
    *CONNECTORS,
    *ORDINALS,
    *(word for name in HOLIDAYS for word in name),
    *SEASONS,
    "yesterday",
    "today",
    "tomorrow",
    "since",
    "before",
    "after",
    "between",
    "from",
    "half",
    "ago",
    "next",
    "coming",
    "upcoming",
    "beginning",
    "start",
    "end",
    "date",
    "ytd",
    "mtd",
    "qtd",
    "ever",
    "complete",
    "full",
    "starting",
    "following",
    "during",
    "same",
}


@dataclass(frozen=True)
class Span:
    """Days from the first to the last, both counted.

    others  other spans the same words could mean (the same month of another year)
    ends    the two spans at the ends of a range, where it was given by both
    length  of the last 3 months: 3
    """

    first: date
    last: date
    unit: Unit
    others: tuple[Span, ...] = ()
    ends: tuple[Span, Span] | None = None
    length: int | None = None

    @property
    def is_ambiguous(self) -> bool:
        return bool(self.others)

    @property
    def grain(self) -> Grain:
        """The grain in which the span is a whole number of periods, the coarsest."""
        if self.unit in ("month", "quarter", "half", "year"):
            return "month"
        if self.unit in ("week", "day"):
            return "week" if self.unit == "week" else "day"
        whole_months = self.first.day == 1 and (self.last + DAY).day == 1
        return "month" if whole_months else "day"

    def in_year(self, year: int) -> Span:
        """Of what the words could mean, the one in a year; the span itself if there is none."""
        edge = "last" if self.begins_at_once else "first"
        return next((span for span in (self, *self.others) if getattr(span, edge).year == year), self)

    @property
    def begins_at_once(self) -> bool:
        """Whether all that the words could mean begins on one day: until July, of whichever year."""
        return self.is_ambiguous and {span.first for span in self.others} == {self.first}

    def settled(self) -> Span:
        """The span without its alternatives."""
        return replace(self, others=())


@dataclass(frozen=True)
class Dated:
    """A span and the tokens it was read from: `tokens[begin:end]`."""

    span: Span
    begin: int
    end: int


def edge_of_span(span: Span, which: str) -> Span:
    """The first or last day of a span, and of whatever else its words could mean."""
    days = [one.first if which == "first" else one.last for one in (span, *span.others)]
    spans = [Span(day, day, "day") for day in days]
    return replace(spans[0], others=tuple(spans[1:]))


def text_at(tokens: Sequence[Token], position: int) -> str:
    return tokens[position].text if 0 <= position < len(tokens) else ""


def ends_range(tokens: Sequence[Token], position: int) -> int:
    """How many of the following words only say that a range goes on: since April until now."""
    return 1 if text_at(tokens, position) in ("onwards", "onward", "on") else 0


def year_in(text: str) -> int | None:
    return int(text) if re.fullmatch(r"(?:19|20)\d\d", text) else None


def ordinal(text: str) -> int | None:
    """First, 2nd, twelfth."""
    match = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)", text)
    return int(match[1]) if match else ORDINALS.get(text)


def day_number(text: str) -> int | None:
    """5, 5th, fifth."""
    number = int(text) if re.fullmatch(r"\d{1,2}", text) else ordinal(text)
    return number if number and 1 <= number <= 31 else None


def date_or_none(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def single_day(begin: int, end: int, day: date | None) -> Dated | None:
    return Dated(Span(day, day, "day"), begin, end) if day else None


def month_from(start: date) -> Span:
    return Span(start, add_months(start, 1) - DAY, "month")


def has_week_53(year: int) -> bool:
    return date(year, 12, 28).isocalendar().week == 53
