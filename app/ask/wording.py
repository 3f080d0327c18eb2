"""The result of a metric query in words. Templates only: every figure in a sentence is a cell of the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pandas as pd

from app import words
from app.ask import compile as compiled
from app.ask.catalogue import COHORTS, ROLLING, Catalogue
from app.ask.metric_query import Grain, MetricQuery
from app.ask.phrasing import at, chosen, range_name
from app.queries.catalogue import Metric

LISTED = 12  # periods named one by one in a sentence
SMALL_COHORT = 30
NO_CAUSE = "The data shows where it changed, not why."


@dataclass(frozen=True)
class Said:
    """A sentence, remarks beside it, and whether it gives what was asked for."""

    sentence: str
    notes: tuple[str, ...] = ()
    is_answer: bool = True


Row = dict[str, Any]


def outside(query: MetricQuery, catalogue: Catalogue) -> str | None:
    """What to say if the data cannot hold the answer: too early, or not yet; None if it can."""
    grain = query.grain
    if query.operation == "define":
        return None
    first, last = catalogue.first_period(grain), catalogue.open_period(grain)
    covers = f"the data covers {words.day(catalogue.first)} to {words.day(catalogue.as_of)}"
    for start, end in ((query.start, query.end), (query.against_start, query.against_end)):
        if start is None or end is None:
            continue
        name = range_name(start, end, grain)
        if end < first:
            if (start, end) == (query.against_start, query.against_end):
                return f"There is no data for {name}, which it would be compared with: {covers}."
            return f"There is no data for {name}: {covers}."
        if start > last:
            return f"{name} is not yet known: {covers}."
    if query.age is not None:
        cell = catalogue.shifted(query.start, query.age, grain)
        if cell > last:
            when = words.period(cell, grain) if cell.year < 9000 else "far in the future"
            who = range_name(query.start, query.end, grain)
            return f"Not yet known: {words.count(query.age, grain)} after {who} is {when}, and {covers}."
    if query.operation == "explain" and not catalogue.is_complete(query.end, grain):
        return (
            f"Not yet known: {words.period(query.end, grain)} is still open, and who churned is known when it ends. "
            f"The latest complete {grain} is {words.period(catalogue.latest_complete(grain), grain)}."
        )
    return None


def say(query: MetricQuery, frame: pd.DataFrame, detail: pd.DataFrame | None, catalogue: Catalogue) -> Said:
    """The answer to a query, from its result."""
    teller = _Cohorts if catalogue.kind(query.metric) == COHORTS else _Periods
    said = teller(query, frame, detail, catalogue).say()
    if query.by and query.operation in ("highest", "lowest"):
        return said  # begins with a value, which is written as it is
    return Said(said.sentence[:1].upper() + said.sentence[1:], said.notes, said.is_answer)


def of_rows(frame: pd.DataFrame) -> str:
    """What generated SQL gave: the one cell there is, or how many rows."""
    if frame.shape == (1, 1):
        value: Any = frame.iat[0, 0]
        shown = (
            "no value" if value is None or pd.isna(value) else f"{value:,}" if isinstance(value, int) else str(value)
        )
        return f"The generated SQL gives {shown}."
    return f"The generated SQL gives {words.count(len(frame), 'row')}, in the table."


def definition(metric: Metric) -> str:
    """A metric's definition in one line."""
    return f"{metric.label}: {metric.description} Formula: {metric.formula}."


