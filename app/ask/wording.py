"""The result of a metric query in words. Templates only: every figure in a sentence is a cell of the result."""

from __future__ import annotations

from typing import Any

import pandas as pd

from app import words
from app.ask.catalogue import COHORTS, DAYS_ACTIVE, Catalogue
from app.ask.cohort_wording import CohortTeller
from app.ask.days_wording import DaysTeller
from app.ask.metric_query import MetricQuery
from app.ask.period_wording import PeriodTeller
from app.ask.phrasing import range_name
from app.ask.teller import Said, Teller
from app.queries.catalogue import Metric


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
    tellers: dict[str, type[Teller]] = {COHORTS: CohortTeller, DAYS_ACTIVE: DaysTeller}
    teller = tellers.get(catalogue.kind(query.metric), PeriodTeller)
    said = teller(query, frame, detail, catalogue).say()
    if query.by in frame and said.sentence.startswith(tuple(map(str, frame[query.by]))):
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
