"""A metric query becomes one SELECT over the marts.

Counts are taken from a mart and summed over its segment combinations only; a ratio divides sums. Values stand in the
SQL as literals, so that what is shown can be run as it is.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from app.ask.catalogue import COHORTS, DAYS_ACTIVE, ROLLING, SUFFIXES, Catalogue
from app.ask.metric_query import PICKS, Longer, MetricQuery, SegmentFilter
from app.queries.catalogue import Metric, quoted

RANKED = 10  # rows of a ranking, unless the question says how many


@dataclass(frozen=True)
class Part:
    """Something a metric is made of: what stands in the sum, and the side of the ratio it is on."""

    column: str
    side: str


def literal(value: str | date) -> str:
    """A value as SQL."""
    if isinstance(value, date):
        return f"date '{value:%Y-%m-%d}'"
    return "'" + value.replace("'", "''") + "'"


def sql(query: MetricQuery, catalogue: Catalogue) -> str:
    """The SELECT that answers a query the catalogue has checked."""
    if query.operation == "define":
        names = ", ".join(map(literal, query.metrics))
        return (
            f"select name, label, description, formula, unit\nfrom meta.metrics\nwhere name in ({names})\norder by name"
        )
    if query.operation == "explain":
        return _explained(query, catalogue)
    if catalogue.kind(query.metric) == DAYS_ACTIVE:
        return _days_active(query)
    if catalogue.kind(query.metric) == COHORTS:
        return _cohorts(query, catalogue)
    return _periods(query, catalogue)


def holds(value: float, sign: str, bound: float) -> bool:
    """Whether a figure is within a bound."""
    compared = {">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le}
    return bool(compared[sign](value, bound))


def measures(metrics: list[Metric]) -> list[str]:
    """The columns of the mart that metrics are made of, each once."""
    texts = [text for metric in metrics for text in (metric.numerator, metric.denominator or "")]
    return list(dict.fromkeys(column for text in texts for column in _columns(text)))


def _columns(expression: str) -> list[str]:
    return re.findall(r"[a-z_]\w*", expression)


# periods


def _periods(query: MetricQuery, catalogue: Catalogue) -> str:
    metrics = catalogue.asked(query)
    columns = measures(metrics)
    is_ranked = query.operation in ("highest", "lowest")
    if query.of_change:
        return _changes_of_values(query, catalogue) if query.by else _changes(query, catalogue)
    counts = _counts(query, catalogue)
    by_period = query.operation in ("series", *PICKS) or query.is_by_period or _is_single(query)
    keys = [*map(quoted, query.splits), *(["is_beside"] if query.beside else [])]
    if by_period and not query.within:
        values = [f"{_known(metric, query)} as {metric.name}" for metric in metrics]
        selected = ["period_start", *keys, "is_complete", *values, *_beside(columns, metrics)]
        answers = f"    select\n        {_listed(selected)}\n    from counts"
    else:
        if query.within:
            keys.insert(0, f"{_start_of(query.within, catalogue)} as within_start")
        if query.operation in ("compare", "change"):
            keys = [f"{_range_start(query, 'period_start')} as range_start", *keys]
        values = [f"{_summed(metric, query)} as {metric.name}" for metric in metrics]
        complete = "" if query.of else f" filter (where {_is_known(metrics[0])})"
        beside = [f"sum({column}){complete}::bigint as {column}" for column in _beside(columns, metrics)]
        # What counts complete periods only is known as soon as one is.
        counts_so_far = any(metric.is_count for metric in metrics) or query.of is not None or is_ranked
        known = "bool_and" if counts_so_far and query.operation not in ("average", "median") else "bool_or"
        bounds = ["min(period_start) as period_start", "max(period_start) as last_period_start"]
        selected = [*keys, *bounds, f"{known}(is_complete) as is_complete", *values, *beside]
        answers = f"    select\n        {_listed(selected)}\n    from counts\n    group by all"
    chosen = _chosen(query, metrics[0])
    return f"with {counts},\n\nanswers as (\n{answers}\n)\n\nselect {_shown(query)} from answers{chosen}"


def _changes(query: MetricQuery, catalogue: Catalogue) -> str:
    """The periods with the change of the metric from the period before."""
    [metric] = catalogue.asked(query)
    before = catalogue.shifted(query.start, -1, query.grain)
    counts = _counts(query.changed(start=before, of_change=False, relative=False), catalogue)
    selected = ["period_start", "is_complete", f"{_known(metric, query)} as {metric.name}"]
    selected.append(f"lag({metric.name}) over (order by period_start) as before")
    return (
        f"with {counts},\n\nperiods as (\n    select\n        {_listed(selected)}\n    from counts\n),\n\n"
        f"answers as (\n    select\n        {_listed(_moved(metric))}\n    from periods\n"
        f"    where period_start >= {literal(query.start)}\n)\n\n"
        f"select {_shown(query)} from answers{_chosen(query, metric)}"
    )


def _changes_of_values(query: MetricQuery, catalogue: Catalogue) -> str:
    """The values of a segment with the change of the metric from one range to the other."""
    [metric], by = catalogue.asked(query), quoted(query.by or "")
    sides = [
        by,
        f"{_range_start(query, 'period_start')} as range_start",
        "bool_and(is_complete) as is_complete",
        f"{_summed(metric, query)} as {metric.name}",
    ]
    later, earlier = (f"filter (where range_start {sign} {literal(query.start)})" for sign in ("=", "<>"))
    pairs = [
        by,
        f"{literal(query.start)} as period_start",
        "bool_and(is_complete) as is_complete",
        f"any_value({metric.name}) {earlier} as before",
        f"any_value({metric.name}) {later} as {metric.name}",
    ]
    return (
        f"with {_counts(query, catalogue)},\n\n"
        f"sides as (\n    select\n        {_listed(sides)}\n    from counts\n    group by all\n),\n\n"
        f"pairs as (\n    select\n        {_listed(pairs)}\n    from sides\n    group by {by}\n),\n\n"
        f"answers as (\n    select\n        {_listed(_moved(metric))}\n    from pairs\n)\n\n"
        f"select {_shown(query)} from answers{_chosen(query, metric)}"
    )


def _moved(metric: Metric) -> list[str]:
    """Everything there is, and the change from before."""
    change = f"{metric.name} - before"
    return ["*", f"{change} as change", f"({change}) / nullif(before, 0) as relative_change"]


def _days_active(query: MetricQuery) -> str:
    """Users by the days on which they were active: how many there are within the bounds, each number, or the mean."""
    name = query.metric
    within = " and ".join(f"days_active {sign} {value:g}" for sign, value in query.bounds) or "true"
    if query.operation == "series":
        return f"select days_active, users as {name}\nfrom {DAYS_ACTIVE}\nwhere {within}\norder by days_active"
    figure = f"coalesce(sum(users) filter (where {within}), 0)::bigint"
    if query.operation == "average":
        figure = "sum(days_active * users) / sum(users)"
    return f"select {figure} as {name}, sum(users)::bigint as of_all\nfrom {DAYS_ACTIVE}"


def _is_single(query: MetricQuery) -> bool:
    """Whether one period is asked for, so that nothing is summed over periods."""
    return query.start == query.end and query.operation not in ("compare", "change")


def _listed(columns: list[str]) -> str:
    return ",\n        ".join(columns)


def _counts(query: MetricQuery, catalogue: Catalogue) -> str:
    """CTE `counts`: the columns of every period asked for, of everybody, of the filtered users or of each value."""
    window = _window(query, catalogue)
    if not window:
        return _counted(query, catalogue)
    values = [one for one in query.filters if one.segment == query.of]
    shown = f"\n    qualify {_condition(values)}" if values else ""
    counted = _counted(query, catalogue).replace("counts as", "counted as", 1)
    return f"{counted},\n\ncounts as (\n    select *, {window}\n    from counted{shown}\n)"


def _window(query: MetricQuery, catalogue: Catalogue) -> str:
    """What is summed over other rows: the values of a segment for their whole, the periods up to each one."""
    if query.cumulative:
        by = f"partition by {quoted(query.by)} " if query.by else ""
        return f"sum({query.metric}) over ({by}order by period_start)::bigint as so_far"
    if query.of and query.by == query.of:
        return f"sum({catalogue.metrics[query.metric].numerator}) over (partition by period_start)::bigint as total"
    return ""


def _counted(query: MetricQuery, catalogue: Catalogue) -> str:
    asked = measures(catalogue.asked(query.changed(cumulative=False)))
    columns = [column for column in asked if column != "total"]
    if catalogue.kind(query.metric) == ROLLING:
        listed = ",\n        ".join(columns)
        return (
            f"counts as (\n    select\n        activity_date as period_start,\n        is_complete,\n        {listed}\n"
            f"    from active_users_rolling\n    where {_within(query, 'activity_date')}\n)"
        )
    spine = f"growth_metrics_{SUFFIXES[query.grain]}"
    if not query.filters and not query.by:
        listed = ",\n        ".join(columns)
        return (
            f"counts as (\n    select\n        period_start,\n        is_complete,\n        {listed}\n"
            f"    from {spine}\n"
            f"    where {_within(query, 'period_start')}\n)"
        )
    mart = f"growth_by_segment_{SUFFIXES[query.grain]}"
    by = quoted(query.by) if query.by else ""
    # What is shown may be a part of what is counted: a share of a whole, a value beside everybody.
    apart = {query.of, query.by if query.beside else None}
    condition = _condition(one for one in query.filters if one.segment not in apart)
    part = _condition(one for one in query.filters if one.segment in apart)
    # A combination in which nothing happened has no row: every period of the spine gets one, with zeros. A count is
    # unknown exactly where it is unknown for everybody.
    is_part = f" filter (where {part})" if query.of and query.by != query.of and part != "true" else ""
    sums = ",\n        ".join(
        f"case when any_value(spine.{column}) is not null then coalesce(sum(parts.{column}){is_part}, 0) end::bigint "
        f"as {column}"
        for column in columns
    )
    if "total" in asked and query.by != query.of:
        whole = " + ".join(f"coalesce(sum(parts.{column}), 0)" for column in columns)
        sums += f",\n        ({whole})::bigint as total"
    splits = [quoted(segment) for segment in query.splits]
    values = f"select distinct {', '.join(splits)} from {mart} where {condition}"
    groups = f"    cross join ({values}) as groups\n" if by else ""
    join = "".join(f" and groups.{one} = parts.{one}" for one in splits)
    keys = " ".join(f"groups.{one}," for one in splits)
    if query.beside:
        others = f" and not (parts.{part})" if query.beside == "others" else ""
        values = f"select distinct {by}, false as is_beside from {mart} where {condition} and {part}"
        groups = (
            f"    cross join (\n        {values}\n        union all\n"
            f"        select {literal(query.beside)}, true\n    ) as groups\n"
        )
        join = f" and (groups.{by} = parts.{by} or (groups.is_beside{others}))"
        keys += " groups.is_beside,"
    return (
        f"parts as (\n    select * from {mart} where {condition}\n),\n\n"
        f"counts as (\n    select\n        spine.period_start,\n        {keys}\n"
        f"        spine.is_complete,\n        {sums}\n    from {spine} as spine\n{groups}"
        f"    left join parts on spine.period_start = parts.period_start{join}\n"
        f"    where {_within(query, 'spine.period_start')}\n    group by all\n)"
    ).replace("        \n", "")


def _known(metric: Metric, query: MetricQuery) -> str:
    """The metric of one period; a ratio of counts so far would be no rate of anything, but they have parts."""
    if metric.is_count or query.of:
        return metric.sql()
    return f"case when is_complete then {metric.sql()} end"


def _beside(columns: list[str], metrics: list[Metric]) -> list[str]:
    """The counts that ratios were computed from, to stand beside them."""
    if all(metric.is_count for metric in metrics):
        return []
    return [column for column in columns if column not in {metric.name for metric in metrics}]


def _summed(metric: Metric, query: MetricQuery) -> str:
    """The metric of several periods: summed counts, ratios of sums over complete periods, averages of counts."""
    if query.operation == "median":
        return f"median({metric.sql()}) filter (where is_complete)"
    if query.of and query.operation != "average":
        return metric.sql(summed=True)
    if metric.is_count:
        if query.operation == "average":
            return f"avg({metric.numerator}) filter (where is_complete)"
        return f"sum({metric.numerator})::bigint"
    known = _is_known(metric)
    top, bottom = (f"sum({part}) filter (where {known})" for part in (metric.numerator, metric.denominator))
    return f"{top} / nullif({bottom}, 0)"


def _is_known(metric: Metric) -> str:
    """Which periods a ratio of sums is made of: those that have both parts; the first has no users before it."""
    return f"is_complete and ({metric.denominator}) is not null" if metric.denominator else "is_complete"


def _start_of(grain: Longer, catalogue: Catalogue) -> str:
    """The start of the longer period that a period begins in."""
    if grain != "week":
        return f"date_trunc('{grain}', period_start)::date"
    return f"period_start - ((isodow(period_start) - 1 - {catalogue.week_start:d} + 7) % 7)::integer"


def _range_start(query: MetricQuery, column: str) -> str:
    """Which of the two ranges a row belongs to, by its start."""
    start, against = query.start, query.against_start
    if against is None:
        return literal(start)
    later, earlier = max(start, against), min(start, against)
    return f"case when {column} >= {literal(later)} then {literal(later)} else {literal(earlier)} end"


def _shown(query: MetricQuery) -> str:
    """The columns; of the rows within bounds also of how many they are."""
    return "*, count(*) over () as of_all" if query.operation == "series" and query.bounds else "*"


def _measured(query: MetricQuery, metric: Metric) -> str:
    return ("relative_change" if query.relative else "change") if query.of_change else metric.name


def _bounds(query: MetricQuery, metric: Metric) -> list[str]:
    """Only what is within the bounds, and will stay so; of a single figure the sentence says whether it is."""
    if query.operation == "value" or not query.bounds:
        return []
    return ["is_complete", *(f"{_measured(query, metric)} {sign} {bound!r}" for sign, bound in query.bounds)]


def _chosen(query: MetricQuery, metric: Metric) -> str:
    """Which of the answers, and in which order: conditions, ranks, a run."""
    key = ", ".join(map(quoted, query.splits)) or ("within_start" if query.within else "period_start")
    if query.operation in ("highest", "lowest"):
        return _ranked(query, metric, key)
    if query.operation in ("first", "last"):
        direction = "desc" if query.operation == "last" else "asc"
        return f"\nwhere {' and '.join(_bounds(query, metric))}\norder by {key} {direction}\nlimit 1"
    if query.operation == "since":
        known, *bounds = _bounds(query, metric)
        return (
            f"\nwhere {known} and {_measured(query, metric)} is not null and period_start > (\n"
            f"    select coalesce(max(period_start), {literal(query.start - timedelta(days=1))}) from answers\n"
            f"    where {known} and not ({' and '.join(bounds)})\n)\norder by period_start"
        )
    where = f"\nwhere is_complete and {_measured(query, metric)} is not null" if query.bounds or query.of_change else ""
    if query.bounds and query.operation != "value":
        where += f"\nqualify {' and '.join(_bounds(query, metric)[1:])}"
    elif not query.of_change:
        where = ""
    first = "range_start" if query.operation in ("compare", "change") and not _is_single(query) else "period_start"
    first = "within_start" if query.within else first
    beside = ["is_beside"] if query.beside else []
    largest = [f"{metric.name} desc"] if query.of and query.operation == "value" else []  # the parts of a whole
    return f"{where}\norder by {', '.join([first, *largest, *beside, *map(quoted, query.splits)])}"


def _ranked(query: MetricQuery, metric: Metric, key: str) -> str:
    """Highest or lowest first; what is still open or not known is not ranked, nor is a rise among the drops."""
    conditions = _bounds(query, metric)
    measured = _measured(query, metric)
    if query.of_change:
        conditions += ["is_complete", f"{measured} {'>' if query.operation == 'highest' else '<'} 0"]
    else:
        ranks_periods = not query.by or (query.is_by_period and query.within_each == "value")
        conditions += [f"{measured} is not null", *(["is_complete"] if ranks_periods else [])]
    order = f"{measured} {'desc' if query.operation == 'highest' else 'asc'}"
    nth = _nth(query, measured, order)
    where = f"\nwhere {' and '.join(dict.fromkeys(conditions))}"
    if query.within_each:
        each = "period_start" if query.within_each == "period" else quoted(query.by or "")
        first = f"\nqualify rank() over (partition by {each} order by {order}) <= {query.limit or 1:d}"
        return f"{where}{first}\norder by {each}, {order}, {key}, period_start"
    return f"{where}{nth}\norder by {order}, {key}\nlimit {query.limit or RANKED:d}"


def _nth(query: MetricQuery, measured: str, order: str) -> str:
    """Only what has the figure that stands in this place; equals share it."""
    everything = "rows between unbounded preceding and unbounded following"
    window = f"(order by {order} {everything})"
    return f"\nqualify {measured} = nth_value({measured}, {query.nth:d}) over {window}" if query.nth else ""


def _condition(filters: Iterable[SegmentFilter]) -> str:
    conditions = [f"{quoted(one.segment)} in ({', '.join(map(literal, one.values))})" for one in filters]
    return " and ".join(conditions) or "true"


def _within(query: MetricQuery, column: str) -> str:
    parts = [
        f"{column} = {literal(start)}" if start == end else f"{column} between {literal(start)} and {literal(end)}"
        for start, end in query.ranges
    ]
    if query.only:
        parts = [f"{column} in ({', '.join(map(literal, query.only))})"]
    return parts[0] if len(parts) == 1 else f"({' or '.join(parts)})"


# cohorts


def counted(metric: Metric) -> str:
    """The column of those who are counted of a cohort."""
    if metric.numerator.startswith("cohort_size -"):
        return "gone_users"
    return metric.numerator if metric.numerator != "cohort_size" else "retained_users"


def _cohorts(query: MetricQuery, catalogue: Catalogue) -> str:
    [metric] = catalogue.asked(query)
    table = "retention_by_segment" if query.filters or query.by else "retention_triangle"
    is_ranked = query.operation in ("highest", "lowest")
    by_cohort = (is_ranked and not query.by) or (query.operation == "series" and query.age is not None) or query.each
    compares_ranges = query.operation in ("compare", "change") and query.against_start is not None
    conditions = [_within(query, "cohort_start"), _condition(query.filters)]
    if query.age is not None:
        conditions.append(f"period_number = {query.age:d}")
    if query.ages:
        conditions.append(f"period_number in ({', '.join(f'{age:d}' for age in query.ages)})")
    if query.to_age is not None:
        conditions.append(f"period_number <= {query.to_age:d}")
    # Of several cohorts only those count whose cell is complete: an open one would pull the pooled rate down.
    if not by_cohort and metric.name != "cohort_size" and (query.start != query.end or compares_ranges):
        conditions.append("is_complete")
    key = "cohort_start" if by_cohort else "period_number"
    if compares_ranges:
        key = f"{_range_start(query, 'cohort_start')} as range_start"
        key += ", period_number" if query.age is None else ""
    if query.each:
        key = "cohort_start, period_number"
    users = metric.numerator if counted(metric) == "gone_users" else counted(metric)
    counts = {"cohort_size": "cohort_size", counted(metric): users}
    value = f"sum({metric.numerator})::bigint" if metric.is_count else metric.sql(summed=True)
    selected = [
        key,
        *([quoted(query.by)] if query.by else []),
        "min(cohort_start) as first_cohort_start",
        "max(cohort_start) as last_cohort_start",
        "bool_and(is_complete) as is_complete",
        f"{value} as {metric.name}",
        *(f"sum({column})::bigint as {name}" for name, column in counts.items() if name != metric.name),
    ]
    rows = (
        f"    select\n        {_listed(selected)}\n    from {table}_{SUFFIXES[query.grain]}\n"
        f"    where {' and '.join(condition for condition in conditions if condition != 'true')}\n    group by all"
    )
    order = [key.split(" as ")[-1], *([quoted(query.by)] if query.by else [])]
    bounds = _bounds(query, metric)
    where = f"\nwhere {' and '.join(bounds)}" if bounds else ""
    tail = f"{where}\norder by {', '.join(order)}"
    if is_ranked:
        direction = "desc" if query.operation == "highest" else "asc"
        tie = quoted(query.by) if query.by else "cohort_start"
        nth = _nth(query, metric.name, f"{metric.name} {direction}")
        tail = f"\nwhere is_complete{nth}\norder by {metric.name} {direction}, {tie}\nlimit {query.limit or RANKED:d}"
    return f"with answers as (\n{rows}\n)\n\nselect * from answers{tail}"


# what a change is made of


def parts(metric: Metric) -> list[Part]:
    """What a metric's change is made of: the flows of active users, else the summands of its ratio."""
    if metric.name == "active_users":
        return [Part("new_users", "gain"), Part("resurrected_users", "gain"), Part("churned_users", "loss")]
    numerator = [Part(column, "numerator") for column in _columns(metric.numerator)]
    if metric.denominator is None:
        return numerator if len(numerator) > 1 else []
    return [*numerator, *(Part(column, "denominator") for column in _columns(metric.denominator))]