class _Teller:
    def __init__(
        self, query: MetricQuery, frame: pd.DataFrame, detail: pd.DataFrame | None, catalogue: Catalogue
    ) -> None:
        self.query, self.frame, self.detail, self.catalogue = query, frame, detail, catalogue
        self.metrics = [catalogue.metrics[name] for name in query.metrics]
        self.metric = self.metrics[0]
        self.rows: list[Row] = [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]
        self.grain: Grain = query.grain
        self.notes: list[str] = []

    def say(self) -> Said:
        if not self.rows:
            return self.nothing()
        sentence = getattr(self, self.query.operation)()
        if isinstance(sentence, Said):
            return sentence
        return Said(sentence, tuple(self.notes))

    def nothing(self) -> Said:
        if self.query.above is not None or self.query.below is not None:
            return Said(
                f"No {self.query.by or self.grain} fits: {self.label} {self.was} never {self.threshold} {self.at}."
            )
        if self.query.of_change:
            verb = "rose" if self.query.operation == "highest" else "fell"
            return Said(f"{self.label}{self.where} {verb} in no {self.query.by or self.grain} {self.at}.")
        if self.query.operation in ("highest", "lowest"):
            return Said(f"No {self.grain} in {self.when} has ended with a known {self.label}.", is_answer=False)
        return Said(f"There is no data for {self.label} in {self.when}{self.where}.", is_answer=False)

    def define(self) -> str:
        """What a metric means and how it is computed."""
        return " ".join(f"{row['label']}: {row['description']} Formula: {row['formula']}." for row in self.rows)

    @property
    def label(self) -> str:
        return self.metric.label[0].lower() + self.metric.label[1:]

    @property
    def when(self) -> str:
        return range_name(self.query.start, self.query.end, self.grain)

    @property
    def at(self) -> str:
        """When, as part of a sentence: in Q2 2026, on 5 Jun 2026, from 1 Jun 2026 to 9 Jun 2026."""
        return at(self.when)

    @property
    def where(self) -> str:
        # the values of the segment that splits the figure are the rows themselves
        filters = tuple(one for one in self.query.filters if one.segment != self.query.by)
        return f" ({chosen(filters)})" if filters else ""

    @property
    def was(self) -> str:
        """People were, a rate was."""
        return "were" if self.metric.is_count else "was"

    @property
    def rank(self) -> str:
        """Highest or lowest; of people most or fewest."""
        if not self.metric.is_count:
            return self.query.operation
        return "most" if self.query.operation == "highest" else "fewest"

    @property
    def threshold(self) -> str:
        parts = []
        if self.query.above is not None:
            parts.append(f"above {words.number(self.query.above, self.metric.unit)}")
        if self.query.below is not None:
            parts.append(f"below {words.number(self.query.below, self.metric.unit)}")
        return " and ".join(parts)

    def number(self, value: Any, metric: Metric | None = None) -> str:
        return words.number(float(value), (metric or self.metric).unit)

    def known(self, value: Any) -> bool:
        return value is not None and bool(pd.notna(value))

    def open_mark(self, row: Row) -> str:
        return "" if row["is_complete"] else " so far (still open)"

    def period(self, row: Row, key: str = "period_start") -> str:
        return words.period(row[key], self.grain)

    def segment(self, row: Row) -> str:
        return str(row[self.query.by or ""])


