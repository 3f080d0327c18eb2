"""Dates in words, relative to the as-of date of the data and never to the clock.

The last month is the latest one that has ended; yesterday is the last day the data holds whole. A month, quarter or day
without a year is every such one in the data: which is meant may have to be asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from app.ask.catalogue import Catalogue, add_months
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
    "fortnight": "week",
}
LAST = ("last", "previous", "past", "prior", "preceding", "latest", "recent", "trailing")
NOW = ("this", "current", "ongoing")
CONNECTORS = ("to", "until", "till", "through", "thru")
WORDS = {
    *MONTHS,
    *WEEKDAYS,
    *UNITS,
    *LAST,
    *NOW,
    *CONNECTORS,
    *ORDINALS,
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
    """

    first: date
    last: date
    unit: Unit
    others: tuple[Span, ...] = ()
    ends: tuple[Span, Span] | None = None

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
        return next((s for s in (self, *self.others) if s.first.year == year), self)

    def settled(self) -> Span:
        """The span without its alternatives."""
        return replace(self, others=())


@dataclass(frozen=True)
class Dated:
    """A span and the tokens it was read from: `tokens[begin:end]`."""

    span: Span
    begin: int
    end: int


class DateReader:
    """Finds dates in tokens. Positions that read the same words twice are given to the longest reading."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def find(self, tokens: Sequence[Token]) -> list[Dated]:
        """All dates, in order, none overlapping another."""
        found: list[Dated] = []
        position = 0
        while position < len(tokens):
            dated = self.range_at(tokens, position)
            if dated is None:
                position += 1
            else:
                found.append(dated)
                position = dated.end
        return _shared_year(found)

    def range_at(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        """A span with what stands before it: since April, between March and May, before June."""
        word = _text(tokens, begin)
        if word in ("from", "between", "since", "after", "before", "until", "till", "through", "up", "starting"):
            if word == "up" and _text(tokens, begin + 1) != "to":
                return None
            start = begin + 1 + (word == "up")
            start += _text(tokens, start) in ("from", "the", "in")
            start += _text(tokens, start) == "the"
            first = self.span_at(tokens, start)
            if first is None:
                return None
            joined = self._joined(tokens, first, ("and", *CONNECTORS) if word == "between" else CONNECTORS)
            if joined and word in ("from", "between", "starting"):
                return Dated(joined.span, begin, joined.end)
            relation = {"from": "since", "starting": "since", "till": "until", "through": "until", "up": "until"}
            related = self._related(relation.get(word, word), first.span)
            goes_on = _ends_range(tokens, first.end)
            if word == "from" and not goes_on and related and first.span.unit != "range":
                # "users from May" may be those of May alone, or all since then
                return Dated(replace(first.span, others=(*first.span.others, related)), begin, first.end)
            return Dated(related, begin, first.end + goes_on) if related else None
        first = self.span_at(tokens, begin)
        if first is None:
            return None
        return self._joined(tokens, first, CONNECTORS) or first

    def _joined(self, tokens: Sequence[Token], first: Dated, connectors: Sequence[str]) -> Dated | None:
        if _text(tokens, first.end) not in connectors:
            return None
        if _text(tokens, first.end + 1) in ("now", "date", "today"):
            last = Dated(Span(self.catalogue.as_of, self.catalogue.as_of, "day"), first.end + 1, first.end + 2)
        else:
            begin = first.end + 1 + (_text(tokens, first.end + 1) == "the")
            found = self.span_at(tokens, begin)
            if found is None:
                return None
            last = found
        starts, ends = ((one.span, *one.span.others) for one in (first, last))
        pairs = [(start, end) for start in starts for end in ends if start.first <= end.first]
        # Of two Augusts and two Septembers those belong together that have none of the others between them.
        spans = [
            Span(start.first, end.last, "range", (), (start.settled(), end.settled()))
            for start, end in pairs
            if not any(
                start.first < s.first or e.first < end.first
                for s, e in pairs
                if s.first >= start.first and e.first <= end.first
            )
        ]
        if not spans:
            return None
        return Dated(replace(spans[0], others=tuple(spans[1:])), first.begin, last.end)

    def _related(self, relation: str, span: Span) -> Span | None:
        def related(one: Span) -> Span | None:
            first, last = {
                "since": (one.first, max(self.catalogue.as_of, one.first)),
                "after": (one.last + DAY, max(self.catalogue.as_of, one.last + DAY)),
                "until": (min(self.catalogue.first, one.last), one.last),
                "before": (min(self.catalogue.first, one.first - DAY), one.first - DAY),
                "between": (None, None),
            }[relation]
            return None if first is None or last is None else Span(first, last, "range")

        spans = [one for one in map(related, (span, *span.others)) if one]
        return Span(spans[0].first, spans[0].last, "range", tuple(spans[1:])) if spans else None

    def span_at(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        """The longest single span that begins here."""
        readings = (
            self._relative,
            self._several,
            self._ago,
            self._quarter,
            self._half,
            self._month,
            self._week,
            self._day,
            self._year,
            self._everything,
            self._weekday,
        )
        found = [dated for read in readings if (dated := read(tokens, begin))]
        return max(found, key=lambda dated: dated.end, default=None)

    # each of these reads one form, beginning at a position

    def _relative(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        word, after = _text(tokens, begin), _text(tokens, begin + 1)
        as_of = self.catalogue.as_of
        single = {"today": 0, "yesterday": -1, "tomorrow": 1}
        if word in single:
            day = as_of + timedelta(days=single[word])
            return Dated(Span(day, day, "day"), begin, begin + 1)
        to_date: dict[str, Unit] = {"ytd": "year", "mtd": "month", "qtd": "quarter"}
        if word in to_date:
            start = self._unit(to_date[word], 0).first
            return Dated(Span(start, as_of, "range"), begin, begin + 1)
        if word in UNITS and after == "to" and _text(tokens, begin + 2) == "date":
            return Dated(Span(self._unit(UNITS[word], 0).first, as_of, "range"), begin, begin + 3)
        edge = {"beginning": "first", "start": "first", "end": "last"}.get(word)
        edge_of = begin + 1
        if word in ("first", "last") and after == "day":
            edge, edge_of = word, begin + 2
        if edge and _text(tokens, edge_of) in ("of", "in"):
            inner = self.span_at(tokens, edge_of + 1 + (_text(tokens, edge_of + 1) == "the"))
            return Dated(_edge(inner.span, edge), begin, inner.end) if inner else None
        if word in UNITS and after == "before" and _text(tokens, begin + 2) == "last":
            return Dated(self._unit(UNITS[word], -2), begin, begin + 3)
        position = begin + (word == "most" and after == "recent")
        word = _text(tokens, position)
        offset = -1 if word in LAST else 0 if word in NOW else 1 if word in ("next", "coming", "upcoming") else None
        if offset is None:
            return None
        position += 1
        while _text(tokens, position) in ("complete", "full", "calendar", "whole", "finished"):
            position += 1
        word = _text(tokens, position)
        if word in UNITS and _text(tokens, position + 1) == "of" and self.span_at(tokens, position + 2):
            return None  # the last week of August is none of these
        if word in UNITS and word != "fortnight" and not word.endswith("s"):
            return Dated(self._unit(UNITS[word], offset), begin, position + 1)
        if word in MONTHS and offset <= 0:
            return Dated(self._recent_month(MONTHS[word], offset), begin, position + 1)
        if word in WEEKDAYS and offset < 0:
            back = (as_of.weekday() - WEEKDAYS[word] - 1) % 7 + 1
            day = as_of - timedelta(days=back)
            return Dated(Span(day, day, "day"), begin, position + 1)
        return None

    def _several(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        """The last 3 months, the past 90 days, the previous two complete weeks."""
        word = _text(tokens, begin)
        position = begin + 1
        if word == "most" and _text(tokens, position) == "recent":
            position += 1
        elif word not in LAST and word not in ("next", "coming"):
            return None
        if _text(tokens, position) in ("complete", "full"):
            position += 1
        number = (
            2 if _text(tokens, position) == "couple" else tokens[position].whole if position < len(tokens) else None
        )
        if _text(tokens, position) == "couple" and _text(tokens, position + 1) == "of":
            position += 1
        position += 1
        if _text(tokens, position) in ("complete", "full", "calendar"):
            position += 1
        unit = UNITS.get(_text(tokens, position))
        if number is None or unit is None or not 1 <= number <= 5000:
            return None
        if word in ("next", "coming"):
            return Dated(Span(self._unit(unit, 1).first, self._unit(unit, number).last, "range"), begin, position + 1)
        span = Span(self._unit(unit, -number).first, self._unit(unit, -1).last, unit if number == 1 else "range")
        return Dated(span, begin, position + 1)

    def _ago(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        number = tokens[begin].whole if begin < len(tokens) else None
        number = 1 if _text(tokens, begin) in ("a", "an") else number
        unit = UNITS.get(_text(tokens, begin + 1))
        if number is None or unit is None or number > 5000 or _text(tokens, begin + 2) != "ago":
            return None
        return Dated(self._unit(unit, -number), begin, begin + 3)

    def _quarter(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        return self._part_of_year(tokens, begin, "q", "quarter", 3)

    def _half(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        return self._part_of_year(tokens, begin, "h", "half", 6)

    def _part_of_year(self, tokens: Sequence[Token], begin: int, letter: str, unit: Unit, months: int) -> Dated | None:
        word, after = _text(tokens, begin), _text(tokens, begin + 1)
        year: int | None = None
        position = begin + 1
        if match := re.fullmatch(rf"{letter}([1-4])", word):
            number = int(match[1])
        elif word == letter and after.isdigit() and len(after) == 1:
            number, position = int(after), begin + 2
        elif word in ORDINALS and after == unit:
            number, position = ORDINALS[word], begin + 2
        elif word == unit and after.isdigit() and len(after) == 1:
            number, position = int(after), begin + 2
        elif _year(word) and re.fullmatch(rf"{letter}[1-4]", after):
            number, year, position = int(after[1]), int(word), begin + 2
        else:
            return None
        if not 1 <= number <= 12 // months:
            return None
        if year is None:
            year, position = self._year_at(tokens, position)
        month = (number - 1) * months + 1

        def make(y: int) -> Span:
            return Span(date(y, month, 1), add_months(date(y, month, 1), months) - DAY, unit)

        return Dated(make(year) if year else self._of_any_year(make), begin, position)

    def _month(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        word = _text(tokens, begin)
        if match := re.fullmatch(r"(\d{4})[-/](\d{1,2})", word):
            start = date(int(match[1]), int(match[2]), 1) if int(match[1]) else None
            return Dated(_month_of(start), begin, begin + 1) if start else None
        if word not in MONTHS or (word == "may" and _text(tokens, begin + 1) in ("i", "we", "be", "have")):
            return None
        year, end = self._year_at(tokens, begin + 1)

        def make(y: int) -> Span:
            return _month_of(date(y, MONTHS[word], 1))

        return Dated(make(year) if year else self._of_any_year(make), begin, end)

    def _week(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        position = begin + (_text(tokens, begin) == "calendar")
        if _text(tokens, position) not in ("week", "wk", "cw", "kw"):
            return None
        position += 1
        number = tokens[position].whole if position < len(tokens) else None
        if number is not None and 1 <= number <= 53:
            year, end = self._year_at(tokens, position + 1)

            def make(y: int) -> Span:
                start = date.fromisocalendar(y, min(number or 1, 52 if not _has_week_53(y) else 53), 1)
                return self._week_of(start)

            # a bare number may be an age just as well; only with its year it is surely a calendar week
            return Dated(make(year), begin, end) if year else None
        while _text(tokens, position) in ("of", "starting", "beginning", "commencing", "from", "the", "on", "with"):
            position += 1
        day = self._day(tokens, position) or self._weekday(tokens, position)
        if day is None:
            return None
        spans = [self._week_of(one.first) for one in (day.span, *day.span.others)]
        return Dated(Span(spans[0].first, spans[0].last, "week", tuple(spans[1:])), begin, day.end)

    def _day(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        word = _text(tokens, begin)
        if match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", word):
            return _single(begin, begin + 1, _date(int(match[1]), int(match[2]), int(match[3])))
        if match := re.fullmatch(r"(\d{1,2})[./](\d{1,2})[./](\d{4})", word):
            one, two, year = (int(part) for part in match.groups())
            days = [day for day in dict.fromkeys((_date(year, two, one), _date(year, one, two))) if day]
            spans = [Span(day, day, "day") for day in days]
            return (
                Dated(Span(spans[0].first, spans[0].last, "day", tuple(spans[1:])), begin, begin + 1) if spans else None
            )
        position = begin
        number: int | None = None
        month: int | None = None
        if day := _day_number(word):
            number, position = day, begin + 1
            position += _text(tokens, position) == "of"
            month = MONTHS.get(_text(tokens, position))
            position += 1
        elif word in MONTHS and (day := _day_number(_text(tokens, begin + 1))):
            month, number, position = MONTHS[word], day, begin + 2
        elif word in MONTHS and _text(tokens, begin + 1) == "the" and (day := _day_number(_text(tokens, begin + 2))):
            month, number, position = MONTHS[word], day, begin + 3
        if number is None or month is None:
            return None
        year_given, end = self._year_at(tokens, position)
        if year_given:
            return _single(begin, end, _date(year_given, month, number))
        spans = [
            Span(found, found, "day")
            for year in self._years()
            if (found := _date(year, month, number)) and self.catalogue.first <= found <= self.catalogue.as_of
        ]
        if not spans:
            found = _date(self.catalogue.as_of.year, month, number)
            return _single(begin, end, found)
        return Dated(Span(spans[0].first, spans[0].last, "day", tuple(spans[1:])), begin, end)

    def _year(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        year = _year(_text(tokens, begin))
        if not year:
            return None
        return Dated(Span(date(year, 1, 1), date(year, 12, 31), "year"), begin, begin + 1)

    def _everything(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        here = [_text(tokens, begin + n) for n in range(3)]
        everything = Span(self.catalogue.first, self.catalogue.as_of, "range")
        for words in (
            ("all", "time"),
            ("so", "far"),
            ("ever",),
            ("to", "date"),
            ("overall",),
            ("in", "total"),
            ("the", "beginning"),
            ("beginning",),
            ("altogether",),
            ("launch",),
            ("day", "one"),
        ):
            if tuple(here[: len(words)]) == words:
                return Dated(everything, begin, begin + len(words))
        return None

    def _weekday(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        word = _text(tokens, begin)
        if word not in WEEKDAYS:
            return None
        inner = self._day(tokens, begin + 1)  # Monday 5 October
        return Dated(inner.span, begin, inner.end) if inner else None

    # calendar

    def _unit(self, unit: Unit, offset: int) -> Span:
        """The calendar unit so many before or after the one the as-of date is in."""
        as_of = self.catalogue.as_of
        if unit in ("day", "week"):
            grain: Grain = "week" if unit == "week" else "day"
            start = self.catalogue.shifted(self.catalogue.period_start(as_of, grain), offset, grain)
            length = 7 if unit == "week" else 1
            return Span(start, min(start, date.max - timedelta(days=7)) + timedelta(days=length - 1), unit)
        months = {"month": 1, "quarter": 3, "half": 6, "year": 12}[unit]
        start = date(as_of.year, (as_of.month - 1) // months * months + 1, 1)
        start = self.catalogue.shifted(start, offset * months, "month")
        return Span(start, self.catalogue.shifted(start, months, "month") - DAY, unit)

    def _week_of(self, day: date) -> Span:
        start = self.catalogue.period_start(day, "week")
        return Span(start, start + timedelta(days=6), "week")

    def _recent_month(self, month: int, offset: int) -> Span:
        """This April: of the as-of date's year; last April: the latest that has ended."""
        as_of = self.catalogue.as_of
        span = _month_of(date(as_of.year, month, 1))
        return span if offset == 0 or span.last < as_of else _month_of(date(as_of.year - 1, month, 1))

    def _years(self) -> range:
        return range(self.catalogue.first.year, self.catalogue.as_of.year + 1)

    def _of_any_year(self, make: Callable[[int], Span]) -> Span:
        """What a month or quarter without a year means: each one in the data, else the latest before the as-of date."""
        spans = [make(year) for year in self._years()]
        inside = [s for s in spans if s.last >= self.catalogue.first and s.first <= self.catalogue.as_of]
        if not inside:
            started = [s for s in spans if s.first <= self.catalogue.as_of]
            return started[-1] if started else spans[-1]
        return Span(inside[0].first, inside[0].last, inside[0].unit, tuple(inside[1:]))

    def _year_at(self, tokens: Sequence[Token], position: int) -> tuple[int | None, int]:
        """A year that follows, and where it ends: April 2026, April of 2026, April last year, April this year."""
        begin = position + (_text(tokens, position) in ("of", "in"))
        if year := _year(_text(tokens, begin)):
            return year, begin + 1
        begin += _text(tokens, begin) == "the"
        relative = {"last": -1, "previous": -1, "this": 0, "current": 0}
        if _text(tokens, begin) in relative and _text(tokens, begin + 1) == "year":
            return self.catalogue.as_of.year + relative[_text(tokens, begin)], begin + 2
        return None, position


