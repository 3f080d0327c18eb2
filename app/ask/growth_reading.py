"""What the grammar has found about metrics of periods, put together: growth accounting and rolling activity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

from app import words
from app.ask.catalogue import ADDITIVE, GRAINS, ROLLING
from app.ask.change_reading import ChangeReading
from app.ask.grammar import CHANGES, PEAKS
from app.ask.metric_query import AVERAGES, PICKS, Clarify, Grain, Longer, MetricQuery, Operation, Reading, SegmentFilter
from app.ask.metric_reading import MetricReading
from app.ask.phrasing import as_question, at, span_name
from app.ask.question import Stop
from app.ask.settling import DEFAULT_GRAIN, DEFAULT_METRIC
from app.ask.spans import DAY, Dated, Span

NOT_OF_LONGER = (
    "Of quarters and years there are figures and ranks, of everybody or some users; a single one can be asked for by "
    "its name, such as Q2 2026."
)
NOT_HOW_LONG = (
    "For how long users were active or away is not kept; cohorts show how many are there after so many periods."
)
HAVE = {"have", "has", "had", "been"}
# After these stands what something is compared with.
AGAINST = frozenset({"than", "compared", "relative", "against", "vs", "versus", "below", "above"})
# A range that is no whole number of months is looked at by day up to here, by week up to there, and then by month.
MOST_DAYS, MOST_DAYS_BY_WEEK = 14, 120


class GrowthReading(MetricReading, ChangeReading):
    """A question about periods."""

    def growth_query(self, filters: tuple[SegmentFilter, ...]) -> Reading:
        """The reading of a question about periods. Raises `Stop`."""
        found = self.found
        self.check_times()
        metrics, grain, of = self.asked_metrics()
        first_is = self.claimed_period()
        if found.of_the_year and not found.spans:
            year = (first_is or self.catalogue.as_of).year
            found.spans = [Dated(Span(date(year, 1, 1), date(year, 12, 31), "year"), 0, 0)]
        spans = self.asked_dates(metrics)
        metrics, less = self.difference(metrics)
        operation = self.operation(metrics[0], len(spans))
        by = self.split(operation)
        self.check_averages(operation, spans, grain or found.grain, metrics)
        if found.operations & CHANGES and (operation in AVERAGES or (operation == "compare" and by)):
            raise Stop(self.unclear("A change is looked at alone: not averaged, not side by side."))
        if self.is_side_by_side(operation, by) and len(metrics) > 1 and len(spans) < 2:
            operation = "value"  # new against churned users: both figures
        if operation == "compare" and len(metrics) > 1 and found.per_period:
            operation = "series"
        grain, within = self.averaged(operation, grain)
        if found.bounds.get("at_most") == 0 and metrics == [DEFAULT_METRIC] and not spans:
            grain = grain or found.grain or "day"  # when was nobody there
        grain = grain or found.grain or self.natural_grain(spans, operation, metrics)
        claim = self.claim(metrics[0])
        operation, spans, of_change = self.asked_change(operation, spans, grain, by, claim)
        relative = of_change and self.catalogue.metrics[metrics[0]].is_count and not of and self.is_in_percent
        if len(metrics) > 1 and operation in ("highest", "lowest", "explain", *PICKS):
            raise Stop(self.which_metric(metrics))
        operation = self.for_dates(operation, spans, grain, by, of_change=of_change)
        operation, within = self.of_longer(operation, within, grain, spans)
        if len(metrics) > 1 and operation == "change":
            if found.operations & CHANGES:
                raise Stop(self.which_metric(metrics))
            operation = "compare"  # active users and churn, last week against the week before
        if operation == "change" and len(spans) == 1:
            spans = self.ends_of_growth(spans[0], metrics, grain)
        only_complete = bool(found.bounds) or of_change
        if operation == "series" and metrics == [DEFAULT_METRIC] and self.counts_users and self.text_has("every"):
            self.first_of_all.append(f"Each {grain} by itself; who was there in every one is not kept.")
        if found.bounds and operation == "value" and not self.is_one_figure(spans, grain, by):
            operation = "series"
        self.note_edges(spans, grain, metrics, operation)
        if metrics == ["retention_rate"] and not (found.spans or any(token.text == "rate" for token in self.tokens)):
            self.notes.append(
                f"Of those active the {grain} before; of those who joined, ask for retention after 1 {grain}."
            )
        start, end = self.range(spans, grain, operation, by, metrics, only_complete=only_complete, of_change=of_change)
        sides = self.claimed_side(metrics[0]) if operation == "compare" and not by else None
        query = MetricQuery(
            operation=operation,
            metrics=tuple(metrics),
            grain=grain,
            start=start,
            end=end,
            **self.against(spans, start, end, grain, operation, of_change=of_change and by is not None),
            filters=filters,
            by=by,
            and_by=self.split_further(by),
            of=of,
            less=less,
            beside=found.beside,
            only=self.only(spans, grain),
            within=within,
            cumulative=self.is_cumulative(operation, metrics),
            **self.bounds_of(metrics[0], operation, claim, of_change=of_change, relative=relative),
            limit=(found.limit or self.ranks_all) if operation in ("highest", "lowest") else None,
            nth=found.nth if operation in ("highest", "lowest") else None,
            of_change=of_change,
            relative=relative,
            claim=claim if operation in ("change", "explain") else sides or self.claimed_first(operation, metrics),
            higher=self.higher(metrics[0], by) if operation == "compare" else found.claimed,
            first_is=first_is if operation in ("highest", "lowest") else None,
            asks=self.asks(operation, of_change=of_change) or self.asks_which_is_more(operation, metrics),
        )
        settled = self.without_sums(query)
        return self.catalogue.checked(settled) if isinstance(settled, MetricQuery) else settled

    def check_times(self) -> None:
        """Raises `Stop` for how long users did something, and for a peak without a date."""
        found = self.found
        if found.in_a_row and not (found.bounds or found.operations & CHANGES):
            raise Stop(self.no_answer(NOT_HOW_LONG))
        begin, end = found.metric_places.get("churned_users", (0, 0))
        is_state = self.text_has("not", "away", "gone") and {self.text(begin - 1), self.text(begin - 2)} & HAVE
        if end and is_state and any(self.text(dated.begin) == "since" for dated in found.spans):
            raise Stop(self.no_answer(NOT_HOW_LONG))  # who have not come back since June
        hurries = any(
            one.text == "how" and two.text in ("quickly", "soon", "fast") for one, two in pairwise(self.tokens)
        )
        if hurries and set(found.metrics) & {"churn_rate", "churned_users", "retained_users", "retention_rate"}:
            raise Stop(self.no_answer(NOT_HOW_LONG))
        if self.text_has("likely", "likelier", "likeliest") and not (found.by or self.several_values):
            raise Stop(self.unclear("Who is more likely than whom? Name a segment, or two of its values."))
        for one, two, three in zip(self.tokens, self.tokens[1:], self.tokens[2:], strict=False):
            is_side = one.text in {*AGAINST, "from", "off", "since", "to"} and two.text in (
                "its",
                "the",
                "our",
                "their",
            )
            if is_side and three.text in PEAKS and not (found.bounds or found.over_period):
                raise Stop(self.unclear(f"Compared with which {three.text}? Name its date."))

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

    def is_side_by_side(self, operation: Operation, by: str | None) -> bool:
        """Whether figures are put beside each other, of no segment and of no several periods."""
        compares = operation == "compare" or bool(self.found.operations & {"more", "less"})
        return compares and not by and not self.found.over_period

    def is_one_figure(self, spans: Sequence[Span], grain: Grain, by: str | None) -> bool:
        """Whether a bound is asked of one figure, the latest or that of one period."""
        is_now = self.text(0) in ("is", "are") and not (spans or self.found.over_period)
        return not by and (is_now or (bool(spans) and self.is_single(spans[0], grain)))

    def rank_own_segment(self) -> None:
        """Is Singapore the largest market: which country is."""
        found = self.found
        ranks = found.operations & {"highest", "lowest", "best", "worst"}
        for segment in found.named_segments:
            if ranks and not found.by and len(found.filters.get(segment, ())) == 1:
                [found.claimed] = found.filters.pop(segment)
                found.by.append(segment)

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

    def operation(self, metric: str, dates: int) -> Operation:
        """What is asked about the metric, the most telling word first."""
        found, ops = self.found, self.found.operations
        several = dates == 2 or self.several_values is not None
        if "define" in ops:
            return "define"
        if metric == "new_users" and found.bounds and self.text(0) == "when" and self.says_together:
            return "first"  # when did we pass a thousand users in total
        if picks := [name for name in PICKS if name in ops]:
            if not found.bounds and not ops & {"rose", "fell", "improved", "worsened"}:
                raise Stop(self.unclear("Since when, first or last what? Name a bound, such as above 30%."))
            return picks[0]
        ranks = ops & {"highest", "best", "lowest", "worst", "more", "less", "rank"}
        if "explain" in ops and not (ranks and found.by):  # which platform contributed most: a rank
            return "explain"
        if ("series" in ops or found.per_period) and "compare" in ops and (found.by or self.several_values):
            return "series"
        if found.by and ranks and found.per_period:
            return "series"  # the top country of each month: all of them
        if found.by and ranks & {"highest", "lowest", "best", "worst"} and ops & CHANGES:
            return self.rank(metric)  # which source grew most since June, compared with June
        for average in AVERAGES:
            if average in ops and not ops & {"highest", "lowest"}:
                return average
        if found.beside:
            return "series" if "series" in ops or found.per_period else "compare"
        if (ranks and several and not found.by and not found.over_period) or (ops & {"more", "less"} and several):
            return "compare"
        if "compare" in ops and (several or found.by or not ranks):
            return "change" if ops & {"previous", "year_ago"} else "compare"
        if ranks and ops & {"previous", "year_ago"} and "highest" not in ops and "lowest" not in ops:
            return "change"  # worse than a year ago
        if ranks and ops & {"highest", "best"} and ops & {"lowest", "worst"}:
            found.asks_extremes = not found.by
            return "compare" if found.by else "series"  # best and worst: all of them
        if ranks:
            return self.rank(metric)
        if found.per_period and ops & CHANGES:
            return "change"
        if "series" in ops or found.per_period:
            return "change" if ops & {"previous", "year_ago"} else "series"
        return "change" if ops & {*CHANGES, "previous", "year_ago"} else "value"

    def rank(self, metric: str) -> Operation:
        """Highest or lowest; the best churn rate is the lowest."""
        ops = self.found.operations
        if ops & {"highest", "more"}:
            return "highest"
        if ops & {"lowest", "less"}:
            return "lowest"
        if not ops & {"best", "worst"}:
            return "highest"
        down_is_good = self.catalogue.metrics[metric].direction == "down"
        return "highest" if ("best" in ops) != down_is_good else "lowest"

    @property
    def ranks_all(self) -> int | None:
        """How many are shown of what is put in order."""
        return 100 if "rank" in self.found.operations else None

    def check_averages(
        self, operation: Operation, spans: Sequence[Span], grain: Grain | None, metrics: Sequence[str]
    ) -> None:
        """Raises `Stop` for an average that is compared with, or one of a count over nothing."""
        label = self.catalogue.metrics[metrics[0]].label.lower()
        if operation in AVERAGES and "compare" in self.found.operations and len(spans) < 2:
            raise Stop(self.unclear("A figure and an average are asked for at once: ask for one after the other."))
        is_one_period = len(spans) == 1 and (grain or spans[0].grain) == spans[0].unit
        if operation in AVERAGES and is_one_period and self.catalogue.metrics[metrics[0]].is_count:
            options = tuple(f"{operation} {label} per {unit} {at(span_name(spans[0]))}" for unit in ("day", "week"))
            raise Stop(self.unclear(f"The {operation} of what: its days or its weeks?", options=options))

    @property
    def says_together(self) -> bool:
        """Whether a figure is meant with all that came before."""
        return not {"total", "altogether", "combined", "together"}.isdisjoint(token.text for token in self.tokens)

    def is_cumulative(self, operation: Operation, metrics: Sequence[str]) -> bool:
        """Whether the sum up to each period is asked for: by month, or when it reached a thousand."""
        says_so = "cumulative" in self.found.operations or (operation in PICKS and self.says_together)
        return says_so and list(metrics) == ["new_users"] and operation in ("series", *PICKS)

    def averaged(self, operation: Operation, grain: Grain | None) -> tuple[Grain | None, Longer | None]:
        """Average DAU by month, new users per day by week: of what there is an average, and within what."""
        said = sorted({*self.found.grains, *([grain] if grain else [])}, key=GRAINS.index)
        if operation not in AVERAGES or not self.found.per_period or len(said) < 2:
            return grain, None
        return said[0], "week" if said[1] == "week" else "month"

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

    def of_longer(
        self, operation: Operation, within: Longer | None, grain: Grain, spans: Sequence[Span]
    ) -> tuple[Operation, Longer | None]:
        """The operation, and the longer periods of which figures are asked. Raises `Stop` where there are none."""
        found = self.found
        is_plain = not (found.bounds or found.by or found.beside or found.operations & CHANGES)
        if found.within is None and grain == "day" and found.grain in ("week", "month") and is_plain:
            longer: Longer = "week" if found.grain == "week" else "month"
            found.within = longer if operation in ("series", "highest", "lowest") else None  # stickiness by month
        if found.within is None:
            return operation, within
        is_one = bool(spans) and self.catalogue.period_start(spans[0].last, found.within) <= spans[0].first
        if not is_plain or is_one or operation not in ("value", "series", "highest", "lowest"):
            raise Stop(self.unclear(NOT_OF_LONGER))
        return "series" if operation == "value" else operation, found.within

    def for_dates(
        self, operation: Operation, spans: Sequence[Span], grain: Grain, by: str | None, *, of_change: bool
    ) -> Operation:
        """The operation as far as the dates allow it. Raises `Stop` where they leave it open."""
        ranks = operation in ("highest", "lowest")
        units = {span.unit for span in spans}
        if len(spans) == 2 and len(units) == 2 and "range" not in units:
            raise Stop(self.unclear("The two dates are of different lengths: which days, weeks or months?"))
        if (
            len(spans) > 2
            and operation in ("value", "series", "compare")
            and all(self.is_single(span, grain) for span in spans)
        ):
            return "series"
        if len(spans) > 2:
            raise Stop(self.unclear("I can put two dates side by side, not more."))
        if of_change and by:
            return operation  # of the values, from one date to the other
        if len(spans) == 2 and (ranks or operation in ("value", "series", *AVERAGES)):
            return "compare"
        is_one_of = ("which", "one") in pairwise(token.text for token in self.tokens)
        is_of_period = bool(spans) and self.is_single(spans[0], grain)
        is_whole_period = bool(spans) and spans[0].unit == grain  # better than May: no rank within it
        is_unranked = is_one_of or is_of_period
        if ranks and not by and is_unranked and (is_whole_period or not self.found.over_period):
            message = "The highest or lowest of what: its days, its weeks, or a segment?"
            raise Stop(self.unclear(message, within=spans[0] if spans else None))
        is_single = bool(spans) and self.is_single(spans[0], grain)
        plain = not (self.found.bounds or self.found.per_period or "total" in self.found.operations)
        asks_each = self.found.grain is not None and bool(spans) and not is_single and plain
        if operation == "compare" and by and len(spans) == 1 and asks_each and not self.says_whether:
            return "series"  # weekly churn of ios and android in Q3
        if operation == "value" and asks_each and (not by or self.several_values):
            return "series"  # weekly churn in Q3
        if operation == "series" and plain and not by and is_single and "series" in self.found.operations:
            return "change"  # how did it develop last month
        if operation == "compare" and len(spans) < 2 and not by:
            if not spans and not self.found.filters:
                raise Stop(self.unclear("Compare what with what?"))
            return "change"
        return operation

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
            return start, end
        if operation == "series":
            return first, latest if only_complete else still_open
        if operation in (*AVERAGES, *PICKS) or (operation in ("highest", "lowest") and not by):
            return first, latest
        adds_up = set(metrics) <= ADDITIVE and self.found.operations.isdisjoint(CHANGES)
        if adds_up and by and operation in ("highest", "lowest", "compare"):
            return first, still_open
        return latest, latest

    def only(self, spans: Sequence[Span], grain: Grain) -> tuple[date, ...]:
        """Of more dates than two, each by itself: their periods."""
        return tuple(sorted({self.periods_of(span, grain)[0] for span in spans})) if len(spans) > 2 else ()

    def against(
        self, spans: Sequence[Span], start: date, end: date, grain: Grain, operation: Operation, *, of_change: bool
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
            if spans[0].length and self.found.metrics == [DEFAULT_METRIC]:
                first = self.catalogue.shifted(first, -1, grain)  # over the last 3 months: all three of their changes
            before = (first, first) if first < start else None
        return {"against_start": before[0], "against_end": before[1]} if before else {}

    def without_sums(self, query: MetricQuery) -> MetricQuery | Clarify:
        """Of users that do not add up over periods: each period, or a question back."""
        names = (*query.metrics, *([query.less] if query.less else []))
        counts = [self.catalogue.metrics[name] for name in names if name not in ADDITIVE]
        metric = next((metric for metric in counts if metric.is_count), None)
        if query.start == query.end or metric is None:
            return query
        reason = f"{metric.label} do not add up over {query.grain}s"
        if query.operation == "value":
            self.notes.append(f"{reason}: somebody there in two would be counted twice. Here is each {query.grain}.")
            return query.changed(operation="series")
        is_ranked_segment = query.operation in ("highest", "lowest") and query.by is not None
        is_of_longer = query.within is not None and query.operation not in AVERAGES
        if query.operation not in ("compare", "change", "explain") and not (is_ranked_segment or is_of_longer):
            return query
        if query.operation == "explain" or query.of_change or query.of:
            single = {"against_start": None, "against_end": None}
            options = [query.changed(start=start, end=start, **single) for start in (query.start, query.end)]
            return Clarify(
                message=f"{reason}. Ask for one {query.grain}, or for their average.",
                options=tuple(as_question(option, self.catalogue) for option in options),
            )
        self.notes.append(f"{reason}: somebody there in two would be counted twice. So they are averaged.")
        return query.changed(averaged=True)
