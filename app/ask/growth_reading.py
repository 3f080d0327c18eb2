"""What the grammar has found about metrics of periods, put together: growth accounting and rolling activity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Literal

from app import words
from app.ask.catalogue import ADDITIVE, GRAINS, PARTS_OF_ACTIVE, ROLLING
from app.ask.cohort_words import without_since
from app.ask.grammar import CHANGES
from app.ask.metric_query import Clarify, Grain, MetricQuery, Operation, Reading, SegmentFilter
from app.ask.phrasing import as_question, at, span_name
from app.ask.question import Stop
from app.ask.settling import DEFAULT_GRAIN, DEFAULT_METRIC, Settling
from app.ask.spans import DAY, UNITS, Dated, Span

# Rolling activity by the calendar period whose active users are meant if a period is named.
ROLLING_GRAINS: dict[str, Grain] = {"dau": "day", "wau": "week", "mau": "month"}
# What is asked of users of one period in the next.
RATES = {"churned_users": "churn_rate", "retained_users": "retention_rate"}
FOLLOWED = {name: name for name in ("churned_users", "churn_rate", "retained_users", "retention_rate")}
FOLLOWED |= {"active_users": "retained_users", "resurrected_users": "retained_users"}
AVERAGES: tuple[Operation, ...] = ("average", "median")
Claim = Literal["rose", "fell"] | None
PICKS: tuple[Operation, ...] = ("since", "first", "last")
# A range that is no whole number of months is looked at by day up to here, by week up to there, and then by month.
MOST_DAYS, MOST_DAYS_BY_WEEK = 14, 120


class GrowthReading(Settling):
    """A question about periods."""

    def growth_query(self, filters: tuple[SegmentFilter, ...]) -> Reading:
        """The reading of a question about periods. Raises `Stop`."""
        found = self.found
        metrics, grain, of = self.asked_metrics()
        spans = self.asked_dates(metrics)
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
        grain = grain or found.grain or self.natural_grain(spans, operation, metrics)
        claim = self.claim(metrics[0])
        operation, spans, of_change = self.asked_change(operation, spans, grain, by, claim)
        relative = of_change and self.catalogue.metrics[metrics[0]].is_count and not of and self.is_in_percent
        if len(metrics) > 1 and operation in ("highest", "lowest", "change", "explain", *PICKS):
            raise Stop(self.which_metric(metrics))
        operation = self.for_dates(operation, spans, grain, by, of_change=of_change)
        if operation == "change" and len(spans) == 1:
            spans = self.ends_of_growth(spans[0], metrics, grain)
        only_complete = bool(found.bounds) or of_change
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
            higher=self.higher(metrics[0], by) if operation == "compare" else None,
            asks=self.asks(operation, of_change=of_change) or self.asks_which_is_more(operation, metrics),
        )
        settled = self.without_sums(query)
        return self.catalogue.checked(settled) if isinstance(settled, MetricQuery) else settled

    def asked_metrics(self) -> tuple[list[str], Grain | None, str | None]:
        """The metrics that are meant, all of one model, the grain that one of them says, and what it is a share of."""
        found = self.found
        came_back = found.metrics == ["resurrected_users"]  # users active in August came back in September: kept
        if len(found.spans) == 2 and not came_back and set(found.metrics) - {"active_users"} < set(FOLLOWED):
            found.metrics = [name for name in found.metrics if name != "active_users"] or found.metrics
        if "share" in found.operations and found.grain == "day" and "mau" in found.metrics:
            found.metrics = ["mau"]  # what share of them uses the app on a day
        metrics, grain = self.calendar_metrics(self.rates_for_counts(found.metrics))
        metrics = self.rolling_metrics(metrics)
        of = None
        if len({self.catalogue.kind(name) for name in metrics}) > 1:
            raise Stop(self.which_metric(metrics))
        if self.is_ratio(metrics):
            metrics, of = metrics[:1], metrics[1]
        elif not came_back and self.follows_on(metrics):
            metrics, found.spans = self.from_one_to_the_next(metrics), found.spans[-1:]
            found.operations.discard("share")
        elif "share" in found.operations:
            metrics, of = self.part_and_whole(metrics)
            found.operations.discard("share")
        return metrics, grain, of

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

    def ends_at_once(self, span: Span) -> bool:
        """Whether all that a span could mean ends on one day."""
        return {one.last for one in span.others} == {span.last}

    def asked_change(
        self,
        operation: Operation,
        spans: list[Span],
        grain: Grain,
        by: str | None,
        claim: Claim,
    ) -> tuple[Operation, list[Span], bool]:
        """Whether the change is what is ranked or listed, and between which dates."""
        found = self.found
        of_change = operation in ("highest", "lowest", *PICKS) and bool(found.operations & CHANGES)
        if of_change and operation in ("highest", "lowest"):
            operation = self.ranked_change(claim)
            if by and len(spans) == 1 and spans[0].ends:
                spans = list(spans[0].ends)  # from May to September: between the two
        is_listed = found.over_period or found.bounds_change or self.is_each_against_the_last(spans, grain)
        if operation == "change" and is_listed:
            operation, of_change = "series", True  # how many months did it fall, by month how did it change
        if operation in ("change", "explain") and len(spans) == 1 and spans[0].ends:
            spans = list(spans[0].ends)  # from August to September: between the two
        return operation, spans, of_change

    def is_side_by_side(self, operation: Operation, by: str | None) -> bool:
        """Whether figures are put beside each other, of no segment and of no several periods."""
        compares = operation == "compare" or bool(self.found.operations & {"more", "less"})
        return compares and not by and not self.found.over_period

    def is_one_figure(self, spans: Sequence[Span], grain: Grain, by: str | None) -> bool:
        """Whether a bound is asked of one figure, the latest or that of one period."""
        is_now = self.text(0) in ("is", "are") and not (spans or self.found.over_period)
        return not by and (is_now or (bool(spans) and self.is_single(spans[0], grain)))

    def rates_for_counts(self, metrics: list[str]) -> list[str]:
        """Better retained is a rate, how many churn is a count; nor is a rate asked for with its numerator."""
        found = self.found
        judges = found.operations & {"best", "worst"} or any(token.text == "longer" for token in self.tokens)
        if len(metrics) == 1 and metrics[0] in RATES and judges:
            return [RATES[metrics[0]]]
        counts = {rate: count for count, rate in RATES.items()}
        if self.counts_users and len(metrics) == 1 and metrics[0] in counts:
            return [counts[metrics[0]]]  # how many users churn
        if {"gained_users", "churned_users"} == set(metrics) and self.says_ratio:
            return ["quick_ratio"]
        is_more, is_less = "more" in found.operations, "less" in found.operations
        if {"gained_users", "churned_users"} == set(metrics) and found.over_period and is_more != is_less:
            # more were gained than lost exactly where active users rose
            found.operations -= {"more", "less", "compare"}
            found.operations |= {"rose" if (metrics[0] == "gained_users") == is_more else "fell"}
            return [DEFAULT_METRIC]
        return [name for name in metrics if RATES.get(name) not in metrics]

    def is_ratio(self, metrics: Sequence[str]) -> bool:
        """Whether one of two counts is to be divided by the other: new users per churned user, the ratio of them."""
        places = self.found.metric_places
        if len(metrics) != 2 or not all(self.catalogue.metrics[name].is_count and name in places for name in metrics):
            return False
        before = {self.text(n) for n in range(places[metrics[1]][0] - 2, places[metrics[1]][0])}
        is_divided = bool(before & {"per", "every", "each", "by"} or self.says_ratio)
        return is_divided and places[metrics[0]] < places[metrics[1]]

    def part_and_whole(self, metrics: list[str]) -> tuple[list[str], str | None]:
        """The metric, and what it is a share of: a segment, or the metric that another one is a part of."""
        found = self.found
        if metrics == ["mau"] and found.grain == "day":
            return ["stickiness"], None  # what share of the monthly users is there on a day
        place = self.whole_place
        anywhere = [True] * len(self.tokens)
        if place and any(self.group(name).at(self.tokens, place, anywhere) for name in CHANGES):
            label = self.catalogue.metrics[metrics[0]].label.lower()
            message = "A part of a change is seen where the change is taken apart: ask why it changed."
            raise Stop(self.unclear(message, options=(f"why did {label} change last month",)))
        whole = self.lexicon.metrics.at(self.tokens, place, anywhere) if place else None
        if len(metrics) == 2 and all(self.catalogue.metrics[name].is_count for name in metrics):
            named = whole[0] if whole and whole[0] in metrics else DEFAULT_METRIC
            part = next((name for name in metrics if name != named), named)
            if named == DEFAULT_METRIC and part in {*PARTS_OF_ACTIVE, *RATES}:
                return self.part_of_active(part)
        if len(metrics) != 1:
            raise Stop(self.which_metric(metrics))
        metric = metrics[0]
        is_whole = whole is not None and whole[0] == metric
        counts = {rate: count for count, rate in RATES.items()}
        if is_whole and metric in counts and self.has_segment:
            metric = counts[metric]  # the share of churn by platform
        if not self.catalogue.metrics[metric].is_count:
            return [metric], None
        if metric in RATES and self.says_percentage_before(metric):
            return self.part_of_active(metric)  # % churned by source
        of_users = place is not None and not is_whole and metric in found.metric_places and not self.is_among(metric)
        if self.has_segment and (not of_users or self.is_said_of_segment(metric)):
            return [metric], self.shared_segment
        if metric in {*PARTS_OF_ACTIVE, *RATES}:
            return self.part_of_active(metric)
        options = tuple(
            f"share of {self.catalogue.metrics[metric].label.lower()} by {words.title(name).lower()}"
            for name in self.catalogue.segments
        )
        label = self.catalogue.metrics[metric].label.lower()
        raise Stop(self.unclear(f"What share of {label}: of which segment?", options=options))

    def says_percentage_before(self, metric: str) -> bool:
        """Whether percent stands right before the metric: of those who could, how many did."""
        begin = self.found.metric_places.get(metric, (0, 0))[0]
        return self.text(begin - 1) in self.group("percent").words

    def part_of_active(self, metric: str) -> tuple[list[str], str | None]:
        """A part of the active users; of those of the period before it is a rate that is kept."""
        return ([RATES[metric]], None) if metric in RATES else ([metric], DEFAULT_METRIC)

    @property
    def whole_place(self) -> int | None:
        """Where that begins of which a share is asked: the share of the new users."""
        shares = self.group("share").words | self.group("percent").words
        for position, token in enumerate(self.tokens):
            if token.text in shares and self.text(position + 1) == "of":
                begin = position + 2
                dated = {n for one in self.found.spans for n in range(one.begin, one.end)}
                while begin in dated or self.text(begin) in ("the", "our", "all", "total", "those"):
                    begin += 1  # of last month's churn
                return begin
        return None

    @property
    def has_segment(self) -> bool:
        return bool(self.found.filters or self.found.by)

    def is_among(self, metric: str) -> bool:
        """Whether a value stands among the users of a metric: the share of ios among new users."""
        value, begin = max(self.found.value_positions.values(), default=0), self.found.metric_places[metric][0]
        return any(self.text(place) in ("in", "among", "amongst", "within") for place in range(value, begin))

    def is_said_of_segment(self, metric: str) -> bool:
        """Whether a segment is said of the metric: of the users who churned, what share came from tiktok."""
        end, value = self.found.metric_places[metric][1], max(self.found.value_positions.values(), default=0)
        return self.has_verb(end, value)

    def rank_own_segment(self) -> None:
        """Is Singapore the largest market: which country is."""
        found = self.found
        ranks = found.operations & {"highest", "lowest", "best", "worst"}
        for segment in found.named_segments:
            if ranks and not found.by and len(found.filters.get(segment, ())) == 1:
                del found.filters[segment]
                found.by.append(segment)

    @property
    def counts_users(self) -> bool:
        """Whether it is asked how many users, and no rate."""
        counting = ("many", "more", "fewer", "most", "fewest")
        says_how_many = any(
            one.text in counting and two.text in self.lexicon.nouns for one, two in pairwise(self.tokens)
        )
        return says_how_many and not any(token.text in ("rate", "retention") for token in self.tokens)

    @property
    def says_ratio(self) -> bool:
        """Whether two metrics are to be divided."""
        return any(token.text == "ratio" for token in self.tokens)

    def follows_on(self, metrics: Sequence[str]) -> bool:
        """Whether users of one date are looked for in another: the users of April who were lost in May."""
        found = self.found
        if len(found.spans) != 2 or len(metrics) != 1 or not found.has_noun or "compare" in found.operations:
            return False
        first, second = found.spans
        between = {token.text for token in self.tokens[first.end : second.begin]}
        states = {"lost", "churned", "left", "retained", "kept", "stayed", "still", "also", "again", "back", "returned"}
        return metrics[0] in FOLLOWED and bool(between & states)

    def from_one_to_the_next(self, metrics: Sequence[str]) -> list[str]:
        """Their losses or those kept, if the second period is the next one. Raises `Stop`."""
        first, second = (without_since(dated.span) for dated in self.found.spans)
        following = [one for one in (second, *second.others) if one.first == first.last + DAY]
        if len(following) == 1:  # from August 2026, in September: of the same year
            second = following[0].settled()
            self.found.spans[-1] = replace(self.found.spans[-1], span=second)
        if first.is_ambiguous or second.is_ambiguous or first.unit != second.unit or second.first != first.last + DAY:
            raise Stop(
                self.unclear("Who stayed or left is known from one period to the next, or for those who joined.")
            )
        followed = FOLLOWED[metrics[0]]
        return [RATES.get(followed, followed) if "share" in self.found.operations else followed]

    def calendar_metrics(self, metrics: list[str]) -> tuple[list[str], Grain | None]:
        """Rolling activity is kept by day and for everybody; of a week or month the active users of it are meant."""
        found = self.found
        rolling = [name for name in metrics if self.catalogue.kind(name) == ROLLING]
        if not rolling:
            return metrics, None
        grains = {ROLLING_GRAINS[name] for name in rolling if name in ROLLING_GRAINS}
        found.spans = [self.day_ago(dated) for dated in found.spans]
        is_of_a_day = not found.spans and not found.operations and not found.over_period
        is_of_days = bool(found.spans) and all(dated.span.unit == "day" for dated in found.spans)
        is_kept = not (found.filters or found.by) and found.grain in (None, "day")
        is_ever = not found.spans or self.is_everything
        is_extreme = bool(found.operations & {"highest", "lowest"}) and is_ever and not found.over_period
        is_extreme &= not found.operations & CHANGES
        is_rolling = any(token.text == "rolling" for token in self.tokens)
        if (
            not grains
            or is_rolling
            or "define" in found.operations
            or (is_kept and (is_of_a_day or is_of_days or is_extreme or len(grains) > 1))
        ):
            return metrics, "day"
        if len(metrics) > 1:
            raise Stop(self.which_metric(metrics))
        grain = grains.pop()
        if grain != "day":
            label = self.catalogue.metrics[rolling[0]].label
            self.notes.append(f"{label} of a calendar {grain}; the rolling figure is kept by day.")
        return [DEFAULT_METRIC], grain

    def day_ago(self, dated: Dated) -> Dated:
        """Of what is kept by day, a week ago is the day a week before the as-of date."""
        number, unit = self.tokens[dated.begin].whole, UNITS.get(self.text(dated.begin + 1))
        number = 1 if self.text(dated.begin) in ("a", "an") else number
        if self.text(dated.end - 1) != "ago" or number is None or unit is None:
            return dated
        now = Span(self.catalogue.as_of, self.catalogue.as_of, "day")
        return replace(dated, span=self.dates.shifted(now, -number, unit))

    def rolling_metrics(self, metrics: list[str]) -> list[str]:
        """Active users of the last 7 or 28 days are a rolling figure that is kept, everybody counted once."""
        found = self.found
        if found.metrics != [DEFAULT_METRIC] or len(found.spans) != 1 or found.operations or found.filters or found.by:
            return metrics
        span, yesterday = found.spans[0].span, self.catalogue.as_of - timedelta(days=1)
        name = {7: "wau", 28: "mau"}.get((span.last - span.first).days + 1)
        if (
            name is None
            or span.unit != "range"
            or span.last > yesterday
            or found.grain
            or name not in self.catalogue.metrics
        ):
            return metrics
        found.spans = [Dated(Span(span.last, span.last, "day"), 0, 0)]
        return [name]

    def against_now(self, spans: list[Span]) -> list[Span]:
        """Better than in May: the latest complete period against that one; than last month: the one that is open."""
        texts = [token.text for token in self.tokens]
        compares = self.found.operations & {"best", "worst", "more", "less"} and "than" in texts
        if not compares or len(spans) != 1 or spans[0].unit not in GRAINS or self.found.bounds:
            return spans
        between = texts[texts.index("than") + 1 : self.found.spans[0].begin]
        if (not between and texts.index("than") > self.found.spans[0].begin) or self.several_values:
            return spans
        if not set(between) <= self.lexicon.glue:
            return spans
        grain = spans[0].grain
        latest = self.catalogue.latest_complete(grain)
        now = self.catalogue.open_period(grain) if spans[0].first == latest else latest
        return [*spans, self.period_span(now, grain)]

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
            return "value" if found.by else "series"  # best and worst: all of them
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
    def is_in_percent(self) -> bool:
        """Whether a change is measured in parts of what it was."""
        return self.found.is_percent or "percent" in self.found.operations

    @property
    def says_together(self) -> bool:
        """Whether a figure is meant with all that came before."""
        return not {"total", "altogether", "combined", "together"}.isdisjoint(token.text for token in self.tokens)

    def is_cumulative(self, operation: Operation, metrics: Sequence[str]) -> bool:
        """Whether the sum up to each period is asked for: by month, or when it reached a thousand."""
        says_so = "cumulative" in self.found.operations or (operation in PICKS and self.says_together)
        return says_so and list(metrics) == ["new_users"] and operation in ("series", *PICKS)

    def averaged(self, operation: Operation, grain: Grain | None) -> tuple[Grain | None, Grain | None]:
        """Average DAU by month, new users per day by week: of what there is an average, and within what."""
        said = sorted({*self.found.grains, *([grain] if grain else [])}, key=GRAINS.index)
        if operation not in AVERAGES or not self.found.per_period or len(said) < 2:
            return grain, None
        return said[0], said[1]

    def bounds_of(
        self, metric: str, operation: Operation, claim: Claim, *, of_change: bool, relative: bool
    ) -> dict[str, Any]:
        """The bounds of the figure, or of its change: a fall by more than 5 is a change below -5."""
        if operation == "explain":
            return {}  # why was nobody active
        bounds = dict(self.found.bounds) if relative else self.bounds(metric)
        if not of_change or operation in ("highest", "lowest"):
            return bounds
        if bounds and not self.found.bounds_change:
            raise Stop(self.unclear("Ask for the periods within a bound, or for those in which it rose or fell."))
        if claim is None or (self.found.per_period and not self.says_whether):
            return {}  # by how much did it rise each month
        if claim == "rose":
            return bounds or {"above": 0}
        turned = {"above": "below", "below": "above", "at_least": "at_most", "at_most": "at_least"}
        return {turned[name]: -value for name, value in bounds.items()} or {"below": 0}

    def is_each_against_the_last(self, spans: Sequence[Span], grain: Grain) -> bool:
        """Week over week in September: the change of every week."""
        return "previous" in self.found.operations and len(spans) == 1 and not self.is_single(spans[0], grain)

    def ends_of_growth(self, span: Span, metrics: Sequence[str], grain: Grain) -> list[Span]:
        """Growth in Q2 of what does not add up over months: from the month before it to its last complete one.

        That of a rate in a year that is not over yet is within it: a part of a year is no match for the year before.
        """
        catalogue = self.catalogue
        adds_up = all(name in ADDITIVE or not catalogue.metrics[name].is_count for name in metrics)
        start, end = self.periods_of(span, grain)
        is_begun = span.unit == "year" and span.last >= catalogue.as_of and start < catalogue.latest_complete(grain)
        is_over = set(metrics) <= ADDITIVE or not is_begun
        if (adds_up and is_over) or start == end or span.unit == "range" or "year_ago" in self.found.operations:
            return [span]
        end = max(start, min(end, catalogue.latest_complete(grain)))
        first = start if adds_up else max(catalogue.shifted(start, -1, grain), catalogue.first_period(grain))
        begin = f"its first {grain}" if first == start else f"the {grain} before it"
        self.notes.append(f"Over {span_name(span)}: from {begin} to its last complete {grain}.")
        return [self.period_span(first, grain), self.period_span(end, grain)]

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

    def ranked_change(self, claim: str | None) -> Operation:
        """The biggest drop is the lowest change; the smallest drop is asked back."""
        if claim is None and {"growth", "gain", "gains"} & {token.text for token in self.tokens}:
            claim = "rose"
        if claim is None or "lowest" in self.found.operations:
            raise Stop(self.unclear("The biggest rise or the biggest drop can be looked for: which one?"))
        return "highest" if claim == "rose" else "lowest"

    def claim(self, metric: str) -> Claim:
        """What the question takes for granted about a change, or asks to confirm."""
        ops = set(self.found.operations)
        up_is_good = self.catalogue.metrics[metric].direction != "down"
        if ops & {"improved", "best"} and ops & {"worsened", "worst"}:
            return None  # better or worse
        if ops & {"improved", "worsened"}:
            ops.add("rose" if ("improved" in ops) == up_is_good else "fell")
        is_higher = self.says_higher(metric)
        if (
            self.says_whether
            and ops & {"previous", "year_ago"}
            and is_higher is not None
            and not ops & {"rose", "fell"}
        ):
            return "rose" if is_higher else "fell"  # is it better than a year ago
        if ("rose" in ops) == ("fell" in ops):
            return None
        return "rose" if "rose" in ops else "fell"

    def asks(self, operation: Operation, *, of_change: bool) -> Literal["whether", "every", "ago"] | None:
        """What the sentence has to say besides: whether it is so, or in every period, how long ago it was."""
        if self.found.asks_ago and operation in ("highest", "lowest", "first", "last"):
            return "ago"
        bounded = operation == "series" and (bool(self.found.bounds) or of_change)
        if bounded and self.says_whether and {"every", "each", "always"} & {token.text for token in self.tokens}:
            return "every"
        return "whether" if self.says_whether and (operation in ("change", "compare") or bounded) else None

    def claimed_first(self, operation: Operation, metrics: Sequence[str]) -> Claim:
        """Did we gain more than we lost: that the first of two metrics is the higher one, or the lower one."""
        if not self.asks_which_is_more(operation, metrics):
            return None
        return "rose" if "more" in self.found.operations else "fell"

    def asks_which_is_more(self, operation: Operation, metrics: Sequence[str]) -> Literal["whether"] | None:
        """Whether it is asked to confirm that one of two counts is the higher one."""
        ops, counts = self.found.operations, [self.catalogue.metrics[name].is_count for name in metrics]
        compares = operation == "value" and ("more" in ops) != ("less" in ops) and counts == [True, True]
        return "whether" if compares and self.says_whether and not self.found.bounds else None

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
        if ranks and not by and (is_of_period or is_one_of) and not self.found.over_period:
            message = "The highest or lowest of what: its days, its weeks, or a segment?"
            raise Stop(self.unclear(message, within=spans[0] if spans else None))
        is_single = bool(spans) and self.is_single(spans[0], grain)
        plain = not (by or self.found.bounds or self.found.per_period or "total" in self.found.operations)
        if operation == "value" and plain and self.found.grain and not is_single and spans:
            return "series"  # weekly churn in Q3
        if operation == "series" and plain and is_single and "series" in self.found.operations:
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
            if is_move and spans[0].unit == "range":
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
        if query.operation not in ("compare", "change", "explain") and not is_ranked_segment:
            return query
        single = {"against_start": None, "against_end": None}
        options = [query.changed(start=start, end=start, **single) for start in (query.start, query.end)]
        return Clarify(
            message=f"{reason}. Ask for one {query.grain}, or for their average.",
            options=tuple(as_question(option, self.catalogue) for option in options),
        )
