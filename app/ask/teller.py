"""What the sentences about periods and about cohorts have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from app import words
from app.ask.catalogue import Catalogue
from app.ask.metric_query import Grain, MetricQuery
from app.ask.phrasing import at, chosen, range_name
from app.ask.tokens import ORDINALS
from app.queries.catalogue import Metric

LISTED = 12  # periods named one by one in a sentence
MANY_TIMES = 1.5  # from here on a figure is said to be so many times another

Row = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """A sentence, remarks beside it, and whether it gives what was asked for."""

    sentence: str
    notes: tuple[str, ...] = ()
    is_answer: bool = True


class Teller:
    """Tells the result of one query."""

    def __init__(
        self, query: MetricQuery, frame: pd.DataFrame, detail: pd.DataFrame | None, catalogue: Catalogue
    ) -> None:
        self.query, self.frame, self.detail, self.catalogue = query, frame, detail, catalogue
        self.metrics = catalogue.asked(query)
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
        query = self.query
        if query.operation == "since":
            latest = words.period(self.catalogue.latest_complete(self.grain), self.grain)
            return Said(
                f"Not now: {self.label}{self.where} {self.fits(negated=True)} in {latest}, the latest one known."
            )
        if query.bounds or query.of_change:
            no = "No: " if query.asks in ("whether", "every") else ""
            return Said(f"{no}{self.label}{self.where} {self.fits()} in no {query.by or self.grain} {self.at}.")
        if query.operation in ("highest", "lowest"):
            return Said(f"No {self.grain} in {self.when} has ended with a known {self.label}.", is_answer=False)
        return Said(f"There is no data for {self.label} in {self.when}{self.where}.", is_answer=False)

    def fits(self, *, negated: bool = False) -> str:
        """What a period within the bounds has in common: was above 30.0%, fell, rose by more than 5."""
        query = self.query
        if not query.of_change:
            return f"{self.was} {'not ' if negated else ''}{self.threshold}"
        rose = query.operation == "highest" or (query.operation != "lowest" and any(v >= 0 for _, v in query.bounds))
        rose = rose and ("<", 0.0) not in query.bounds
        verb = ("rise" if rose else "fall") if negated else ("rose" if rose else "fell")
        by = [
            f"{'more than' if sign in '<>' else 'at least'} {self.amount(abs(value))}"
            for sign, value in query.bounds
            if value
        ]
        return f"{'did not ' if negated else ''}{verb}{f' by {by[0]}' if by else ''}"

    def amount(self, change: float) -> str:
        """How far something moved, without a sign: 5, 1.2 points, 10.0%."""
        if self.query.relative:
            return f"{change:.1%}"
        return words.change(change, None, self.metric.unit).lstrip("+")

    def define(self) -> str:
        """What a metric means and how it is computed."""
        return " ".join(f"{row['label']}: {row['description']} Formula: {row['formula']}." for row in self.rows)

    @property
    def label(self) -> str:
        if self.query.less and self.query.bounds:
            return self.catalogue.metrics[self.query.metric].label.lower()
        return self.metric.label[0].lower() + self.metric.label[1:]

    @property
    def when(self) -> str:
        """The periods that count: of a range, where only complete ones do, not the one that is still open."""
        end = self.query.end
        if self.counts_complete and self.query.start != end:
            end = max(self.query.start, min(end, self.catalogue.latest_complete(self.grain)))
        return range_name(self.query.start, end, self.grain)

    @property
    def counts_complete(self) -> bool:
        """Whether an open period is left out."""
        query = self.query
        averages = query.operation in ("average", "median")
        picks = not query.by and query.operation in ("highest", "lowest", "first", "last", "since")
        pools = query.operation != "series" and not self.metric.is_count and not query.of
        return picks or averages or pools or bool(query.bounds) or query.of_change

    @property
    def at(self) -> str:
        """When, as part of a sentence: in Q2 2026, on 5 Jun 2026, from 1 Jun 2026 to 9 Jun 2026."""
        return at(self.when)

    @property
    def where(self) -> str:
        # the values of the segment that splits the figure are the rows themselves
        filters = tuple(one for one in self.query.filters if one.segment != self.query.by)
        return f" ({chosen(filters, self.catalogue)})" if filters else ""

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
    def place(self) -> str:
        """Second, 21st; nothing for the first."""
        nth = self.query.nth
        if nth is None or nth == 1:
            return ""
        names = {number: name for name, number in ORDINALS.items()}
        return f"{names.get(nth, f'{nth}th')} "

    @property
    def threshold(self) -> str:
        """Above 30.0%, at least 5, exactly 0, more than churned users."""
        query, named = self.query, {">": "above", "<": "below", ">=": "at least", "<=": "at most"}
        if query.less:
            other = self.catalogue.metrics[query.less].label.lower()
            return f"{'more' if query.above is not None else 'fewer'} than {other}"
        if query.at_least is not None and query.at_least == query.at_most:
            return f"exactly {self.number(query.at_least)}"
        return " and ".join(f"{named[sign]} {self.number(value)}" for sign, value in query.bounds)

    def number(self, value: Any, metric: Metric | None = None) -> str:
        return words.number(float(value), (metric or self.metric).unit)

    def known(self, value: Any) -> bool:
        return value is not None and bool(pd.notna(value))

    def open_mark(self, row: Row) -> str:
        return "" if row["is_complete"] else " so far (still open)"

    def period(self, row: Row, key: str = "period_start") -> str:
        return words.period(row[key], self.grain)

    def ago(self, row: Row) -> None:
        """Notes how long ago a period was, if that is asked."""
        if self.query.asks != "ago":
            return
        start, now = row["period_start"].date(), self.catalogue.open_period(self.grain)
        passed = self.catalogue.periods_between(start, now, self.grain) - 1
        said = f"{self.period(row)} was {words.count(passed, self.grain)} ago"
        self.notes.append(f"{said[0].upper()}{said[1:]}, counted from {words.period(now, self.grain)}.")

    def segment(self, row: Row) -> str:
        return " and ".join(str(row[segment]) for segment in self.query.splits)

    def are_equal(self, rows: list[Row]) -> bool:
        return len({float(row[self.metric.name]) for row in rows}) == 1

    def which_is_higher(self, rows: list[Row]) -> str:
        """How far the highest of values is above the lowest: what an either-or question asks."""
        top, low = (pick(rows, key=lambda row: float(row[self.metric.name])) for pick in (max, min))
        if self.are_equal(rows):
            return "they are equal."
        high, least = float(top[self.metric.name]), float(low[self.metric.name])
        more = words.change(high - least, None, self.metric.unit).lstrip("+")
        is_many = self.metric.is_count and least and high / least > MANY_TIMES
        times = f" ({high / least:.1f} times as many)" if is_many else ""
        return f"{self.segment(top)} is {more} higher than {self.segment(low)}{times}."

    @property
    def split_name(self) -> str:
        """By what the figure is split: platform, platform and country."""
        return " and ".join(words.title(segment).lower() for segment in self.query.splits)


def plural(noun: str) -> str:
    """Several of a noun."""
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun != "day" else f"{noun}s"
