"""The built-in reader: a question in English becomes a metric query by grammar, with no key and no network.

Every word has to be accounted for: as a metric, a date, an age, a segment, an operation, or one of the words that carry
nothing. If one is left over, the reader asks instead of guessing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from app import words
from app.ask.catalogue import ADDITIVE, COHORTS, GROWTH, ROLLING, Catalogue
from app.ask.dates import Dated, Span
from app.ask.grammar import CHANGES, Grammar, Stop
from app.ask.lexicon import Lexicon, is_hostile
from app.ask.metric_query import (
    Clarify,
    Grain,
    InvalidQueryError,
    MetricQuery,
    Operation,
    Reading,
    Refused,
    SegmentFilter,
    Unanswerable,
)
from app.ask.phrasing import as_question

LONGEST_QUESTION = 500  # characters
REFUSAL = "This box answers questions about growth; it changes nothing, runs no statements and gives away no settings."
DEFAULT_METRIC = "active_users"
DEFAULT_GRAIN: Grain = "month"
# Rolling activity by the calendar period whose active users are meant if a period is named.
ROLLING_GRAINS: dict[str, Grain] = {"dau": "day", "wau": "week", "mau": "month"}
# A range that is no whole number of months is looked at by day up to here, by week up to there, and then by month.
MOST_DAYS, MOST_DAYS_BY_WEEK = 14, 120


@dataclass(frozen=True)
class Read:
    """A reading, and what was assumed on the way."""

    reading: Reading
    notes: tuple[str, ...] = ()


def read(
    question: str,
    catalogue: Catalogue,
    context: MetricQuery | None = None,
    page_filters: tuple[SegmentFilter, ...] = (),
) -> Read:
    """Reads a question.

    Parameters
    ----------
    context       the metric query of the question before, which this one may go on from
    page_filters  what the page around the question is filtered by; the question may name other values
    """
    if is_hostile(question):
        return Read(Refused(message=REFUSAL))
    if len(question) > LONGEST_QUESTION:
        message = f"A question of up to {LONGEST_QUESTION} characters can be read; this one is longer."
        return Read(Clarify(message=message))
    reader = _Reader(question, catalogue, _lexicon(catalogue))
    try:
        reading = reader.reading(context, page_filters)
    except Stop as stop:
        reading = stop.reading
    except InvalidQueryError as error:
        reading = Unanswerable(message=str(error))
    return Read(reading, tuple(reader.notes))


_lexicons: dict[int, tuple[Catalogue, Lexicon]] = {}


def _lexicon(catalogue: Catalogue) -> Lexicon:
    # The last one: a page holds its catalogue for as long as the version of the warehouse is shown.
    known = _lexicons.get(id(catalogue))
    if known is None or known[0] is not catalogue:
        _lexicons.clear()
        known = _lexicons[id(catalogue)] = (catalogue, Lexicon(catalogue))
    return known[1]


class _Reader(Grammar):
    """What the grammar has found, put together."""

    def reading(self, context: MetricQuery | None, page_filters: tuple[SegmentFilter, ...]) -> Reading:
        """The reading of the question. Raises `Stop`, `InvalidQueryError`."""
        if not self.tokens:
            raise Stop(self.help("There is no question yet."))
        self.read_words()
        if context:
            self.inherit(context)
        self.check_leftovers()
        found = self.found
        if found.ambiguous:
            others = [name for group in found.ambiguous for name in group]
            raise Stop(self.which_metric(others if found.metrics or found.is_cohort else found.ambiguous[0]))
        if not found.metrics and not found.is_cohort:
            self.settle_nouns()
        filters = self.filters(page_filters)
        return self.cohort_query(filters) if found.is_cohort else self.growth_query(filters)

    # the question before

    @property
    def goes_on(self) -> bool:
        """Whether the question begins as one that goes on from the question before."""
        return any(self.matches_begin(phrase) for phrase in self.lexicon.follow_ups)

    def matches_begin(self, phrase: tuple[str, ...]) -> bool:
        return tuple(token.text for token in self.tokens[: len(phrase)]) == phrase

    def inherit(self, before: MetricQuery) -> None:
        """Takes what is missing from the question before."""
        found = self.found
        is_whole = (found.has_noun and found.spans) or (found.is_cohort and (found.cohort_span or found.age))
        is_fragment = not found.metrics and not found.ambiguous and not is_whole
        says = found.metrics or found.spans or found.filters or found.by or found.grain or found.operations or found.age
        if self.leftovers() or not says or not (is_fragment or self.goes_on):
            return
        self.notes.append("Goes on from the question before.")
        if is_fragment:
            found.metrics = list(before.metrics)
            found.is_cohort = found.is_cohort or self.catalogue.kind(before.metric) == COHORTS
        if found.age is None and before.age is not None and found.is_cohort:
            found.age = (before.age, before.grain)
        for one in before.filters:
            found.filters.setdefault(one.segment, list(one.values))
        if found.spans:
            # August, after a question about 2026, is that of 2026.
            year = before.end.year
            spans = [d.span.in_year(year).settled() if d.span.is_ambiguous else d.span for d in found.spans]
            found.spans = [Dated(span, d.begin, d.end) for span, d in zip(spans, found.spans, strict=True)]
        else:
            self.inherit_dates(before)
        if found.is_cohort:
            found.cohort_span = found.spans[0]
        if is_fragment and not found.operations and not found.by and not found.per_period:
            if before.operation in ("highest", "lowest", "series", "average", "change", "explain"):
                found.operations.add(before.operation)
                found.over_period = found.over_period or (
                    before.by is None and before.operation in ("highest", "lowest")
                )
            if before.by and before.by not in found.filters:
                found.by.append(before.by)

    def inherit_dates(self, before: MetricQuery) -> None:
        found = self.found
        last = self.catalogue.shifted(before.end, 1, before.grain) - timedelta(days=1)
        unit: Literal["day", "week", "month", "range"] = before.grain if before.start == before.end else "range"
        found.spans = [Dated(Span(before.start, last, unit), 0, 0)]
        if found.grain is None:
            found.grain = before.grain
        elif found.grain != before.grain:
            found.per_period = True  # by week, of the month before

    # what the question leaves open

    def settle_nouns(self) -> None:
        """Users, without saying which: active ones of a period, else everybody ever seen."""
        found = self.found
        moves = found.operations & {*CHANGES, "explain", "previous", "year_ago"}
        if not found.has_noun and not moves:
            if found.spans or found.by or found.operations or found.filters:
                raise Stop(self.which_metric(("active_users", "new_users", "churn_rate", "retention_rate")))
            growth = [name for name, model in self.catalogue.models.items() if model == GROWTH]
            labels = ", ".join(self.catalogue.metrics[name].label.lower() for name in growth)
            raise Stop(self.help(f"Ask about {labels}."))
        asks_for_more = moves or found.per_period or found.operations - {"total", "split"}
        if found.has_noun and (self.is_everything if found.spans else not asks_for_more):
            found.metrics = ["new_users"]
            found.spans = [self.everything]
            self.notes.append("Users without a date: everybody seen since the data starts.")
            return
        found.metrics = [DEFAULT_METRIC]
        self.notes.append("Users without saying which are taken for active users.")

    @property
    def everything(self) -> Dated:
        """All of the data."""
        return Dated(Span(self.catalogue.first, self.catalogue.as_of, "range"), 0, 0)

    @property
    def is_everything(self) -> bool:
        whole = self.everything.span
        return any((dated.span.first, dated.span.last) == (whole.first, whole.last) for dated in self.found.spans)

    def filters(self, page_filters: tuple[SegmentFilter, ...]) -> tuple[SegmentFilter, ...]:
        """The filters of the question, and those of the page for the segments it does not name."""
        chosen = {name: tuple(values) for name, values in self.found.filters.items()}
        for one in page_filters:
            if one.segment not in chosen:
                chosen[one.segment] = one.values
                self.notes.append(f"With the page's filter {words.title(one.segment)}: {', '.join(one.values)}.")
        return tuple(
            SegmentFilter(segment=name, values=tuple(sorted(chosen[name])))
            for name in self.catalogue.segments
            if name in chosen
        )

    def split(self, operation: Operation) -> str | None:
        """The segment a figure is split by: the one that is named, or the one of which several values are."""
        by = list(dict.fromkeys(self.found.by))
        if len(by) > 1:
            raise Stop(self.unclear("I can split a figure by one segment at a time."))
        if by:
            return by[0]
        if operation == "share":
            return next(iter(self.found.filters), None)
        if operation in ("average", "explain"):
            return None
        return self.several_values

    @property
    def several_values(self) -> str | None:
        """The segment of which several values are put side by side."""
        several = (name for name, values in self.found.filters.items() if len(values) > 1)
        return next((name for name in several if name not in self.found.negated), None)

    def settled(self, span: Span) -> Span:
        """The one span that is meant. Raises `Stop` to ask which."""
        if span.is_ambiguous and "year_ago" in self.found.operations:
            return span.others[-1]  # the latest: only that one has a year before it
        if span.is_ambiguous:
            raise Stop(self.which_date(span))
        return span

    # growth and rolling activity

    def growth_query(self, filters: tuple[SegmentFilter, ...]) -> Reading:
        found = self.found
        metrics, grain = self.calendar_metrics(self.rates_for_shares(found.metrics))
        metrics = self.rolling_metrics(metrics)
        if len({self.catalogue.kind(name) for name in metrics}) > 1:
            raise Stop(self.which_metric(metrics))
        if "total" in found.operations and metrics == ["new_users"] and not found.spans:
            found.spans = [self.everything]
        spans = [self.settled(dated.span) for dated in found.spans]
        operation = self.operation(metrics[0])
        by = self.split(operation)
        if found.operations & CHANGES and (operation in ("average", "share") or (operation == "compare" and by)):
            raise Stop(
                self.unclear("Changes can be looked at one by one, not averaged, shared out or put side by side.")
            )
        if operation == "compare" and len(metrics) > 1 and len(spans) < 2 and not by:
            operation = "value"  # new against churned users: both figures
        grain = grain or found.grain or self.natural_grain(spans, operation, metrics)
        claim = self.claim(metrics[0])
        of_change = operation in ("highest", "lowest") and bool(found.operations & CHANGES)
        if of_change:
            operation = self.ranked_change(claim)
        elif operation == "change" and found.over_period and not found.per_period:
            raise Stop(self.unclear("Which of several periods rose or fell can be ranked, but not counted."))
        if operation in ("change", "explain") and len(spans) == 1 and spans[0].ends:
            spans = list(spans[0].ends)  # from August to September: between the two
        operation = self.for_dates(operation, spans, grain, by)
        threshold = found.above is not None or found.below is not None
        if threshold and operation == "value" and not (spans and self.is_single(spans[0], grain) and not by):
            operation = "series"
        start, end = self.range(spans, grain, operation, by, metrics, only_complete=threshold)
        query = MetricQuery(
            operation=operation,
            metrics=tuple(metrics),
            grain=grain,
            start=start,
            end=end,
            **self.against(spans, start, end, grain, operation),
            filters=filters,
            by=by,
            above=self.bound(metrics[0], found.above),
            below=self.bound(metrics[0], found.below),
            limit=found.limit if operation in ("highest", "lowest") else None,
            of_change=of_change,
            claim=claim if operation in ("change", "explain") else None,
        )
        settled = self.without_sums(query)
        return self.catalogue.checked(settled) if isinstance(settled, MetricQuery) else settled

    def rates_for_shares(self, metrics: list[str]) -> list[str]:
        """What percentage of users churned: the churn rate. Nor is a rate asked for together with its numerator."""
        found = self.found
        rates = {"churned_users": "churn_rate", "retained_users": "retention_rate"}
        is_share = "share" in found.operations and not found.by
        if len(metrics) == 1 and metrics[0] in rates and (is_share or found.operations & {"best", "worst"}):
            found.operations.discard("share")
            return [rates[metrics[0]]]
        return [name for name in metrics if rates.get(name) not in metrics]

    def calendar_metrics(self, metrics: list[str]) -> tuple[list[str], Grain | None]:
        """Rolling activity is kept by day and for everybody; of a week or month the active users of it are meant."""
        found = self.found
        rolling = [name for name in metrics if self.catalogue.kind(name) == ROLLING]
        if not rolling:
            return metrics, None
        grains = {ROLLING_GRAINS[name] for name in rolling if name in ROLLING_GRAINS}
        is_of_a_day = not found.spans and not found.operations and not found.over_period
        is_of_days = bool(found.spans) and all(dated.span.unit == "day" for dated in found.spans)
        is_kept = not (found.filters or found.by) and found.grain in (None, "day")
        if not grains or "define" in found.operations or (is_kept and (is_of_a_day or is_of_days or len(grains) > 1)):
            return metrics, "day"
        if len(metrics) > 1:
            raise Stop(self.which_metric(metrics))
        grain = grains.pop()
        if grain != "day":
            label = self.catalogue.metrics[rolling[0]].label
            self.notes.append(f"{label} of a calendar {grain}; the rolling figure is kept by day.")
        return [DEFAULT_METRIC], grain

    def rolling_metrics(self, metrics: list[str]) -> list[str]:
        """Active users of the last 7 or 28 days are a rolling figure that is kept, everybody counted once."""
        found = self.found
        if metrics != [DEFAULT_METRIC] or len(found.spans) != 1 or found.operations or found.filters or found.by:
            return metrics
        span, yesterday = found.spans[0].span, self.catalogue.as_of - timedelta(days=1)
        name = {7: "wau", 28: "mau"}.get((span.last - span.first).days + 1)
        if (
            name is None
            or span.unit != "range"
            or span.last != yesterday
            or found.grain
            or name not in self.catalogue.metrics
        ):
            return metrics
        found.spans = [Dated(Span(yesterday, yesterday, "day"), 0, 0)]
        return [name]

    def operation(self, metric: str) -> Operation:
        """What is asked about the metric, the most telling word first."""
        found, ops = self.found, self.found.operations
        several = len(found.spans) == 2 or self.several_values is not None
        if "define" in ops:
            return "define"
        ranks = ops & {"highest", "best", "lowest", "worst", "more", "less"}
        if "explain" in ops and not (ranks and found.by):  # which platform contributed most: a rank
            return "explain"
        if "average" in ops and not ops & {"highest", "lowest"}:
            return "average"
        if "share" in ops and self.catalogue.metrics[metric].is_count and (found.filters or found.by):
            return "share"
        if (ranks and several and not found.by and not found.over_period) or (ops & {"more", "less"} and several):
            return "compare"
        if "compare" in ops and (several or found.by or not ranks):
            return "change" if ops & {"previous", "year_ago"} else "compare"
        if ranks:
            return self.rank(metric)
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
        down_is_good = self.catalogue.metrics[metric].direction == "down"
        return "highest" if ("best" in ops) != down_is_good else "lowest"

    def ranked_change(self, claim: str | None) -> Operation:
        """The biggest drop is the lowest change; the smallest drop is asked back."""
        if claim is None or "lowest" in self.found.operations:
            raise Stop(self.unclear("The biggest rise or the biggest drop can be looked for: which one?"))
        return "highest" if claim == "rose" else "lowest"

    def claim(self, metric: str) -> Literal["rose", "fell"] | None:
        """What the question takes for granted about a change, or asks to confirm."""
        ops = set(self.found.operations)
        up_is_good = self.catalogue.metrics[metric].direction != "down"
        if ops & {"improved", "worsened"}:
            ops.add("rose" if ("improved" in ops) == up_is_good else "fell")
        if ("rose" in ops) == ("fell" in ops):
            return None
        return "rose" if "rose" in ops else "fell"

    def for_dates(self, operation: Operation, spans: Sequence[Span], grain: Grain, by: str | None) -> Operation:
        """The operation as far as the dates allow it. Raises `Stop` where they leave it open."""
        ranks = operation in ("highest", "lowest")
        if len(spans) > 2:
            raise Stop(self.unclear("I can put two dates side by side, not more."))
        if len(spans) == 2 and (ranks or operation in ("value", "series", "average", "share")):
            return "compare"
        if ranks and not by and spans and self.is_single(spans[0], grain) and not self.found.over_period:
            message = "The highest or lowest of what: its days, its weeks, or a segment?"
            raise Stop(self.unclear(message, within=spans[0]))
        if operation == "compare" and len(spans) < 2 and not by:
            if not spans and not self.found.filters:
                raise Stop(self.unclear("Compare what with what?"))
            return "change"
        return operation

    def bound(self, metric: str, value: float | None) -> float | None:
        """A threshold in the metric's own unit: churn above 30 is above 0.3."""
        is_percent = value is not None and value > 1 and self.catalogue.metrics[metric].unit == "share"
        return value / 100 if value is not None and is_percent else value

    def natural_grain(self, spans: Sequence[Span], operation: Operation, metrics: Sequence[str]) -> Grain:
        """The grain that fits the dates asked for."""
        if not spans:
            return DEFAULT_GRAIN
        span = spans[0]
        if span.unit in ("day", "week"):
            return "week" if span.unit == "week" else "day"
        goes_on = span.last >= self.catalogue.as_of and span.first.day == 1
        if span.grain == "month" or goes_on or (span.ends and all(end.grain == "month" for end in span.ends)):
            return "month"
        days = (span.last - span.first).days + 1
        if days <= MOST_DAYS or (set(metrics) <= ADDITIVE and operation in ("value", "compare")):
            return "day"
        return "week" if days <= MOST_DAYS_BY_WEEK else "month"

    def is_single(self, span: Span, grain: Grain) -> bool:
        """Whether a span lies in one period."""
        return self.catalogue.period_start(span.first, grain) == self.catalogue.period_start(span.last, grain)

    def periods_of(self, span: Span, grain: Grain) -> tuple[date, date]:
        """The periods that begin in a span, the first and the last; if none does, the one it lies in."""
        first = self.catalogue.period_start(span.first, grain)
        if first < span.first and not self.is_single(span, grain):
            first = self.catalogue.shifted(first, 1, grain)
        return first, self.catalogue.period_start(span.last, grain)

    def range(
        self,
        spans: Sequence[Span],
        grain: Grain,
        operation: Operation,
        by: str | None,
        metrics: Sequence[str],
        *,
        only_complete: bool,
    ) -> tuple[date, date]:
        """The first and the last period asked about; without a date the latest complete one, or all there are."""
        catalogue = self.catalogue
        first, latest, still_open = (
            catalogue.first_period(grain),
            catalogue.latest_complete(grain),
            catalogue.open_period(grain),
        )
        if len(spans) == 2:
            return self.periods_of(max(spans, key=lambda span: span.first), grain)
        if spans:
            start, end = self.periods_of(spans[0], grain)
            # since January: from then to now
            return (end, end) if operation in ("change", "explain") and spans[0].unit == "range" else (start, end)
        if operation == "series":
            return first, latest if only_complete else still_open
        if operation == "average" or (operation in ("highest", "lowest") and not by):
            return first, latest
        adds_up = set(metrics) <= ADDITIVE and self.found.operations.isdisjoint(CHANGES)
        if adds_up and by and operation in ("highest", "lowest", "compare", "share"):
            return first, still_open
        return latest, latest

    def against(
        self, spans: Sequence[Span], start: date, end: date, grain: Grain, operation: Operation
    ) -> dict[str, Any]:
        """The periods that are compared with; left out, those right before, which the catalogue fills in."""
        if operation not in ("change", "explain", "compare"):
            return {}
        before: tuple[date, date] | None = None
        if len(spans) == 2:
            before = self.periods_of(min(spans, key=lambda span: span.first), grain)
        elif "year_ago" in self.found.operations:
            back = {"month": -12, "week": -52, "day": -364}[grain]
            before = self.catalogue.shifted(start, back, grain), self.catalogue.shifted(end, back, grain)
        elif operation != "compare" and spans and spans[0].unit == "range":
            first, _ = self.periods_of(spans[0], grain)
            before = (first, first) if first < start else None
        return {"against_start": before[0], "against_end": before[1]} if before else {}

    def without_sums(self, query: MetricQuery) -> MetricQuery | Clarify:
        """Of users that do not add up over periods: each period, or a question back."""
        counts = [self.catalogue.metrics[name] for name in query.metrics if name not in ADDITIVE]
        metric = next((metric for metric in counts if metric.is_count), None)
        if query.start == query.end or metric is None:
            return query
        reason = f"{metric.label} do not add up over {query.grain}s"
        if query.operation == "value":
            self.notes.append(f"{reason}: somebody there in two would be counted twice. Here is each {query.grain}.")
            return query.changed(operation="series")
        is_ranked_segment = query.operation in ("highest", "lowest") and query.by is not None
        if query.operation not in ("share", "compare", "change", "explain") and not is_ranked_segment:
            return query
        single = {"against_start": None, "against_end": None}
        options = [query.changed(start=start, end=start, **single) for start in (query.start, query.end)]
        return Clarify(
            message=f"{reason}. Ask for one {query.grain}, or for their average.",
            options=tuple(as_question(option, self.catalogue) for option in options),
        )

    # cohorts

    def cohort_query(self, filters: tuple[SegmentFilter, ...]) -> Reading:
        found, catalogue, ops = self.found, self.catalogue, self.found.operations
        if "explain" in ops:
            message = "Why one cohort stays longer than another is not in the data; cohorts can be compared."
            raise Stop(self.unclear(message))
        if {"churned_users", "churn_rate", "quick_ratio", "stickiness"} & set(found.metrics):
            message = "Of a cohort the data knows who is there after so many periods, not a churn of its own."
            raise Stop(self.unclear(message))
        if ops & {*CHANGES, "previous", "year_ago"} - {"change"}:
            raise Stop(self.unclear("Cohorts can be compared with each other at an age: which ones?"))
        metric = self.cohort_metric()
        dated = [d for d in (found.cohort_span, *found.spans) if d]
        spans = list(dict.fromkeys(self.settled(d.span) for d in dated))
        grain = found.age[1] if found.age else found.grain or (spans[0].grain if spans else DEFAULT_GRAIN)
        age = 0 if metric == "cohort_size" else found.age[0] if found.age else None
        operation = self.cohort_operation(spans, grain, age)
        by = self.split(operation)
        ranges = [self.periods_of(span, grain) for span in sorted(spans, key=lambda span: span.first)]
        if not ranges:
            ranges = [(catalogue.first_period(grain), catalogue.open_period(grain))]
        start, end = ranges[-1]
        query = MetricQuery(
            operation=operation,
            metrics=(metric,),
            grain=grain,
            start=start,
            end=end,
            against_start=ranges[0][0] if len(ranges) == 2 else None,
            against_end=ranges[0][1] if len(ranges) == 2 else None,
            age=age,
            filters=filters,
            by=by,
            above=self.bound(metric, found.above),
            below=self.bound(metric, found.below),
            limit=found.limit if operation in ("highest", "lowest") else None,
        )
        return catalogue.checked(query)

    def cohort_operation(self, spans: Sequence[Span], grain: Grain, age: int | None) -> Operation:
        """What is asked about cohorts: one age of one or all, every age, the ranks of all, two side by side."""
        found, ops = self.found, self.found.operations
        operation: Operation = "value"
        if len(spans) > 2:
            raise Stop(self.unclear("I can put two cohorts side by side, not more."))
        if len(spans) == 2:
            operation = "compare"
        elif ops & {"highest", "best", "more"}:
            operation = "highest"
        elif ops & {"lowest", "worst", "less"}:
            operation = "lowest"
        elif self.several_values or ("compare" in ops and found.by):
            operation = "compare"
        elif age is None or found.per_period or "series" in ops or not (found.above is None and found.below is None):
            operation = "series"
        if age is None and operation != "series":
            examples_of = "which cohort had the highest retention after"
            options = (f"{examples_of} 1 {grain}", f"{examples_of} 3 {grain}s")
            raise Stop(self.unclear("Retention after how long? Name an age.", options=options))
        is_one_cohort = bool(spans) and self.is_single(spans[0], grain)
        return "value" if operation == "series" and age is not None and is_one_cohort else operation

    def cohort_metric(self) -> str:
        """Users or a rate, at an age or later, or the size."""
        found = self.found
        texts = {token.text for token in self.tokens}
        if "cohort_size" in found.metrics or texts & {"size", "big", "large"}:
            return "cohort_size"
        if {"many", "cohorts"} <= texts and not found.age and not found.metrics:
            raise Stop(
                self.unclear("Cohorts themselves are not counted; ask for the users of one, or of all, at an age.")
            )
        asks_for_count = "many" in texts and "share" not in found.operations
        if asks_for_count and not found.still and not found.age and not found.metrics:
            return "cohort_size"
        rates = {"retention_rate", "cohort_retention_rate", "cohort_retention_rate_or_later"}
        counts = {"cohort_retained_users", "retained_users", "cohort_retained_or_later_users"} & set(found.metrics)
        is_rate = rates & set(found.metrics) or {"share", "series", "compare"} & found.operations
        or_later = found.or_later or any(name.endswith("or_later") for name in found.metrics)
        if asks_for_count or (counts and not is_rate):
            return "cohort_retained_or_later_users" if or_later else "cohort_retained_users"
        return "cohort_retention_rate_or_later" if or_later else "cohort_retention_rate"
