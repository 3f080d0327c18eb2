"""Dates in words, relative to the as-of date of the data and never to the clock.

The last month is the latest one that has ended; yesterday is the last day the data holds whole. A month, quarter or day
without a year is every such one in the data: which is meant may have to be asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from app.ask.catalogue import add_months
from app.ask.date_forms import DateForms
from app.ask.phrasing import span_name
from app.ask.spans import CONNECTORS, DAY, LAST, NOW, UNITS, Dated, Span, ends_range, month_from, text_at
from app.ask.tokens import Token

# What may stand between a date and the same one in other words.
SAID_AGAIN = {"namely", "that", "is", "so", "or", "the"}
COMING = ("come", "comes", "came", "coming")
MOST_ENDING = 5000  # days or weeks that end on a day


class DateReader(DateForms):
    """Finds dates in tokens. Positions that read the same words twice are given to the longest reading."""

    def find(self, tokens: Sequence[Token]) -> list[Dated]:
        """All dates, in order, none overlapping another."""
        self.remarks.clear()
        self.assumed.clear()
        found: list[Dated] = []
        position = 0
        while position < len(tokens):
            dated = self._before_that(tokens, position, found) or self.range_at(tokens, position)
            if dated is None:
                position += 1
            else:
                found.append(dated)
                position = dated.end
        found = _said_twice(tokens, found)
        narrowed = self._one_range(_within_scope(self._a_year_apart(tokens, found)))
        kept = {dated.begin for dated in narrowed}
        self.scopes = [dated for dated in found if dated.begin not in kept]
        return _shared_year(_months_of_a_year(self._shared_week(tokens, narrowed)), self.assumed)

    def _shared_week(self, tokens: Sequence[Token], found: list[Dated]) -> list[Dated]:
        """The week of one day and another day: of two weeks."""
        if len(found) != 2 or [dated.span.unit for dated in found] != ["week", "day"]:
            return found
        between = [token.text for token in tokens[found[0].end : found[1].begin]]
        if set(between) - {"vs", "versus", "and", "to", "with", "compared", "against", "than", "the", "of", "that"}:
            return found
        spans = [self._week_of(one.first) for one in (found[1].span, *found[1].span.others)]
        return [found[0], replace(found[1], span=replace(spans[0], others=tuple(spans[1:])))]

    def _a_year_apart(self, tokens: Sequence[Token], found: list[Dated]) -> list[Dated]:
        """This September and last September are two."""
        this = [dated.span for dated in found if text_at(tokens, dated.begin) in NOW]
        return [
            replace(dated, span=self.shifted(dated.span, -1, "year"))
            if text_at(tokens, dated.begin) in LAST and dated.span in this
            else dated
            for dated in found
        ]

    def _one_range(self, found: list[Dated]) -> list[Dated]:
        """Since one date and until another, said apart, are one range."""
        if len(found) != 2 or any(d.span.unit != "range" or d.span.is_ambiguous for d in found):
            return found
        since = next((d for d in found if d.span.last >= self.catalogue.as_of), None)
        until = next((d for d in found if d.span.first <= self.catalogue.first), None)
        if since is None or until is None or since is until or since.span.first > until.span.last:
            return found
        return [replace(found[0], span=Span(since.span.first, until.span.last, "range"))]

    def range_at(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        """A span with what stands before it: since April, between March and May, before June."""
        word = text_at(tokens, begin)
        if word in ("from", "between", "since", "after", "before", "until", "till", "through", "up", "starting"):
            if word == "up" and text_at(tokens, begin + 1) != "to":
                return None
            came_from = word == "from" and text_at(tokens, begin - 1) in COMING
            if word == "from" and text_at(tokens, begin + 1) == "in":
                return None  # which channel did they come from in May
            start = begin + 1 + (word == "up")
            start += 2 * (text_at(tokens, start) == "and" and text_at(tokens, start + 1) == "including")
            start += text_at(tokens, start) in ("from", "the", "in")
            start += text_at(tokens, start) == "the"
            first = self.span_at(tokens, start)
            if first is None:
                return self.span_at(tokens, begin)  # until now
            if first.span.ends and word in ("from", "between", "starting"):
                return Dated(first.span, begin, first.end)  # from 1 to 15 May
            joined = self._joined(tokens, first, ("and", *CONNECTORS) if word == "between" else CONNECTORS)
            if joined and word in ("from", "between", "starting"):
                return Dated(joined.span, begin, joined.end)
            if word == "starting" and text_at(tokens, begin - 1) in ("cohort", "cohorts"):
                return Dated(first.span, begin, first.end)  # the cohorts starting 27 April
            units = {one.unit for one in (first.span, *first.span.others)}
            if word == "through" and units <= {"quarter", "half", "year"} and not _sums_up(tokens):
                return Dated(first.span, begin, first.end)  # month by month through the first half
            if came_from:
                return None  # where did they come from last month
            relation = {"from": "since", "starting": "since", "till": "until", "through": "until", "up": "until"}
            related = self._related(relation.get(word, word), first.span)
            goes_on = ends_range(tokens, first.end)
            if text_at(tokens, first.end) in ("cohort", "cohorts"):
                return replace(first, begin=begin) if word == "from" else first  # from the June cohort
            if word == "from" and not goes_on and related and first.span.unit != "range":
                # "users from May" may be those of May alone, or all since then
                return Dated(replace(first.span, others=(*first.span.others, related)), begin, first.end)
            return Dated(related, begin, first.end + goes_on) if related else None
        if ending := self._ending(tokens, begin):
            return ending
        leads_until = text_at(tokens, begin - 1) not in ("going", "judging", "measured", "judged")
        if word == "by" and leads_until and text_at(tokens, begin + 1) not in UNITS:
            first = self.span_at(tokens, begin + 1 + (text_at(tokens, begin + 1) == "the"))  # by the end of June
            until = first and self._related("until", first.span)
            return Dated(until, begin, first.end) if first and until else None
        first = self.span_at(tokens, begin)
        if first is None:
            return None
        return self._joined(tokens, first, CONNECTORS) or self._whole_edge(tokens, first)

    def _before_that(self, tokens: Sequence[Token], begin: int, found: Sequence[Dated]) -> Dated | None:
        """The 4 before that, the previous 3 months: as many units before those that were said last."""
        length = found[-1].span.length if found else None
        if length is None:
            return None
        is_led = text_at(tokens, begin) in ("previous", "prior", "preceding")
        position = begin + is_led
        if tokens[position : position + 1] and tokens[position].whole == length:
            position += 1
        elif length > 1:
            return None
        position += text_at(tokens, position) in UNITS
        if not is_led and text_at(tokens, position) not in ("before", "prior", "preceding", "earlier"):
            return None
        position += not is_led
        position += text_at(tokens, position) in ("that", "them", "those", "it")
        span = found[-1].span
        months = self.catalogue.periods_between(span.first, span.last, "month")
        first = (
            add_months(span.first, -months) if span.grain == "month" else span.first - (span.last + DAY - span.first)
        )
        return Dated(replace(span, first=first, last=span.first - DAY), begin, position) if position > begin else None

    def _ending(self, tokens: Sequence[Token], begin: int) -> Dated | None:
        """The 7 days up to 30 June, the two weeks before 8 June."""
        number, unit = tokens[begin].whole, UNITS.get(text_at(tokens, begin + 1))
        begin_of_rest = begin + 2 + (text_at(tokens, begin + 2) in ("window", "period"))
        words = tuple(text_at(tokens, begin_of_rest + n) for n in (0, 1))
        length = (
            1 if words[0] in ("before", "until", "ending") else 2 if words in (("up", "to"), ("leading", "to")) else 0
        )
        length += length > 0 and text_at(tokens, begin_of_rest + length) in ("on", "the")
        if not number or number > MOST_ENDING or unit not in ("day", "week") or not length:
            return None
        last = self.span_at(tokens, begin_of_rest + length)
        if last is None or any(one.unit != "day" for one in (last.span, *last.span.others)):
            return None
        back = timedelta(days=number * (7 if unit == "week" else 1))
        until = -DAY if words[0] == "before" else timedelta(0)
        spans = [
            Span(one.first + until - back + DAY, one.first + until, "range") for one in (last.span, *last.span.others)
        ]
        return Dated(replace(spans[0], others=tuple(spans[1:])), begin, last.end)

    def _whole_edge(self, tokens: Sequence[Token], dated: Dated) -> Dated:
        """At the end of Q1, with no range: its last day, or its last month."""
        if text_at(tokens, dated.begin) not in ("beginning", "start", "end"):
            return dated
        days = (dated.span, *dated.span.others)
        months = tuple(month_from(one.first.replace(day=1)) for one in days)
        return replace(dated, span=replace(days[0].settled(), others=(*days[1:], *months)))

    def _joined(self, tokens: Sequence[Token], first: Dated, connectors: Sequence[str]) -> Dated | None:
        if text_at(tokens, first.end) not in connectors:
            return None
        if text_at(tokens, first.end + 1) in ("now", "date", "today"):
            last = Dated(Span(self.catalogue.as_of, self.catalogue.as_of, "day"), first.end + 1, first.end + 2)
        else:
            begin = first.end + 1 + (text_at(tokens, first.end + 1) == "the")
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


def _sums_up(tokens: Sequence[Token]) -> bool:
    """Whether a figure is wanted with all that came before."""
    return not {"total", "altogether", "cumulative", "cumulatively"}.isdisjoint(token.text for token in tokens)


def _said_twice(tokens: Sequence[Token], found: list[Dated]) -> list[Dated]:
    """A date and the same one in other words right behind it is one: the summer, June to August 2026."""
    said: list[Dated] = []
    for dated in found:
        before = said[-1] if said else None
        between = {token.text for token in tokens[before.end : dated.begin]} if before else {"and"}
        of_both = _shared_readings(before, dated) if before else []
        if before and of_both and between <= SAID_AGAIN:
            said[-1] = Dated(replace(of_both[0], others=tuple(of_both[1:])), before.begin, dated.end)
        else:
            said.append(dated)
    return said


def _shared_readings(one: Dated, other: Dated) -> list[Span]:
    """What both dates can mean, by the name that is a unit of the calendar."""
    named, ranged = sorted((one, other), key=lambda dated: dated.span.unit == "range")
    days = {(span.first, span.last) for span in (ranged.span, *ranged.span.others)}
    return [span.settled() for span in (named.span, *named.span.others) if (span.first, span.last) in days]


def _within_scope(found: list[Dated]) -> list[Dated]:
    """A year around other dates only says which ones are meant: Q3 vs Q2 this year, in 2026 from May to July."""
    years = [d.span for d in found if d.span.unit == "year"]
    narrower = [d for d in found if d.span.unit != "year"]
    if len(years) != 1 or not narrower:
        return found
    scoped: list[Dated] = []
    for dated in narrower:
        inside = [
            one for one in (dated.span, *dated.span.others) if years[0].first <= one.first and one.last <= years[0].last
        ]
        if not inside:
            return found
        scoped.append(replace(dated, span=replace(inside[0], others=tuple(inside[1:]))))
    return scoped


def _months_of_a_year(found: list[Dated]) -> list[Dated]:
    """Jan 26, Apr 26, Sep 26: months of one year, and no three 26ths."""
    months = [[one for one in (d.span, *d.span.others) if one.unit == "month"] for d in found]
    if len(found) < 2 or not all(d.span.unit == "day" and month for d, month in zip(found, months, strict=True)):
        return found
    return [replace(d, span=month[0].settled()) for d, month in zip(found, months, strict=True)]


def _shared_year(found: list[Dated], assumed: list[str]) -> list[Dated]:
    """A year said once holds for its neighbour: August and September 2026. One that nobody said is assumed."""
    shared = list(found)
    # of a month alone there is only one in the data
    said = {n for n, dated in enumerate(found) if not dated.span.is_ambiguous and dated.end - dated.begin > 1}
    for number in (*range(len(shared)), *reversed(range(len(shared)))):  # July, August and September 2026
        dated = shared[number]
        for other in (number + 1, number - 1):
            neighbour = shared[other].span if 0 <= other < len(shared) else dated.span
            is_in_one = neighbour.first.year == neighbour.last.year and neighbour.unit != "year"
            if dated.span.is_ambiguous and not neighbour.is_ambiguous and is_in_one:
                span = dated.span.in_year(neighbour.first.year).settled()
                shared[number] = Dated(span, dated.begin, dated.end)
                if number + 1 in said or number - 1 in said:
                    said.add(number)
                elif span != neighbour:
                    is_until = dated.span.begins_at_once
                    name = f"Up to {span_name(Span(span.last, span.last, 'day'))}" if is_until else span_name(span)
                    assumed.append(f"{name} is taken, beside {span_name(neighbour)}.")
                break
    return shared