class _Periods(_Teller):
    """Metrics of periods: growth accounting and rolling activity."""

    def value(self) -> str | Said:
        if self.query.by:
            return self.by_segment()
        row = self.rows[0]
        said = [self.figure(metric, row) for metric in self.metrics]
        if not any(self.known(row[metric.name]) for metric in self.metrics):
            return self.unknown(row)
        if self.detail is not None:
            self.list_detail()
        self.first_seen()
        answer = ". ".join(part[0].upper() + part[1:] for part in said) + "."
        if self.threshold:
            value = float(row[self.metric.name])
            fits = (self.query.above is None or value > self.query.above) and (
                self.query.below is None or value < self.query.below
            )
            return (
                f"{'Yes' if fits else 'No'}, {'' if fits else 'not '}{self.threshold}: {answer[0].lower()}{answer[1:]}"
            )
        return answer

    def figure(self, metric: Metric, row: Row) -> str:
        """Churn rate in Jun 2026 was 41.9% (216 of 515)."""
        label = metric.label[0].lower() + metric.label[1:]
        value = row[metric.name]
        if not self.known(value):
            return f"{label} {self.at}{self.where}: {self.reason(metric, row)}"
        if self.query.operation == "average" and metric.is_count:
            return f"{label} {self.at}{self.where}: {float(value):,.1f} on average per {self.grain}"
        several = " together" if self.query.start != self.query.end else ""
        number = f"{self.number(value, metric)}{self.made_of(metric, row)}{several}{self.open_mark(row)}"
        return f"{label} {self.at}{self.where}{':' if metric.is_count else ' was'} {number}"

    def made_of(self, metric: Metric, row: Row) -> str:
        """What a ratio was divided from: 216 of 515, 311 / 76."""
        if metric.is_count or metric.denominator is None or metric.denominator not in row:
            return ""
        columns = compiled.measures([metric])
        if not all(column in row and self.known(row[column]) for column in columns):
            return ""
        top = sum(int(row[column]) for column in columns if column != metric.denominator)
        joiner = "of" if metric.unit == "share" else "against"
        return f" ({top:,} {joiner} {int(row[metric.denominator]):,})"

    def reason(self, metric: Metric, row: Row) -> str:
        if not row["is_complete"]:
            return "not yet known, because the period is still open"
        if self.catalogue.kind(metric.name) == ROLLING:
            return "not known, because there are not enough days of history before it"
        return words.absence(metric, row.get(metric.denominator or ""), True)

    def unknown(self, row: Row) -> str:
        """A period whose figure is not known: why, and the latest one where it is."""
        verb = "are" if self.metric.is_count else "is"
        said = f"{self.label} {self.at}{self.where} {verb} {self.reason(self.metric, row)}."
        if self.reason(self.metric, row) in (
            "nobody churned",
            "nobody was active the period before",
            "no period before it",
        ):
            said = f"{self.label} {self.at}{self.where} has no value: {self.reason(self.metric, row)}."
        if not row["is_complete"]:
            latest = words.period(self.catalogue.latest_complete(self.grain), self.grain)
            self.notes.append(f"The latest complete {self.grain} is {latest}.")
        return said

    def list_detail(self) -> None:
        detail = cast(pd.DataFrame, self.detail)
        for metric in self.metrics:
            if len(detail) <= LISTED:
                self.notes.append(f"{metric.label} by {self.grain}: {self.listed(detail.to_dict('records'), metric)}.")
        if not detail["is_complete"].all() and (self.query.operation == "average" or not self.metric.is_count):
            self.notes.append(f"{words.period(self.query.end, self.grain)} is still open and is left out.")
        if not self.metric.is_count:
            self.notes.append("Rates are not averaged: the counts of all these periods are summed, then divided.")

    def listed(self, rows: Any, metric: Metric) -> str:
        return ", ".join(
            f"{words.period(row['period_start'], self.grain)} "
            + (self.number(row[metric.name], metric) if self.known(row[metric.name]) else self.reason(metric, row))
            + ("" if row["is_complete"] or not self.known(row[metric.name]) else " so far")
            for row in rows
        )

    def first_seen(self) -> None:
        uses_new = {"new_users", "gained_users"} & set(self.query.metrics)
        if uses_new and self.query.start <= self.catalogue.first_period(self.grain):
            self.notes.append(
                f"New in {words.period(self.catalogue.first_period(self.grain), self.grain)} means first seen since "
                "the data starts."
            )

    def by_segment(self) -> str:
        name = words.title(self.query.by or "").lower()
        parts = []
        for row in self.rows[:LISTED]:
            figures = [
                (self.number(row[m.name], m) if self.known(row[m.name]) else self.reason(m, row))
                + (f" {m.label.lower()}" if len(self.metrics) > 1 else "")
                for m in self.metrics
            ]
            parts.append(f"{self.segment(row)} {', '.join(figures)}")
        self.more(len(self.rows))
        self.first_seen()
        labels = " and ".join(metric.label for metric in self.metrics)
        mark = "" if self.rows[0]["is_complete"] else ", so far (still open)"
        return f"{labels} by {name} {self.at}{self.where}{mark}: {'; '.join(parts)}."

    def more(self, rows: int) -> None:
        if rows > LISTED:
            self.notes.append(f"{rows - LISTED} more stand in the table.")

    def average(self) -> str | Said:
        return self.value()

    def series(self) -> str | Said:
        if self.query.above is not None or self.query.below is not None:
            return self.beyond()
        said = []
        if self.query.by:
            periods = len({row["period_start"] for row in self.rows})
            values = len({row[self.query.by] for row in self.rows})
            label = " and ".join(metric.label.lower() for metric in self.metrics)
            self.open_note()
            return (
                f"{label} by {words.title(self.query.by).lower()} and {self.grain}, {self.when}{self.where}: "
                f"{words.count(values, 'value')} over {words.count(periods, self.grain)}, in the table."
            )
        for metric in self.metrics:
            known = [row for row in self.rows if self.known(row[metric.name]) and row["is_complete"]]
            if len(self.rows) <= LISTED:
                said.append(f"{metric.label}{self.where} by {self.grain}: {self.listed(self.rows, metric)}")
            elif known:
                first, last = known[0], known[-1]
                top = max(known, key=lambda row: float(row[metric.name]))
                low = min(known, key=lambda row: float(row[metric.name]))
                said.append(
                    f"{metric.label}{self.where} went from "
                    f"{self.number(first[metric.name], metric)} in {self.period(first)} "
                    f"to {self.number(last[metric.name], metric)} in {self.period(last)}, highest "
                    f"{self.number(top[metric.name], metric)} in {self.period(top)}, lowest "
                    f"{self.number(low[metric.name], metric)} in {self.period(low)}"
                )
            else:
                said.append(f"{metric.label}{self.where} is not known {self.at}")
        self.open_note()
        self.first_seen()
        return ". ".join(said) + "."

    def open_note(self) -> None:
        still_open = [row for row in self.rows if not row["is_complete"]]
        if still_open:
            self.notes.append(
                f"{self.period(still_open[-1])} is still open: its counts so far, its rates not yet known."
            )

    def beyond(self) -> str:
        """The periods, or values, where the metric is above or below."""
        names = [
            self.segment(row) if self.query.by and self.query.start == self.query.end else self.period(row)
            for row in self.rows
        ]
        figures = [f"{name} ({self.number(row[self.metric.name])})" for name, row in zip(names, self.rows, strict=True)]
        more = f" and {len(figures) - LISTED} more" if len(figures) > LISTED else ""
        what = "value" if self.query.by else self.grain
        return (
            f"{self.label}{self.where} {self.was} {self.threshold} "
            f"in {words.count(len(figures), what)} of {self.when}: "
            f"{', '.join(figures[:LISTED])}{more}."
        )

    def largest_change(self) -> str:
        """The period, or value, that rose or fell most."""
        top, what = self.rows[0], "rise" if self.query.operation == "highest" else "drop"
        name = self.segment if self.query.by else self.period
        said = (
            f"{name(top)} had the biggest {what} of {self.label}{self.where}: "
            f"{words.change(float(top['change']), None, self.metric.unit)}, from {self.number(top['before'])} "
            f"to {self.number(top[self.metric.name])}"
        )
        following = self.rows[1 : max(self.query.limit or 0, 3)]
        rest = ", ".join(f"{name(r)} {words.change(float(r['change']), None, self.metric.unit)}" for r in following)
        what = words.title(self.query.by).lower() if self.query.by else self.grain
        return f"{said}, of every {what} {self.at}{f'; then {rest}' if rest else ''}."

    def highest(self) -> str:
        if self.query.of_change:
            return self.largest_change()
        top = self.rows[0]
        value = top[self.metric.name]
        ties = [row for row in self.rows if row[self.metric.name] == value]
        name = self.segment if self.query.by else self.period
        winners = " and ".join(name(row) for row in ties)
        what = words.title(self.query.by).lower() if self.query.by else self.grain
        verb = "had" if len(ties) == 1 else "share"
        said = (
            f"{winners} {verb} the {self.rank} {self.label}{self.where}, {self.number(value)}"
            f"{self.made_of(self.metric, top)}"
        )
        scope = f", of every {what} {self.at}"
        following = self.rows[len(ties) : max(self.query.limit or 0, len(ties) + 2)]
        if following:
            rest = (f"{name(row)} with {self.number(row[self.metric.name])}" for row in following)
            said += f"{scope}; then {', '.join(rest)}"
        else:
            said += scope
        if not self.query.by and not self.catalogue.is_complete(self.query.end, self.grain):
            self.notes.append(f"{words.period(self.query.end, self.grain)} is still open and is not ranked.")
        elif self.query.by and not top["is_complete"]:
            self.notes.append(
                f"{words.period(self.catalogue.open_period(self.grain), self.grain)} is still open: counts so far."
            )
        self.first_seen()
        return f"{said}."

    lowest = highest

    def share(self) -> str:
        label = self.label
        parts = [
            f"{self.segment_of(row)} {words.number(row['share'], 'share')} "
            f"({int(row[self.metric.name]):,} of {int(row['total']):,})"
            for row in self.rows[:LISTED]
            if self.known(row["share"])
        ]
        if not parts:
            return f"nobody counts as {label} {self.at}{self.where}, so there are no shares."
        mark = "" if self.rows[0]["is_complete"] else ", so far (still open)"
        filters = tuple(f for f in self.query.filters if f.segment not in self.rows[0])
        where = f" ({chosen(filters)})" if filters else ""
        self.first_seen()
        return f"share of {label} {self.at}{where}{mark}: {'; '.join(parts)}."

    def segment_of(self, row: Row) -> str:
        return str(row[self.query.by or self.query.filters[0].segment])

    def compare(self) -> str | Said:
        if self.query.by and not self.query.against_start:
            return self.compare_values()
        return self.change()

    def compare_values(self) -> str:
        known = [row for row in self.rows if self.known(row[self.metric.name])]
        said = self.by_segment()
        if len(known) < 2:
            return said
        top = max(known, key=lambda row: float(row[self.metric.name]))
        low = min(known, key=lambda row: float(row[self.metric.name]))
        difference = float(top[self.metric.name]) - float(low[self.metric.name])
        if difference == 0:
            return f"{said} They are equal."
        return (
            f"{said} {self.segment(top)} is {words.change(difference, None, self.metric.unit).lstrip('+')} higher "
            f"than {self.segment(low)}."
        )

    def change(self) -> str | Said:
        query = self.query
        if query.by:
            return self.change_by_segment()
        before = next((row for row in self.rows if row["range_start"].date() == query.against_start), None)
        after = next((row for row in self.rows if row["range_start"].date() == query.start), None)
        then = range_name(query.against_start or query.start, query.against_end or query.end, self.grain)
        if after is None or before is None:
            missing = then if before is None else self.when
            return Said(f"There is no data for {missing}, so there is nothing to compare.", is_answer=False)
        said = []
        for metric in self.metrics:
            label = metric.label[0].lower() + metric.label[1:]
            old, new = before[metric.name], after[metric.name]
            if not self.known(old) or not self.known(new):
                which, row = (then, before) if not self.known(old) else (self.when, after)
                said.append(f"{label} in {which} has no value to compare: {self.reason(metric, row)}")
                continue
            old, new = float(old), float(new)
            difference = new - old
            relative = difference / old if old else None
            verb = "rose" if difference > 0 else "fell" if difference < 0 else "stayed the same"
            amount = f" by {words.change(difference, relative, metric.unit).lstrip('+-')}" if difference else ""
            said.append(
                f"{self.verdict(difference)}{label}{self.where} {verb}{amount.replace('(-', '(')}: "
                f"from {self.number(old, metric)}{self.made_of(metric, before)} in {then} "
                f"to {self.number(new, metric)}{self.made_of(metric, after)} in {self.when}{self.open_mark(after)}"
            )
        return ". ".join(part[0].upper() + part[1:] for part in said) + "."

    def verdict(self, difference: float) -> str:
        """Confirms or corrects what the question takes for granted."""
        if self.query.claim is None:
            return ""
        is_so = difference > 0 if self.query.claim == "rose" else difference < 0
        if self.query.operation == "explain":
            return "" if is_so else f"it did not {'rise' if self.query.claim == 'rose' else 'fall'}: "
        return "" if is_so else "no: "

    def change_by_segment(self) -> str:
        by = self.query.by or ""
        parts = []
        for value, rows in pd.DataFrame(self.rows).groupby(by, sort=False):
            cells = {row["range_start"].date(): row[self.metric.name] for row in rows.to_dict("records")}
            old, new = cells.get(self.query.against_start), cells.get(self.query.start)
            if self.known(old) and self.known(new):
                parts.append(
                    f"{value} {self.number(old)} to {self.number(new)} "
                    f"({words.change(float(cast(float, new)) - float(cast(float, old)), None, self.metric.unit)})"
                )
        then = range_name(
            self.query.against_start or self.query.start, self.query.against_end or self.query.end, self.grain
        )
        return (
            f"{self.metric.label} by {words.title(by).lower()}{self.where}, {then} to {self.when}: {'; '.join(parts)}."
        )

    def explain(self) -> str | Said:
        query, metric = self.query, self.metric
        then = range_name(query.against_start or query.start, query.against_end or query.end, self.grain)
        total = self.rows[0]
        old, new = total["before"], total["after"]
        if not self.known(old) or not self.known(new):
            which = then if not self.known(old) else self.when
            reason = words.absence(metric, 0, True)
            return f"{self.label} in {which} has no value ({reason}), so there is no change to explain."
        difference = float(total["contribution"])
        verb = "rose" if difference > 0 else "fell" if difference < 0 else "stayed the same"
        amount = words.change(difference, None, metric.unit).lstrip("+-")
        said = [
            f"{self.verdict(difference)}{self.label}{self.where} {verb}{f' by {amount}' if difference else ''}, "
            f"from {self.number(old)} in {then} to {self.number(new)} in {self.when}"
        ]
        identity = [row for row in self.rows if row["dimension"] == "identity"]
        if identity:
            said.append(self.identity(identity))
        segments = [row for row in self.rows if row["dimension"] not in ("identity", "total")]
        if segments and difference:
            said.append(self.segments(segments, difference))
        self.notes.append(NO_CAUSE)
        if len(self.rows) > 1:
            self.notes.append("The parts of the identity add up to the change, and so do those of each segment.")
        return ". ".join(part[0].upper() + part[1:] for part in said) + "."

    def identity(self, rows: list[Row]) -> str:
        if self.query.metric == "active_users":
            flows = {row["part"]: int(row["after"]) for row in rows}
            return (
                f"{words.signed(flows['new_users'])} new, {words.signed(flows['resurrected_users'])} came back, "
                f"{words.signed(-flows['churned_users'])} churned"
            )
        parts = []
        for row in rows:
            label = (
                self.catalogue.metrics[row["part"]].label.lower()
                if row["part"] in self.catalogue.metrics
                else row["part"]
            )
            adds = words.change(float(row["contribution"]), None, self.metric.unit)
            parts.append(f"{label} went from {int(row['before']):,} to {int(row['after']):,} ({adds})")
        return f"{self.metric.formula}: " + ", ".join(parts)

    def segments(self, rows: list[Row], difference: float) -> str:
        parts = []
        for dimension in dict.fromkeys(row["dimension"] for row in rows):
            largest = max(
                (row for row in rows if row["dimension"] == dimension and self.known(row["contribution"])),
                key=lambda row: float(row["contribution"]) * (1 if difference > 0 else -1),
                default=None,
            )
            if largest is not None:
                adds = words.change(float(largest["contribution"]), None, self.metric.unit)
                parts.append(f"{words.title(dimension).lower()} {largest['part']} ({adds})")
        return f"the largest part by segment: {', '.join(parts)}"


