"""What the grammar has found about metrics of periods, put together: growth accounting and rolling activity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from app import words
from app.ask.catalogue import ADDITIVE, FLOWS, GRAINS
from app.ask.change_reading import ChangeReading
from app.ask.grammar import CHANGES, NOT_NAMED, PEAKS
from app.ask.lexicon import small_words
from app.ask.metric_query import (
    AVERAGES,
    MOVING,
    PICKS,
    Clarify,
    Grain,
    Longer,
    MetricQuery,
    Operation,
    Reading,
    SegmentFilter,
)
from app.ask.metric_reading import MetricReading
from app.ask.period_reading import AGAINST, PeriodReading
from app.ask.phrasing import as_question, at, span_name
from app.ask.question import Stop
from app.ask.settling import DEFAULT_METRIC
from app.ask.spans import UNITS, Dated, Span

NOT_OF_LONGER = (
    "Of quarters and years there are figures and ranks, of everybody or some users; a single one can be asked for by "
    "its name, such as Q2 2026."
)
NOT_HOW_LONG = (
    "For how long users were active or away is not kept; cohorts show how many are there after so many periods."
)
HAVE = {"have", "has", "had", "been"}


class GrowthReading(MetricReading, PeriodReading, ChangeReading):
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
        if len(metrics) > 1 and operation in ("highest", "lowest", "explain", *PICKS):
            raise Stop(self.which_metric(metrics))
        operation = self.for_dates(operation, spans, grain, by, of_change=of_change)
        of_change = of_change and operation in MOVING  # two dates side by side say by themselves what changed
        relative = of_change and self.catalogue.metrics[metrics[0]].is_count and not of and self.is_in_percent
        operation, within = self.of_longer(operation, within, grain, spans)
        if len(metrics) > 1 and operation == "change":
            if found.operations & CHANGES:
                raise Stop(self.which_metric(metrics))
            operation = "compare"  # active users and churn, last week against the week before
        if operation == "change" and len(spans) == 1:
            spans = self.ends_of_growth(spans[0], metrics, grain)
        only_complete = bool(found.bounds) or of_change or found.only_complete
        if found.bounds and operation == "value" and not self.is_one_figure(spans, grain, by):
            operation = "series"
        self.note_edges(spans, grain, metrics, operation)
        self.note_readings(metrics, grain, operation)
        start, end = self.range(spans, grain, operation, by, metrics, only_complete=only_complete, of_change=of_change)
        sides = self.claimed_side(metrics[0]) if operation == "compare" and not by else None
        is_ranked = operation in ("highest", "lowest")
        query = MetricQuery(
            operation=operation,
            metrics=tuple(metrics),
            grain=grain,
            start=start,
            end=end,
            **self.against(spans, start, end, grain, operation, metrics, of_change=of_change and by is not None),
            filters=filters,
            by=by,
            and_by=self.split_further(by),
            within_each=self.ranked_in_each if operation in ("highest", "lowest") else None,
            of=of,
            less=less,
            beside=found.beside,
            only=self.only(spans, grain),
            within=within,
            cumulative=self.is_cumulative(operation, metrics),
            **self.bounds_of(metrics[0], operation, claim, of=of, of_change=of_change, relative=relative),
            limit=(found.limit or self.ranks_all) if is_ranked else None,
            nth=found.nth if is_ranked else None,
            of_change=of_change,
            relative=relative,
            claim=claim if operation in ("change", "explain") else sides or self.claimed_first(operation, metrics),
            higher=self.higher(metrics[0], by) if operation == "compare" else found.claimed if is_ranked else None,
            first_is=first_is if is_ranked else None,
            asks=self.asks(operation, of_change=of_change) or self.asks_which_is_more(operation, metrics),
        )
        settled = self.without_sums(query)
        return self.catalogue.checked(settled) if isinstance(settled, MetricQuery) else settled

    def note_readings(self, metrics: Sequence[str], grain: Grain, operation: Operation) -> None:
        """Says what else the words could have meant."""
        counts_each = self.counts_users and self.text_has("every")
        counts_each |= any(self.is_every_day(position) for position in range(len(self.tokens)))
        if operation == "series" and metrics == [DEFAULT_METRIC] and counts_each:
            self.first_of_all.append(f"Each {grain} by itself; who was there in every one is not kept.")
        if metrics == ["retention_rate"] and operation == "value" and not self.text_has("rate", "kept", "keep"):
            self.notes.append(
                f"Of those active the {grain} before; of those who joined, ask for retention after 1 {grain}."
            )

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
        if self.asks_duration:
            raise Stop(self.no_answer(NOT_HOW_LONG))
        several = self.several_values
        places = sorted(found.value_places[v] for v in found.filters.get(several or "", ()) if v in found.value_places)
        is_switch = len(places) == 2 and [self.text(n - 1) for n in places] == ["from", "to"]
        if is_switch and found.has_noun and self.text_has(*small_words("switching")):
            raise Stop(self.no_answer("The segments of a user are those of the first event: nobody changes them."))
        counts_once = self.text_has("unique", "distinct", "different") and not found.operations & {*CHANGES, "compare"}
        if counts_once and len(found.spans) == 2 and DEFAULT_METRIC in found.metrics:
            raise Stop(self.unclear("Who was there in any of several periods is not kept; ask for each of them."))
        ranks = found.operations & {"highest", "lowest", "best", "worst"}
        if self.text(0) == "who" and ranks and not (found.by or found.filters):
            raise Stop(self.no_answer(NOT_NAMED))
        says_how = ("how", "likely") in pairwise(token.text for token in self.tokens)
        if self.text_has("likely", "likelier", "likeliest") and not says_how and not (found.by or self.several_values):
            raise Stop(self.unclear("Who is more likely than whom? Name a segment, or two of its values."))
        whose = ("its", "the", "our", "their")
        for place, token in enumerate(self.tokens):
            is_side = self.text(place - 2) in {*AGAINST, "from", "off", "since", "to"} and self.text(place - 1) in whose
            if is_side and token.text in PEAKS and not (found.bounds or found.over_period):
                raise Stop(self.unclear(f"Compared with which {token.text}? Name its date."))

    @property
    def asks_duration(self) -> bool:
        """Whether it is asked for how many days users stayed: of a figure it would be bounded, or move."""
        begins = [n for n, one in enumerate(self.tokens) if one.text == "how" and self.text(n + 1) == "many"]
        is_asked = any(self.text(n + 2) in UNITS and self.text(n - 1) not in ("in", "on") for n in begins)
        says_more = self.found.bounds or self.found.operations & {*CHANGES, "previous", "year_ago", "more", "less"}
        return is_asked and not says_more and bool({"churned_users", "retained_users"} & {*self.found.metrics})

    def is_side_by_side(self, operation: Operation, by: str | None) -> bool:
        """Whether figures are put beside each other, of no segment and of no several periods."""
        compares = operation == "compare" or bool(self.found.operations & {"more", "less"})
        return compares and not by and not self.found.over_period

    def is_one_figure(self, spans: Sequence[Span], grain: Grain, by: str | None) -> bool:
        """Whether a bound is asked of one figure, the latest or that of one period."""
        is_now = self.text(0) in ("is", "are") and not (spans or self.found.over_period)
        # have we passed a thousand users in total
        is_now |= (
            self.says_whether and self.says_together and self.is_everything and self.found.metrics == ["new_users"]
        )
        return not by and (is_now or (bool(spans) and self.is_single(spans[0], grain)))

    def rank_own_segment(self) -> None:
        """Is Singapore the largest market: which country is."""
        found = self.found
        ranks = found.operations & {"highest", "lowest", "best", "worst"}
        if ranks and found.over_period and not found.per_period and found.by and not self.ranked_in_each:
            name = words.title(found.by[0]).lower()
            message = f"The best or worst {found.grain or 'period'} of which {name}? Name one, or ask for each {name}."
            raise Stop(self.unclear(message))
        is_claim = ranks and not (found.over_period or found.by or found.named_segments or found.beside)
        is_claim = bool(is_claim) and self.says_whether and not self.says_most
        is_claim &= not self.text_has("its")  # at its highest: of all periods
        if is_claim and [len(values) for values in found.filters.values()] == [1]:
            found.named_segments = [*found.filters]  # did ios have the most users
        for segment in found.named_segments:
            is_within = found.each_segment is not None and segment not in found.by
            if ranks and is_within and segment in found.filters:
                if len(found.filters[segment]) == 1:
                    raise Stop(self.unclear(f"Ask which {words.title(segment).lower()} is first in each of them."))
                found.by.append(segment)  # the top channel in each country, tiktok or google
            if ranks and not found.by and len(found.filters.get(segment, ())) == 1:
                [found.claimed] = found.filters.pop(segment)
                found.by.append(segment)

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
            return self.rank(metric) if self.ranked_in_each else "series"  # countries by month, highest first
        if len(set(found.by)) == 2 and ranks and found.within_each:
            return self.rank(metric) if found.each_segment else "value"  # the top source in each country
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
        judged, plain = ops & {"best", "worst"}, ops & {"highest", "lowest"}
        if len(judged) == len(plain) == 1:
            down_is_good = self.catalogue.metrics[metric].direction == "down"
            if ("best" in judged) == (("highest" in plain) != down_is_good):
                ops -= judged  # the worst week, with the biggest share of losses: one rank, said twice
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

    def of_longer(
        self, operation: Operation, within: Longer | None, grain: Grain, spans: Sequence[Span]
    ) -> tuple[Operation, Longer | None]:
        """The operation, and the longer periods of which figures are asked. Raises `Stop` where there are none."""
        found = self.found
        moves = bool(found.bounds or found.beside or found.operations & CHANGES)
        is_plain = not (moves or found.by)
        is_split = operation in ("value", "series") and len({*found.by}) == 1
        is_rolling = found.metrics == ["stickiness"] and len(spans) == 1 and (spans[0].last - spans[0].first).days > 60
        if is_rolling and operation == "change" and not (found.bounds or found.by):
            return "series", "month"  # has it gone up this year: no single day says so
        if found.within is None and grain == "day" and found.grain in ("week", "month") and is_plain:
            longer: Longer = "week" if found.grain == "week" else "month"
            found.within = longer if operation in ("series", "highest", "lowest") else None  # stickiness by month
        if found.within is None:
            return operation, within
        is_one = bool(spans) and self.catalogue.period_start(spans[0].last, found.within) <= spans[0].first
        if moves or not (is_plain or is_split) or is_one or operation not in ("value", "series", "highest", "lowest"):
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
        if operation == "value" and asks_each:
            return "series"  # weekly churn in Q3
        if operation == "series" and plain and not by and is_single and "series" in self.found.operations:
            return "change"  # how did it develop last month
        if operation == "compare" and len(spans) < 2 and not by:
            if not spans and not self.found.filters:
                raise Stop(self.unclear("Compare what with what?"))
            return "change"
        return operation

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
            return query.changed(
                operation="series", asks="sum" if set(query.metrics) <= FLOWS | ADDITIVE and not query.by else None
            )
        is_ranked_segment = query.operation in ("highest", "lowest") and not query.is_by_period
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
