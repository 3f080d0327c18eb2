"""Which periods a question is about, and which they are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

from app import words
from app.ask.catalogue import ADDITIVE, GRAINS, ROLLING
from app.ask.grammar import CHANGES
from app.ask.metric_query import AVERAGES, PICKS, Grain, Operation
from app.ask.phrasing import span_name
from app.ask.question import Stop
from app.ask.settling import DEFAULT_GRAIN, DEFAULT_METRIC, Settling
from app.ask.spans import DAY, Span

# After these stands what something is compared with.
AGAINST = frozenset({"than", "compared", "relative", "against", "vs", "versus", "below", "above"})
# A range that is no whole number of months is looked at by day up to here, by week up to there, and then by month.
MOST_DAYS, MOST_DAYS_BY_WEEK = 14, 120


class PeriodReading(Settling):
    """Decides which periods are meant."""

    def asked_dates(self, metrics: list[str]) -> list[Span]:
        """The dates that are meant, each settled."""
        found = self.found
        texts = [token.text for token in self.tokens]
        says_all = "total" in found.operations or ("all", "new") in pairwise(texts)
        if says_all and metrics == ["new_users"] and not found.spans:
            found.spans = [self.everything]
        if "cumulative" in found.operations:  # at the end of 2025: a day or a month, it is the same
            found.spans = [replace(d, span=d.span.settled()) if self.ends_at_once(d.span) else d for d in found.spans]
        needs_before = bool(found.operations & {*CHANGES, "explain", "previous"})
        spans = [self.settled(dated, lambda span: self.is_known(span, metrics, needs_before)) for dated in found.spans]
        ends = {end for _, end in found.metric_places.values()}
        own_year = [scope for scope in self.dates.scopes if {scope.begin - 1, scope.begin} & ends]  # joined in 2026
        if len(metrics) > 1 and own_year:
            raise Stop(self.unclear("Two figures of two dates: which of them, and when?"))
        if "total" in found.operations and "compare" not in found.operations and set(metrics) <= ADDITIVE:
            spans = self.joined(spans)
        if self.text_has("same") and self.text_has("point", "stage"):
            spans = self.up_to_now(spans, metrics)
        if len(metrics) == 1:
            spans = self.against_now(spans)
        elif len(spans) == 2 and "compare" not in found.operations:
            raise Stop(self.unclear("Two figures of two dates: which of them, and when?"))
        if "cumulative" in found.operations and metrics != ["new_users"]:
            label = self.catalogue.metrics[metrics[0]].label
            raise Stop(self.unclear(f"{label} do not add up over time; new users do: everybody is new once."))
        is_until = all(span.unit in GRAINS for span in spans) and not found.per_period
        if "cumulative" in found.operations and is_until:
            spans = [Span(self.catalogue.first, max(s.last for s in spans or [self.everything.span]), "range")]
        return spans

    def joined(self, spans: list[Span]) -> list[Span]:
        """One range of dates that follow on one another: January and February together."""
        parts = sorted(spans, key=lambda span: span.first)
        follow_on = all(one.last + DAY == other.first for one, other in pairwise(parts))
        if len(parts) < 2 or not follow_on:
            return spans
        self.found.spans = self.found.spans[:1]
        return [Span(parts[0].first, parts[-1].last, "range")]

    def up_to_now(self, spans: list[Span], metrics: Sequence[str]) -> list[Span]:
        """This month so far, and last month up to the same day. Raises `Stop` for what does not add up over days."""
        now = next((span for span in spans if span.first <= self.catalogue.as_of <= span.last), None)
        if now is None or len(spans) != 2 or not set(metrics) <= ADDITIVE:
            raise Stop(
                self.unclear("Up to the same point only new users can be compared: of this month and of another.")
            )
        passed = self.catalogue.as_of - DAY - now.first
        return [Span(span.first, min(span.first + passed, span.last), "range") for span in spans]

    def ends_at_once(self, span: Span) -> bool:
        """Whether all that a span could mean ends on one day."""
        return {one.last for one in span.others} == {span.last}

    def claimed_period(self) -> date | None:
        """Was May 2026 our best month: the month that it asks about, of all months, or those of a year around it."""
        found = self.found
        unit = found.within or (found.grain if found.over_period else None)
        ranks = found.operations & {"highest", "lowest", "best", "worst"}
        if len(found.spans) != 1 or not (ranks and self.says_whether) or found.by or found.filters.keys() & {*found.by}:
            return None
        span = self.settled(found.spans[0], lambda one: True)
        if span.unit != unit:
            return None
        found.spans = list(self.dates.scopes)
        return span.first

    def against_now(self, spans: list[Span]) -> list[Span]:
        """Better than in May: the latest complete period against that one; than last month: the one that is open."""
        found = self.found
        is_plain = not (found.bounds or found.over_period or self.several_values or found.by or found.beside)
        if (
            len(spans) != 1
            or spans[0].unit not in GRAINS
            or not is_plain
            or found.operations & {"previous", "year_ago"}
        ):
            return spans
        if not self.is_compared_with(found.spans[0].begin):
            return spans
        grain = spans[0].grain
        latest = self.catalogue.latest_complete(grain)
        found.operations.add("compare")
        now = self.catalogue.open_period(grain) if spans[0].first == latest else latest
        return [*spans, self.period_span(now, grain)]

    def is_compared_with(self, begin: int) -> bool:
        """Whether what stands here is what something said before is compared with."""
        place = begin - 1
        while place > 0 and self.text(place) not in AGAINST and self.text(place) in self.lexicon.glue | {"with", "to"}:
            if self.text(place) in ("with", "to") and self.text(place - 1) in ("compare", "compares"):
                return True
            place -= 1
        return place > 0 and self.text(place) in AGAINST

    def natural_grain(self, spans: Sequence[Span], operation: Operation, metrics: Sequence[str]) -> Grain:
        """The grain that fits the dates asked for."""
        if not spans:
            return DEFAULT_GRAIN
        span = spans[0]
        if span.unit in ("day", "week"):
            return "week" if span.unit == "week" else "day"
        whole_weeks = span.first == self.catalogue.period_start(span.first, "week") and (
            (span.last - span.first).days % 7 == 6
        )
        if whole_weeks and not set(metrics) <= ADDITIVE:
            return "week"
        goes_on = span.last >= self.catalogue.as_of and span.first.day == 1
        if span.grain == "month" or goes_on or (span.ends and all(end.grain == "month" for end in span.ends)):
            return "month"
        days = (span.last - span.first).days + 1
        if days <= MOST_DAYS or (set(metrics) <= ADDITIVE and operation in ("value", "compare")):
            return "day"
        return "week" if days <= MOST_DAYS_BY_WEEK else "month"

    def range(
        self,
        spans: Sequence[Span],
        grain: Grain,
        operation: Operation,
        by: str | None,
        metrics: Sequence[str],
        *,
        only_complete: bool,
        of_change: bool,
    ) -> tuple[date, date]:
        """The first and the last period asked about; without a date the latest complete one, or all there are."""
        catalogue = self.catalogue
        first, latest, still_open = (
            catalogue.first_period(grain),
            catalogue.latest_complete(grain),
            catalogue.open_period(grain),
        )
        if len(spans) > 2:
            periods = self.only(spans, grain)
            return periods[0], periods[-1]
        if len(spans) == 2:
            return self.periods_of(max(spans, key=lambda span: span.first), grain)
        if spans:
            start, end = self.periods_of(spans[0], grain)
            is_move = operation in ("change", "explain") or (of_change and by)
            if is_move and spans[0].unit == "range" and "year_ago" not in self.found.operations:
                now = max(start, min(end, latest))  # since January: from then to the latest that is known
                return now, now
            return start, self.until_complete(start, end, latest)
        if operation == "series":
            return first, latest if only_complete else still_open
        ranks_periods = not by or (self.ranked_in_each and not self.ranked_within)
        if operation in (*AVERAGES, *PICKS) or (operation in ("highest", "lowest") and ranks_periods):
            return first, latest
        adds_up = set(metrics) <= ADDITIVE and self.found.operations.isdisjoint(CHANGES)
        if adds_up and by and operation in ("highest", "lowest", "compare"):
            return first, still_open
        return latest, latest

    def until_complete(self, start: date, end: date, latest: date) -> date:
        """The last period, without an open one at the end of several where only finished ones are wanted."""
        if self.found.only_complete and start > latest:
            raise Stop(self.unclear("Nothing of that has ended yet: ask for it without leaving out what is open."))
        return min(end, latest) if self.found.only_complete else end

    def only(self, spans: Sequence[Span], grain: Grain) -> tuple[date, ...]:
        """Of more dates than two, each by itself: their periods."""
        return tuple(sorted({self.periods_of(span, grain)[0] for span in spans})) if len(spans) > 2 else ()

    def against(
        self,
        spans: Sequence[Span],
        start: date,
        end: date,
        grain: Grain,
        operation: Operation,
        metrics: Sequence[str],
        *,
        of_change: bool,
    ) -> dict[str, Any]:
        """The periods that are compared with; left out, those right before, which the catalogue fills in."""
        if operation not in ("change", "explain", "compare") and not of_change:
            return {}
        before: tuple[date, date] | None = None
        if len(spans) == 2:
            before = self.periods_of(min(spans, key=lambda span: span.first), grain)
        elif "year_ago" in self.found.operations:
            back = {"month": -12, "week": -52, "day": -364}[grain]
            before = self.catalogue.shifted(start, back, grain), self.catalogue.shifted(end, back, grain)
            if before[0] < self.catalogue.first_period(grain) <= before[1]:
                began = words.day(self.catalogue.first)
                raise Stop(
                    self.unclear(f"The data begins on {began}: of the same time a year before it holds a part only.")
                )
        elif operation != "compare" and spans and spans[0].unit == "range":
            first, _ = self.periods_of(spans[0], grain)
            if spans[0].length and list(metrics) == [DEFAULT_METRIC]:
                first = self.catalogue.shifted(first, -1, grain)  # over the last 3 months: all three of their changes
            before = (first, first) if first < start else None
        return {"against_start": before[0], "against_end": before[1]} if before else {}

    def is_known(self, span: Span, metrics: Sequence[str], needs_before: bool) -> bool:
        """Whether the data knows figures of these days: rates and losses neither of what is open nor of the first."""
        catalogue, grain = self.catalogue, span.grain
        if span.last < catalogue.first or span.first > catalogue.as_of:
            return False
        if catalogue.kind(metrics[0]) == ROLLING and span.unit != "day":
            return False  # kept by day: at the end of August is its last day
        start, end = self.periods_of(span, grain)
        is_first = end <= catalogue.first_period(grain)
        is_open = start >= catalogue.open_period(grain)
        known_late = any(not catalogue.metrics[name].is_count or name == "churned_users" for name in metrics)
        return not (is_first and (needs_before or known_late)) and not (is_open and known_late)

    def note_edges(self, spans: Sequence[Span], grain: Grain, metrics: Sequence[str], operation: Operation) -> None:
        """Says so where a range is no whole number of periods."""
        for span in spans if grain != "day" and not set(metrics) <= ADDITIVE else ():
            start, end = self.periods_of(span, grain)
            last = self.period_span(end, grain).last
            is_cut = start > span.first or (last != span.last and span.last < self.catalogue.as_of - DAY)
            if is_cut and span.unit not in ("day", "week", "month"):
                is_figure = operation in ("value", "compare", "change") and self.found.grain is None
                said = self.first_of_all if is_figure else self.notes
                said.append(f"{span_name(span)} is no whole number of {grain}s: counted are those that begin in it.")