def _explained(query: MetricQuery, catalogue: Catalogue) -> str:
    """The change of a metric between two ranges, by its identity and by every segment; either adds up exactly.

    A ratio r = n / d changes by (change of n - r before * change of d) / d now. That is linear in n and d, so it can be
    taken apart over whatever n and d are sums over: their summands, and the values of a segment.
    """
    metric = catalogue.metrics[query.metric]
    fixed = {one.segment for one in query.filters if len(one.values) == 1}  # has no parts
    segments = [name for name in catalogue.segments if name not in fixed and catalogue.kind(query.metric) != ROLLING]
    if not segments:
        source = "growth_metrics_" + SUFFIXES[query.grain] if catalogue.kind(query.metric) != ROLLING else None
    else:
        source = "growth_by_segment_" + SUFFIXES[query.grain]
    cells = (
        f"    select *\n    from {source}\n    where {_within(query, 'period_start')} and {_condition(query.filters)}"
        if source
        else "    select *, activity_date as period_start\n    from active_users_rolling\n"
        f"    where {_within(query, 'activity_date')}"
    )

    def now(expression: str) -> str:
        return f"coalesce(sum({expression}) filter (where period_start >= {literal(query.start)}), 0)"

    def then(expression: str) -> str:
        return f"coalesce(sum({expression}) filter (where period_start < {literal(query.start)}), 0)"

    top, bottom = metric.numerator, metric.denominator
    d_now, d_then = (now(bottom), then(bottom)) if bottom else ("1", "1")
    moved_top, moved_bottom = f"({now(top)} - {then(top)})", f"({d_now} - {d_then})" if bottom else "0"
    ratio = "any_value(value_then) * " if bottom else "0 * "
    rows = [
        "    select 0 as position, 'total' as dimension, 'total' as part, value_then as before, value_now as after,\n"
        "        value_now - value_then as contribution\n    from totals"
    ]
    for number, part in enumerate(parts(metric), start=1):
        moved = f"({now(part.column)} - {then(part.column)})"
        contribution = {
            "gain": now(part.column),
            "loss": f"-{now(part.column)}",
            "numerator": f"{moved} / nullif(any_value(d_now), 0)",
            "denominator": f"-any_value(value_then) * {moved} / nullif(any_value(d_now), 0)",
        }[part.side]
        rows.append(
            f"    select {number}, 'identity', '{part.column}', {then(part.column)}, {now(part.column)},\n"
            f"        {contribution}\n    from cells cross join totals"
        )
    for segment in segments:
        name = quoted(segment)
        rows.append(
            f"    select 100, {literal(segment)}, {name},\n"
            f"        {then(top)} / nullif({d_then}, 0), {now(top)} / nullif({d_now}, 0),\n"
            f"        ({moved_top} - {ratio}{moved_bottom}) / nullif(any_value(totals.d_now), 0)\n"
            f"    from cells cross join totals\n    group by {name}"
        )
    union = "\n    union all\n".join(rows)
    return (
        f"with cells as (\n{cells}\n),\n\n"
        f"totals as (\n    select\n        {d_now} as d_now,\n        {now(top)} / nullif({d_now}, 0) as value_now,\n"
        f"        {then(top)} / nullif({d_then}, 0) as value_then\n    from cells\n),\n\n"
        f"parts as (\n{union}\n)\n\n"
        "select\n    dimension,\n    part,\n    before::double as before,\n    after::double as after,\n"
        "    contribution::double as contribution\nfrom parts\n"
        "order by position, dimension, abs(contribution) desc, part"
    )