class _Cohorts(_Teller):
    """Retention of first-time cohorts."""

    @property
    def age(self) -> str:
        return f"after {words.count(self.query.age or 0, self.grain)}"

    @property
    def later(self) -> str:
        return " or later" if "or_later" in self.query.metric else ""

    def retained_column(self) -> str:
        return self.metric.numerator if self.metric.numerator != "cohort_size" else "retained_users"

    def counts(self, row: Row) -> str:
        name = self.metric.name if self.metric.is_count else self.retained_column()
        retained: Any = row.get(name, row.get(self.retained_column()))
        size = row["cohort_size"]
        rate = f" ({words.number(retained / size, 'share')})" if size else ""
        return f"{int(retained):,} of {int(size):,}{rate}"

    def cohort_name(self, row: Row) -> str:
        return range_name(row["first_cohort_start"].date(), row["last_cohort_start"].date(), self.grain)

    def who(self, row: Row) -> str:
        return f"users first seen {at(self.cohort_name(row))}{self.where}"

    def value(self) -> str:
        row = self.rows[0]
        if self.query.by:
            parts = [f"{self.segment(row)} {self.counts(row)}" for row in self.rows]
            return f"active {self.age}{self.later}, of {self.who(self.rows[0])}: {'; '.join(parts)}."
        if self.metric.name == "cohort_size":
            mark = "" if row["is_complete"] else " so far (still open)"
            return f"{int(row['cohort_size']):,} {self.who(row)}{mark}."
        self.remarks(self.rows)
        verb = "was" if int(row.get(self.retained_column(), 2)) == 1 else "were"
        mark = "" if row["is_complete"] else " so far (that period is still open)"
        return f"{self.counts(row)} {self.who(row)} {verb} active {self.age}{self.later}{mark}{self.cell(row)}."

    def cell(self, row: Row) -> str:
        if row["first_cohort_start"] != row["last_cohort_start"]:
            return (
                f", pooled over {self.grain}ly cohorts whose cell is complete"
                if self.grain != "day"
                else ", pooled over daily cohorts whose cell is complete"
            )
        cell = self.catalogue.shifted(row["first_cohort_start"].date(), self.query.age or 0, self.grain)
        return f", in {words.period(cell, self.grain)}"

    def remarks(self, rows: list[Row]) -> None:
        small = [self.cohort_name(row) for row in rows if int(row["cohort_size"]) < SMALL_COHORT]
        if small and len(rows) == 1:
            self.notes.append(f"The cohort is small (under {SMALL_COHORT} users): read it with care.")

    def series(self) -> str:
        if self.query.by:
            return (
                f"{self.metric.label} by {words.title(self.query.by).lower()} of {self.when}{self.where}: in the table."
            )
        if self.query.age is None:
            parts = [
                f"{row['period_number']}: {self.shown(row)}{'' if row['is_complete'] else ' so far'}"
                for row in self.rows[: LISTED + 1]
            ]
            self.more_ages()
            cohorts = "cohort" if self.query.start == self.query.end else "cohorts"
            who = f"the {self.when} {cohorts}{self.where}"
            return f"{self.metric.label} of {who} by {self.grain} of age: {', '.join(parts)}."
        parts = [
            f"{self.cohort_name(row)} {self.shown(row)}{'' if row['is_complete'] else ' so far'}"
            for row in self.rows[-LISTED:]
        ]
        more = f" (the last {LISTED})" if len(self.rows) > LISTED else ""
        what = f"{self.metric.label} {self.age}{self.later}" if self.metric.name != "cohort_size" else self.metric.label
        if self.threshold:
            cohorts = words.count(len(self.rows), "cohort")
            return f"{what}{self.where} {self.was} {self.threshold} in {cohorts}{more}: {', '.join(parts)}."
        return f"{what} by cohort{self.where}{more}: {', '.join(parts)}."

    def more_ages(self) -> None:
        if len(self.rows) > LISTED + 1:
            self.notes.append(f"{len(self.rows) - LISTED - 1} more ages stand in the table.")

    def shown(self, row: Row) -> str:
        return self.number(row[self.metric.name])

    def highest(self) -> str:
        top = self.rows[0]
        ties = [row for row in self.rows if row[self.metric.name] == top[self.metric.name]]
        names = [self.segment(row) if self.query.by else self.cohort_name(row) for row in ties]
        what = words.title(self.query.by or "").lower() if self.query.by else "cohort"
        self.remarks(ties)
        verb = "has" if len(ties) == 1 else "share"
        detail = "" if self.metric.name == "cohort_size" else f" {self.age}{self.later}"
        counts = self.number(top[self.metric.name]) if self.metric.name == "cohort_size" else self.counts(top)
        return (
            f"{' and '.join(names)} {verb} the {self.rank} {self.label.split(',')[0]}{detail}{self.where} "
            f"of every {what}: {counts}."
        )

    lowest = highest

    def compare(self) -> str:
        if self.query.by:
            return self.value()
        parts = [f"{self.cohort_name(row)} {self.counts(row)}" for row in self.rows]
        self.remarks(self.rows)
        if len(self.rows) < 2:
            return f"active {self.age}{self.later}: {parts[0]}; the other cohort's is not yet known."
        return f"active {self.age}{self.later}, of users first seen in{self.where}: {'; '.join(parts)}."

    def change(self) -> str:
        return self.compare()
