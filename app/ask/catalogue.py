"""What can be asked for: metrics, segments and their values, and the dates the data covers, all from the warehouse."""

from __future__ import annotations

import calendar
import functools
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app import words
from app.ask.metric_query import AVERAGES, MOVING, PICKS, Grain, InvalidQueryError, Longer, MetricQuery
from app.queries import catalogue as warehouse_catalogue
from app.queries.catalogue import Metric
from app.warehouse import Snapshot

GROWTH, ROLLING, COHORTS = "growth_metrics", "active_users_rolling", "retention_triangle"
DAYS_ACTIVE = "power_users"
RECENT_DAYS = 28  # what users by days active, and a rolling month, look back on
GRAINS: tuple[Grain, ...] = ("day", "week", "month")
SUFFIXES: dict[Grain, str] = {"day": "daily", "week": "weekly", "month": "monthly"}

PERIODS: tuple[Grain | Longer, ...] = (*GRAINS, "quarter", "year")  # the longer the later
MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}

# The operations that look at each period, or at one figure, and so can have bounds.
BOUNDED = ("value", "series", "highest", "lowest", *PICKS)

# Whom the active users of a period consist of.
PARTS_OF_ACTIVE = frozenset({"new_users", "retained_users", "resurrected_users", "gained_users"})

# What happens to users, as often as it happens: in all periods together it is counted by period.
FLOWS = frozenset({"churned_users", "resurrected_users", "gained_users"})

# A user is new once: the only count of users whose periods add up (definitions, identity 10).
ADDITIVE = frozenset({"new_users", "cohort_size"})


