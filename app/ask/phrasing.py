"""Metric queries and dates in words, such that the built-in reader reads them back."""

from __future__ import annotations

from datetime import date, timedelta

from app import words
from app.ask.catalogue import COHORTS, Catalogue
from app.ask.metric_query import Grain, Longer, MetricQuery, SegmentFilter
from app.ask.spans import Span


def span_name(span: Span) -> str:
    """Aug 2026, Q3 2026, 2025, 5 Jun 2026, 5 Jun 2026 to 9 Jul 2026."""
    if span.unit == "year":
        return str(span.first.year)
    if span.unit == "half":
        return f"H{1 if span.first.month == 1 else 2} {span.first.year}"
    if span.unit == "quarter":
        return f"Q{(span.first.month + 2) // 3} {span.first.year}"
    if span.unit in ("day", "week", "month"):
        return words.period(span.first, span.unit)
    return f"{words.day(span.first)} to {words.day(span.last)}"


def longer_name(start: date, longer: Longer) -> str:
    """A longer period by its start: Q3 2026, Aug 2026."""
    return span_name(Span(start, start, longer))


def range_name(start: date, end: date, grain: Grain) -> str:
    """Periods from the first to the last: Aug 2026, Q3 2026, 2025, Apr 2026 to Aug 2026."""
    if start == end:
        return words.period(start, grain)
    if grain == "month":
        after = date(end.year + end.month // 12, end.month % 12 + 1, 1)
        months = (after.year - start.year) * 12 + after.month - start.month
        for unit, length in (("quarter", 3), ("half", 6), ("year", 12)):
            if months == length and (start.month - 1) % length == 0:
                return span_name(Span(start, after - timedelta(days=1), unit))  # type: ignore[arg-type]
    return f"{words.period(start, grain)} to {words.period(end, grain)}"


def at(name: str) -> str:
    """A date's name as part of a sentence: in Q2 2026, on 5 Jun 2026, in the week of 1 Jun 2026, from A to B."""
    if " to " in name:
        return f"from {name}"
    if name.startswith("week"):
        return f"in the {name}"
    return f"on {name}" if name[0].isdigit() and " " in name else f"in {name}"


def chosen(filters: tuple[SegmentFilter, ...], catalogue: Catalogue) -> str:
    """Filters in words: ios or web, and SG; without tiktok, where that is shorter; nothing for everybody."""
    return " and ".join(_values(one, catalogue) for one in filters)


def _values(one: SegmentFilter, catalogue: Catalogue) -> str:
    others = [value for value in catalogue.segments[one.segment] if value not in one.values]
    if others and len(others) < len(one.values):
        return " and ".join(f"without {value}" for value in others)
    return " or ".join(one.values)


def as_question(query: MetricQuery, catalogue: Catalogue) -> str:
    """A question that asks for exactly this query."""
    labels = [metric.label.lower() for metric in catalogue.asked(query)]
    label = " and ".join(labels)
    name = range_name(query.start, query.end, query.grain)
    when = at(name)
    where = f" for {chosen(query.filters, catalogue)}" if query.filters else ""
    if catalogue.kind(query.metric) == COHORTS:
        age = f" after {words.count(query.age, query.grain)}" if query.age else ""
        return f"{label}{age} of the {name} cohort{where}"
    by = f" by {' and '.join(words.title(one).lower() for one in query.splits)}" if query.by else ""
    if query.operation in ("highest", "lowest"):
        if query.within_each:
            values = [words.title(one).lower() for one in query.splits]
            each, first = (query.grain, values[0]) if query.within_each == "period" else (*values, query.grain)[:2]
            return f"which {first} had the {query.operation} {label} in each {each} {when}{where}"
        what = words.title(query.by).lower() if query.by else query.grain
        return f"which {what} had the {query.operation} {label} {when}{where}"
    if query.operation == "define":
        return f"definition of {label}"
    if query.operation == "explain":
        return f"why did {label} change {when}{where}"
    if query.operation == "series":
        return f"{label}{by} by {query.grain} {when}{where}"
    if query.operation in ("average", "median"):
        return f"{query.operation} {label}{by} per {query.grain} {when}{where}"
    return f"{label}{by} {when}{where}"