def _shared_year(found: list[Dated]) -> list[Dated]:
    """A year said once holds for its neighbour: August and September 2026."""
    shared = list(found)
    for number, dated in enumerate(shared):
        for other in (number + 1, number - 1):
            neighbour = shared[other].span if 0 <= other < len(shared) else dated.span
            if dated.span.is_ambiguous and not neighbour.is_ambiguous and neighbour.unit not in ("year", "range"):
                shared[number] = Dated(dated.span.in_year(neighbour.first.year).settled(), dated.begin, dated.end)
                break
    return shared


def _edge(span: Span, which: str) -> Span:
    """The first or last day of a span, and of whatever else its words could mean."""
    days = [one.first if which == "first" else one.last for one in (span, *span.others)]
    spans = [Span(day, day, "day") for day in days]
    return replace(spans[0], others=tuple(spans[1:]))


def _text(tokens: Sequence[Token], position: int) -> str:
    return tokens[position].text if 0 <= position < len(tokens) else ""


def _ends_range(tokens: Sequence[Token], position: int) -> int:
    """How many of the following words only say that a range goes on: since April until now."""
    return 1 if _text(tokens, position) in ("onwards", "onward", "on") else 0


def _year(text: str) -> int | None:
    return int(text) if re.fullmatch(r"(?:19|20)\d\d", text) else None


def _day_number(text: str) -> int | None:
    match = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", text)
    if match and 1 <= int(match[1]) <= 31:
        return int(match[1])
    return ORDINALS.get(text)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _single(begin: int, end: int, day: date | None) -> Dated | None:
    return Dated(Span(day, day, "day"), begin, end) if day else None


def _month_of(start: date) -> Span:
    return Span(start, add_months(start, 1) - DAY, "month")


def _has_week_53(year: int) -> bool:
    return date(year, 12, 28).isocalendar().week == 53