@dataclass(frozen=True)
class Catalogue:
    """The frame of every question.

    metrics     by name, in the order of the project
    models      metric -> where it is
    segments    segment -> its values, most users first
    first       the first day of the data
    as_of       the data is complete up to, but not including, this day
    week_start  first day of the week, as `date.weekday` counts
    """

    metrics: dict[str, Metric]
    models: dict[str, str]
    segments: dict[str, tuple[str, ...]]
    first: date
    as_of: date
    week_start: int

    def period_start(self, day: date, grain: Grain | Longer) -> date:
        """The start of the period a day is in."""
        if grain == "day":
            return day
        if grain == "week":
            return day - timedelta(days=(day.weekday() - self.week_start) % 7)
        return date(day.year, (day.month - 1) // MONTHS_IN[grain] * MONTHS_IN[grain] + 1, 1)

    def shifted(self, start: date, periods: int, grain: Grain | Longer) -> date:
        """The start of the period so many periods later; the calendar's first or last day where it ends."""
        try:
            if grain in MONTHS_IN:
                return add_months(start, periods * MONTHS_IN[grain])
            return start + timedelta(days=periods * (7 if grain == "week" else 1))
        except (OverflowError, ValueError):
            return date.max if periods > 0 else date.min

    def is_complete(self, start: date, grain: Grain | Longer) -> bool:
        """Whether a period has ended by the as-of date."""
        return self.shifted(start, 1, grain) <= self.as_of

    def first_period(self, grain: Grain) -> date:
        """The first period of the data."""
        return self.period_start(self.first, grain)

    def open_period(self, grain: Grain) -> date:
        """The period of the as-of date, the last one of the data."""
        return self.period_start(self.as_of, grain)

    def latest_complete(self, grain: Grain) -> date:
        """The last period that has ended."""
        return self.shifted(self.open_period(grain), -1, grain)

    def kind(self, metric: str) -> str:
        """The model of a metric: growth, rolling or cohorts."""
        return self.models[metric]

    def asked(self, query: MetricQuery) -> list[Metric]:
        """The metrics of a query, or what it makes of one: a share, a difference, an average, a sum so far."""
        metrics = [self.metrics[name] for name in query.metrics]
        metric = metrics[0]
        label = metric.label[0].lower() + metric.label[1:]
        if query.averaged:
            per = f"per {query.grain}"
            named = [(f"average_{one.name}", f"Average {one.label.lower()} {per}", one) for one in metrics]
            return [replace(one, name=name, label=called, denominator="1", unit="ratio") for name, called, one in named]
        if query.gone:
            name, called = ("gone_users", "Users not active") if metric.is_count else ("gone_rate", "Share not active")
            return [replace(metric, name=name, label=called, numerator=f"cohort_size - {metric.numerator}")]
        if query.less:
            other = self.metrics[query.less]
            called, numerator = (
                f"{metric.label} less {other.label.lower()}",
                f"{metric.numerator} - ({other.numerator})",
            )
            return [replace(metric, name="difference", label=called, numerator=numerator)]
        if query.of in self.metrics:
            whole = self.metrics[query.of]
            is_part = whole.name == "active_users" and metric.name in PARTS_OF_ACTIVE
            called = f"{metric.label} as a share of {whole.label.lower()}"
            name, unit = ("share", "share") if is_part else ("ratio", "ratio")
            called = called if is_part else f"Ratio of {label} to {whole.label.lower()}"
            return [replace(metric, name=name, label=called, denominator=whole.numerator, unit=unit)]
        if query.of:
            return [replace(metric, name="share", label=f"Share of {label}", denominator="total", unit="share")]
        if query.cumulative:
            return [replace(metric, name="so_far", label=f"Cumulative {label}", numerator="so_far")]
        return metrics

    def checked(self, query: MetricQuery) -> MetricQuery:
        """The query with its dates moved to the starts of their periods. Raises `InvalidQueryError`."""
        for name in query.metrics:
            if name not in self.metrics:
                labels = ", ".join(metric.label for metric in self.metrics.values())
                raise InvalidQueryError(f"There is no metric called {name!r}. There are: {labels}.")
        kinds = {self.kind(name) for name in query.metrics}
        if len(kinds) > 1:
            raise InvalidQueryError("These metrics do not stand in one table: ask for one after the other.")
        if query.averaged and all(not self.metrics[name].is_count or name in ADDITIVE for name in query.metrics):
            query = query.changed(averaged=False)  # rates, and what adds up, stand for themselves
        kind = kinds.pop()
        self._check_segments(query, kind)
        if kind == DAYS_ACTIVE:
            return self._checked_days(query)
        self._check_figure(query, kind)
        is_longer = query.within is None or PERIODS.index(query.within) > PERIODS.index(query.grain)
        is_split = query.by and not (query.operation == "series" and not (query.and_by or query.beside))
        is_plain = not (is_split or query.of or query.less or query.cumulative or query.of_change or query.bounds)
        can_be_within = query.operation in (*AVERAGES, "series", "highest", "lowest") and kind != COHORTS
        if query.within and not (can_be_within and is_longer and is_plain):
            raise InvalidQueryError("Of longer periods there are figures, averages and ranks, and no parts of them.")
        if query.bounds and query.operation not in BOUNDED:
            raise InvalidQueryError("A bound tells periods apart: ask in which the figure was above or below it.")
        picks = query.operation in PICKS
        if query.of_change and query.operation not in MOVING:
            raise InvalidQueryError("Changes from period to period are listed, ranked and bounded, and nothing else.")
        takes_one = picks or query.of_change or query.operation in ("highest", "lowest", "explain", "change")
        if takes_one and len(query.metrics) > 1:
            raise InvalidQueryError("Ask for one metric at a time here.")
        if kind != COHORTS and query.age is not None:
            raise InvalidQueryError("An age belongs to the retention of a cohort.")
        if picks and (not query.bounds or query.by):
            raise InvalidQueryError("First, last or since when needs a bound, and one figure per period.")
        averages = query.operation in AVERAGES
        if kind != COHORTS and (query.gone or query.to_age is not None or query.ages):
            raise InvalidQueryError("Ages, and who is no longer there, are looked at in cohorts.")
        if query.gone and query.metric == "cohort_size":
            raise InvalidQueryError("Who is not there is counted at an age.")
        if query.each and (kind != COHORTS or query.age is not None or query.operation != "series" or query.by):
            raise InvalidQueryError("Each cohort by itself is listed at every age.")
        if kind == COHORTS and (picks or averages or query.operation == "explain" or query.of_change):
            raise InvalidQueryError("Cohorts can be looked up, listed and compared, but not explained or averaged.")
        grain: Grain = "day" if kind == ROLLING else query.grain
        dates = {
            name: self.period_start(value, grain)
            for name in ("start", "end", "against_start", "against_end")
            if (value := getattr(query, name)) is not None
        }
        query = query.changed(grain=grain, **dates)
        query = self._whole(query)
        if query.within and query.operation in ("highest", "lowest"):
            first, last = (self.period_start(day, query.within) for day in (query.start, query.end))
            if first == last:
                raise InvalidQueryError(f"The data holds one whole {query.within} only: nothing to rank.")
        if query.start > query.end or (query.against_start or date.min) > (query.against_end or date.max):
            raise InvalidQueryError("The dates end before they begin.")
        needs_range = query.compares_ranges and not (query.operation == "compare" and query.by)
        if needs_range and (query.against_start is None or query.against_end is None):
            length = self.periods_between(query.start, query.end, grain)
            before = self.shifted(query.start, -length, grain)
            query = query.changed(against_start=before, against_end=self.shifted(query.start, -1, grain))
        for against_start, against_end in query.ranges[1:]:
            if query.start <= against_end and against_start <= query.end:
                raise InvalidQueryError("The two ranges overlap, so they cannot be compared.")
        self._check_sums(query, kind)
        return query

    def _whole(self, query: MetricQuery) -> MetricQuery:
        """The query over whole longer periods: the figure of a part of one would be another one's."""
        if query.within is None:
            return query
        start, end = query.start, query.end
        if self.period_start(start, query.within) < start > self.first:
            start = min(self.shifted(self.period_start(start, query.within), 1, query.within), end)
        last = self.period_start(end, query.within)
        is_cut = self.shifted(end, 1, query.grain) < self.shifted(last, 1, query.within)
        if is_cut and end < self.open_period(query.grain):
            end = max(start, self.shifted(last, -1, query.grain))
        return query.changed(start=start, end=end)

    def _checked_days(self, query: MetricQuery) -> MetricQuery:
        """Users by days active are kept for the 28 days that end with the as-of date."""
        is_plain = not (query.of or query.less or query.cumulative)
        if query.operation not in ("value", "series", "average", "define") or not is_plain:
            raise InvalidQueryError("Users by days active can be counted, listed and averaged.")
        return query.changed(grain="day", start=self.as_of, end=self.as_of)

    def _check_figure(self, query: MetricQuery, kind: str) -> None:
        """What a share or a sum so far can be made of, and what can stand beside it."""
        if query.of in self.metrics:
            counts = self.metrics[query.metric].is_count and self.metrics[query.of].is_count
            if not counts or len(query.metrics) > 1 or kind != GROWTH or self.kind(query.of) != GROWTH:
                raise InvalidQueryError("A share is one count as a part of another, both of the same periods.")
        elif query.of:
            splits = {query.by, *(chosen.segment for chosen in query.filters)}
            if not self.metrics[query.metric].is_count or len(query.metrics) > 1 or kind != GROWTH:
                raise InvalidQueryError("A share is a part of a count, and this metric is none.")
            if query.of not in splits:
                raise InvalidQueryError("A share needs a value of the segment, or all of its values.")
        if query.of and query.operation == "explain":
            raise InvalidQueryError("What a share is made of is not kept; it can be compared.")
        if query.less and (
            query.of or query.less not in self.metrics or kind != GROWTH or self.kind(query.less) != GROWTH
            or not self.metrics[query.metric].is_count or not self.metrics[query.less].is_count
            or len(query.metrics) > 1 or query.operation == "explain"
        ):  # fmt: skip
            raise InvalidQueryError("A difference is one count less another, both of the same periods.")
        can_be_averaged = query.operation in ("highest", "lowest", "compare", "change") or query.within
        if query.averaged and not (can_be_averaged and kind == GROWTH):
            raise InvalidQueryError("Averages stand for sums where counts of several periods are compared.")
        if query.cumulative and (set(query.metrics) != {"new_users"} or query.of):
            raise InvalidQueryError("Only new users add up over time: everybody is new once.")
        if query.cumulative and query.operation not in ("series", *PICKS):
            raise InvalidQueryError("A sum so far is given period by period.")
        is_plain = kind == GROWTH and not (query.of or query.cumulative or query.of_change)
        is_plain &= query.operation in ("value", "series", "highest", "lowest")
        if query.and_by and (not query.by or query.by == query.and_by or query.bounds or not is_plain):
            raise InvalidQueryError("Two segments at once split the figures of periods, and nothing else.")
        if query.within_each and (
            not query.by or query.nth or query.higher or query.within or kind != GROWTH
            or query.operation not in ("highest", "lowest") or (query.and_by and query.within_each == "period")
        ):  # fmt: skip
            raise InvalidQueryError("The first one is looked for of each value of a segment, or of each period.")
        if query.beside and (not query.by or kind == COHORTS or query.of or query.cumulative):
            raise InvalidQueryError("Everybody, or all others, can stand beside the values of a segment.")
        if query.beside == "others" and query.by not in {chosen.segment for chosen in query.filters}:
            raise InvalidQueryError("All others than which?")

    def _check_sums(self, query: MetricQuery, kind: str) -> None:
        """Users there in two periods would be counted twice in their sum."""
        is_summed = query.operation in ("value", "compare", "change", "explain") or (
            query.operation in ("highest", "lowest") and query.by is not None
        )
        is_summed = is_summed or (query.of_change and query.by is not None)
        is_summed = is_summed or (query.within is not None and query.operation not in AVERAGES)
        is_sum = is_summed and not query.averaged and not query.is_by_period
        if kind == COHORTS or not is_sum or all(start == end for start, end in query.ranges):
            return
        for name in (*query.metrics, *([query.less] if query.less else [])):
            if self.metrics[name].is_count and name not in ADDITIVE:
                raise InvalidQueryError(
                    f"{self.metrics[name].label} do not add up over {query.grain}s: somebody there in two would be "
                    f"counted twice. Ask for one {query.grain}, for each {query.grain}, or for their average."
                )

    def periods_between(self, start: date, end: date, grain: Grain) -> int:
        """The number of periods from one to another, both counted."""
        if grain == "month":
            return (end.year - start.year) * 12 + end.month - start.month + 1
        return (end - start).days // (7 if grain == "week" else 1) + 1

    def _check_segments(self, query: MetricQuery, kind: str) -> None:
        names = {chosen.segment for chosen in query.filters} | set(query.splits)
        if names and kind == ROLLING:
            raise InvalidQueryError("Rolling activity is not kept by segment; active users by day, week or month are.")
        if names and kind == DAYS_ACTIVE:
            raise InvalidQueryError("Days active are not asked for by segment here; the Growth page shows them.")
        for name in sorted(names):
            if name not in self.segments:
                known = ", ".join(map(words.title, self.segments)) or "none"
                raise InvalidQueryError(f"Users are not grouped by {name!r}. Segments: {known}.")
        for chosen in query.filters:
            for value in chosen.values:
                if value not in self.segments[chosen.segment]:
                    raise InvalidQueryError(self.no_such_value(value, chosen.segment))

    def no_such_value(self, value: str, segment: str | None = None) -> str:
        """Says that nobody has this value, and which values there are."""
        shown = self.segments if segment is None else {segment: self.segments[segment]}
        known = "; ".join(f"{words.title(name)}: {_listed(values)}" for name, values in shown.items())
        return f"There is no {value!r} in the data. {known or 'Users are grouped by nothing'}."


def _listed(values: tuple[str, ...], most: int = 12) -> str:
    return ", ".join(values[:most]) + (f" and {len(values) - most} more" if len(values) > most else "")


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the month's last day where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


class NoDataError(Exception):
    """The warehouse is there and empty."""


def _days_active(db: Snapshot) -> dict[str, Metric]:
    """The mart that counts users by days active, as a metric: it is a histogram, and meant as its comment says."""
    found = db.read(
        f"select comment from duckdb_tables() where database_name = 'warehouse' and table_name = '{DAYS_ACTIVE}' "
        f"and exists (from {DAYS_ACTIVE})"
    )
    formula = "count of users by days_active"
    metrics = (
        Metric(DAYS_ACTIVE, "Users by days active", comment, formula, "users", "users", "up", None)
        for comment in found["comment"]
    )
    return {metric.name: metric for metric in metrics}


@functools.lru_cache(maxsize=2)  # a version never changes
def of(db: Snapshot) -> Catalogue:
    """The catalogue of a version of the warehouse. Raises `NoDataError` if it has no events, `duckdb.Error`."""
    metrics: dict[str, Metric] = {}
    models: dict[str, str] = {}
    for model in (GROWTH, ROLLING, COHORTS):
        found = warehouse_catalogue.metrics(db, model)
        metrics |= found
        models |= dict.fromkeys(found, model)
    metrics |= _days_active(db)
    models |= dict.fromkeys(metrics.keys() - models.keys(), DAYS_ACTIVE)
    bounds = db.read(
        "select min(activity_date) as first, max(activity_date) as as_of, "
        "(select min(period_start) from growth_metrics_weekly) as first_week from active_users_rolling"
    ).iloc[0]
    if bounds.isna().any():
        raise NoDataError("No event has been accepted yet, so there is nothing to ask about.")
    segments = {name: tuple(warehouse_catalogue.segment_values(db, name)) for name in warehouse_catalogue.segments(db)}
    return Catalogue(
        metrics, models, segments, bounds["first"].date(), bounds["as_of"].date(), bounds["first_week"].weekday()
    )
