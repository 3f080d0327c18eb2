"""What the grammar has found about cohorts, put together."""

from __future__ import annotations

from collections.abc import Sequence

from app.ask.catalogue import GRAINS
from app.ask.grammar import CHANGES
from app.ask.metric_query import AVERAGES, Grain, MetricQuery, Operation, Reading, SegmentFilter
from app.ask.question import Stop
from app.ask.settling import DEFAULT_GRAIN, Settling
from app.ask.spans import Span


class CohortReading(Settling):
    """A question about those who joined at one time."""

    def cohort_query(self, filters: tuple[SegmentFilter, ...]) -> Reading:
        found, catalogue, ops = self.found, self.catalogue, self.found.operations
        if "explain" in ops:
            message = "Why one cohort stays longer than another is not in the data; cohorts can be compared."
            raise Stop(self.unclear(message))
        if {"quick_ratio", "stickiness"} & set(found.metrics):
            message = "Of a cohort the data knows who is there after so many periods, and who is not."
            raise Stop(self.unclear(message))
        found.gone |= bool({"churned_users", "churn_rate"} & set(found.metrics))
        cohort = found.cohort_span.span if found.cohort_span else None
        is_one = cohort is not None and cohort.unit in GRAINS
        if found.per_cohort and is_one and not (found.age or found.asks_ages):
            raise Stop(self.unclear("Of each cohort it is known who is there after so many periods: after how many?"))
        if found.asks_ages:
            ops -= CHANGES  # how it fades from age to age: that is the curve
        if ops & {"previous", "year_ago"} or (ops & CHANGES and not found.age):
            raise Stop(self.unclear("Cohorts can be compared with each other at an age: which ones?"))
        if ops & CHANGES and ops & {"highest", "lowest", "best", "worst"}:
            raise Stop(self.unclear("Cohorts are put in order by who is there at an age: the highest or the lowest?"))
        if ops & CHANGES:
            ops.add("series")
            self.first_of_all.append("From cohort to cohort, at the same age:")
        self.check_whole()
        metric = self.cohort_metric()
        dated = [d for d in (found.cohort_span, *found.spans) if d]
        spans = list(dict.fromkeys(self.settled(d, self.is_observable) for d in dated))
        grain = found.age[1] if found.age else found.grain or (spans[0].grain if spans else DEFAULT_GRAIN)
        age = 0 if metric == "cohort_size" else found.age[0] if found.age and not found.asks_ages else None
        operation = self.cohort_operation(spans, grain, age)
        by = self.split(operation)
        ranges = [self.periods_of(span, grain) for span in sorted(spans, key=lambda span: span.first)]
        if not ranges:
            ranges = [(catalogue.first_period(grain), catalogue.open_period(grain))]
        start, end = ranges[-1]
        latest = catalogue.latest_complete(grain)
        to_age = found.age[0] if found.age and found.asks_ages and age is None and not found.ages else None
        if found.only_complete and age is None and start == end and not found.ages:
            oldest = catalogue.periods_between(start, latest, grain) - 1
            to_age = min(oldest, oldest if to_age is None else to_age)
        if found.only_complete and operation == "series" and age is not None and start < end:
            end = max(start, min(end, catalogue.shifted(latest, -age, grain)))
        claim = self.claimed_side(metric) if operation == "compare" else None
        higher = self.higher(metric, by) if operation == "compare" else None
        query = MetricQuery(
            operation=operation,
            metrics=(metric,),
            grain=grain,
            start=start,
            end=end,
            against_start=ranges[0][0] if len(ranges) == 2 else None,
            against_end=ranges[0][1] if len(ranges) == 2 else None,
            age=age,
            to_age=to_age,
            ages=tuple(sorted({*found.ages})) if found.asks_ages and age is None else (),
            gone=found.gone and metric != "cohort_size",
            each=operation == "series" and age is None and start != end and not by and self.is_table,
            filters=filters,
            by=by,
            and_by=self.split_further(by),
            **self.bounds(metric),
            limit=found.limit or (100 if "rank" in ops else None) if operation in ("highest", "lowest") else None,
            nth=found.nth if operation in ("highest", "lowest") else None,
            asks="whether" if claim or higher else None,
            claim=claim,
            higher=higher,
        )
        return catalogue.checked(query)

    def check_whole(self) -> None:
        """Raises `Stop` for a share of those of a later date: which part of the users of June had joined in May."""
        cohort, place = self.found.cohort_span, self.whole_place
        is_active = place is not None and any(
            self.text(n) in ("active", "actives") for n in range(place, cohort.begin if cohort else place)
        )
        if cohort and is_active and "share" in self.found.operations:
            message = (
                "Of the active users it is known how many are new, came back or were kept; of a cohort, who stays."
            )
            raise Stop(self.unclear(message))

    @property
    def asks_share_of_cohort(self) -> bool:
        """Whether it is asked which part of a cohort has a value of a segment: of the new users of its period."""
        found = self.found
        has_segment = bool(found.filters or found.by)
        is_part = has_segment and "share" in found.operations and not (found.age or found.still or found.metrics)
        if is_part and found.cohort_span:
            found.metrics, found.spans = ["new_users"], found.spans or [found.cohort_span]
        return is_part

    @property
    def asks_mean_size(self) -> bool:
        """Whether the mean size of cohorts is asked for, which is that of the new users of a period."""
        if not (self.found.operations & {*AVERAGES} and self.cohort_metric() == "cohort_size"):
            return False
        self.found.metrics = ["new_users"]
        return True

    @property
    def says_curve(self) -> bool:
        """Whether every age is asked for."""
        return (
            self.found.asks_ages
            or "series" in self.found.operations
            or any(token.text in ("curve", "curves") for token in self.tokens)
        )

    @property
    def is_table(self) -> bool:
        """Whether each cohort is asked for by itself, at every age."""
        texts = {token.text for token in self.tokens}
        return bool(self.found.per_period or texts & {"table", "triangle", "matrix", "heatmap", "grid"})

    @property
    def asks_sizes(self) -> bool:
        """Whether the size of every cohort is asked for."""
        return any(token.text == "sizes" for token in self.tokens)

    def is_observable(self, span: Span) -> bool:
        """Whether the data holds the cohorts of these days, at the age that is asked for."""
        age, grain = self.found.age or (0, span.grain)
        start, end = self.periods_of(span, grain)
        cell = self.catalogue.shifted(start, age, grain)
        return end >= self.catalogue.first_period(grain) and cell <= self.catalogue.open_period(grain)

    def cohort_operation(self, spans: Sequence[Span], grain: Grain, age: int | None) -> Operation:
        """What is asked about cohorts: one age of one or all, every age, the ranks of all, two side by side."""
        found, ops = self.found, self.found.operations
        operation: Operation = "value"
        if len(spans) > 2:
            raise Stop(self.unclear("I can put two cohorts side by side, not more."))
        if len(spans) == 2 or (self.several_values and ops & {"more", "less", "best", "worst"} and not found.by):
            operation = "compare"
        elif ops & {"highest", "best", "more", "rank"}:
            operation = "highest"
        elif ops & {"lowest", "worst", "less"}:
            operation = "lowest"
        elif self.several_values or ("compare" in ops and found.by):
            operation = "series" if age is None and self.says_curve else "compare"
        elif age is None or found.per_period or "series" in ops or found.bounds or self.asks_sizes:
            operation = "series"
        if age is None and operation != "series" and not (operation == "compare" and len(spans) == 2):
            examples_of = "which cohort had the highest retention after"
            options = (f"{examples_of} 1 {grain}", f"{examples_of} 3 {grain}s")
            raise Stop(self.unclear("Retention after how long? Name an age.", options=options))
        is_one_cohort = bool(spans) and self.is_single(spans[0], grain)
        return "value" if operation == "series" and age is not None and is_one_cohort else operation

    def cohort_metric(self) -> str:
        """Users or a rate, at an age or later, or the size."""
        found = self.found
        texts = {token.text for token in self.tokens}
        is_ranked_size = (
            texts & {"biggest", "largest", "smallest", "bigger", "larger", "smaller"}
            and not found.age
            and not found.metrics
        )
        says_size = "cohort_size" in found.metrics or texts & {"size", "sizes", "big", "large"}
        if is_ranked_size or (says_size and not found.age):
            return "cohort_size"
        if {"many", "cohorts"} <= texts and not found.age and found.bounds and not found.is_percent:
            return "cohort_size"  # how many cohorts had fewer than 10 people
        if {"many", "cohorts"} <= texts and not found.age and not found.metrics:
            raise Stop(
                self.unclear("Cohorts themselves are not counted; ask for the users of one, or of all, at an age.")
            )
        counts_cohorts = {"many", "cohorts"} <= texts and found.bounds
        asks_for_count = "many" in texts and "share" not in found.operations and not counts_cohorts
        asks_for_count &= not found.asks_which_age
        if asks_for_count and not found.still and not found.age and not found.metrics:
            return "cohort_size"
        rates = {"retention_rate", "cohort_retention_rate", "cohort_retention_rate_or_later"}
        counts = {"cohort_retained_users", "cohort_retained_or_later_users"} & set(found.metrics)
        counts |= {"retained_users"} & set(found.metrics) if texts & {"number", "most", "fewest", "users"} else set()
        is_rate = rates & set(found.metrics) or found.is_percent or "likely" in texts
        is_rate = is_rate or {"share", "series", "compare", "best", "worst"} & found.operations
        or_later = found.or_later or any(name.endswith("or_later") for name in found.metrics)
        if asks_for_count or (counts and not is_rate):
            return "cohort_retained_or_later_users" if or_later else "cohort_retained_users"
        return "cohort_retention_rate_or_later" if or_later else "cohort_retention_rate"
