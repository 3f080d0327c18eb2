"""From a question to an answer: read, compile, run, say. One path, whichever way the question was read."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal

import duckdb
import pandas as pd

from app import words
from app.ask import compile as compiled
from app.ask import wording
from app.ask.catalogue import COHORTS, Catalogue
from app.ask.metric_query import Clarify, InvalidQueryError, MetricQuery, Reading, Refused, Unanswerable
from app.ask.phrasing import range_name
from app.warehouse import Snapshot

log = logging.getLogger(__name__)

Status = Literal["answered", "clarify", "unanswerable", "refused", "failed"]
MOST_ROWS = 1000
WAY_ON = "Ask again, or say it in other words."


@dataclass(frozen=True)
class Answer:
    """What comes back for a question.

    status   answered, clarify, unanswerable, refused or failed
    answer   the sentence
    trust    verified (a reviewed question), metric (compiled from definitions), generated SQL; None: no figure
    frame    the result
    detail   the same figure by period, where the result sums several
    options  questions to ask instead
    """

    status: Status
    answer: str
    trust: Literal["verified", "metric", "generated SQL"] | None = None
    metric_query: MetricQuery | None = None
    sql: str | None = None
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    detail: pd.DataFrame | None = None
    as_of: date | None = None
    notes: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def reviewed(self) -> Answer:
        """The same answer to a question that people have checked."""
        return replace(self, trust="verified")

    def after(self, *said: str) -> Answer:
        """The same answer, with sentences before it that its reader has to know first."""
        return replace(self, answer=" ".join((*said, self.answer)), notes=(*said, *self.notes))

    def with_note(self, note: str) -> Answer:
        """The same answer, with one more note."""
        return replace(self, notes=(*self.notes, note))

    def to_json(self) -> dict[str, Any]:
        """The answer as JSON knows it; a figure that is not known is null."""
        return {
            "status": self.status,
            "answer": self.answer,
            "trust": self.trust,
            "metric_query": self.metric_query.model_dump(mode="json") if self.metric_query else None,
            "sql": self.sql,
            "columns": [str(name) for name in self.frame.columns],
            "rows": [[_plain(cell) for cell in row] for row in self.frame.itertuples(index=False)],
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "notes": [*self.notes, *(f"You could ask: {option}" for option in self.options)],
        }

    def to_text(self) -> str:
        """The answer for a terminal."""
        lines = [self.answer]
        if not self.frame.empty:
            lines += ["", self.frame.head(20).to_string(index=False), "", self.sql or ""]
        lines += ["", *self.to_json()["notes"]]
        if self.as_of:
            trust = f"{self.trust}, " if self.trust else ""
            lines.append(f"{trust}data complete up to, not including, {words.day(self.as_of)}")
        return "\n".join(lines)


def _plain(cell: Any) -> Any:
    if cell is None or (not isinstance(cell, str | list | dict) and pd.isna(cell)):
        return None
    if isinstance(cell, date | datetime):
        return f"{cell:%Y-%m-%d}"
    return cell.item() if hasattr(cell, "item") else cell


def from_reading(db: Snapshot, catalogue: Catalogue, reading: Reading, notes: tuple[str, ...] = ()) -> Answer:
    """The answer to a question that has been read."""
    if isinstance(reading, Refused):
        return Answer("refused", reading.message, as_of=catalogue.as_of)
    if isinstance(reading, Clarify):
        return Answer("clarify", reading.message, as_of=catalogue.as_of, notes=notes, options=reading.options)
    if isinstance(reading, Unanswerable):
        return Answer("unanswerable", reading.message, as_of=catalogue.as_of, notes=notes, options=reading.options)
    return of_query(db, catalogue, reading, notes)


def of_query(db: Snapshot, catalogue: Catalogue, query: MetricQuery, notes: tuple[str, ...] = ()) -> Answer:
    """The answer to a metric query."""
    try:
        query = catalogue.checked(query)
        outside = wording.outside(query, catalogue)
        if outside:
            return Answer("unanswerable", outside, metric_query=query, as_of=catalogue.as_of, notes=notes)
        query, clipped = within_data(query, catalogue)
        sql = compiled.sql(query, catalogue)
        frame = db.read(sql)
        detail = _detail(db, catalogue, query)
    except InvalidQueryError as error:
        return Answer("unanswerable", str(error), metric_query=query, as_of=catalogue.as_of, notes=notes)
    except duckdb.Error as error:
        # The message of an engine can name files: only its kind is kept.
        log.error("ask: %s", type(error).__name__)
        return Answer(
            "failed", f"The warehouse could not answer this. {WAY_ON}", metric_query=query, as_of=catalogue.as_of
        )
    said = wording.say(query, frame, detail, catalogue)
    status: Status = "answered" if said.is_answer else "unanswerable"
    return Answer(
        status,
        said.sentence,
        "metric" if said.is_answer else None,
        query,
        sql,
        frame.head(MOST_ROWS),
        detail,
        catalogue.as_of,
        (*notes, *clipped, *said.notes, *_cut(frame)),
    )


def _cut(frame: pd.DataFrame) -> tuple[str, ...]:
    return (f"Only the first {MOST_ROWS:,} of {len(frame):,} rows are shown.",) if len(frame) > MOST_ROWS else ()


def within_data(query: MetricQuery, catalogue: Catalogue) -> tuple[MetricQuery, tuple[str, ...]]:
    """The query over the periods the data has, and a note if that is less than was asked for."""
    first, last = catalogue.first_period(query.grain), catalogue.open_period(query.grain)
    start, end = max(query.start, first), min(query.end, last)
    ranges = [(start, end)] if start > query.start else []  # of what ends too late the answer names the range
    changed = query.changed(start=start, end=end)
    for against_start, against_end in changed.ranges[1:]:
        if against_start < first:
            changed = changed.changed(against_start=first)
            ranges.append((first, against_end))
    has = f"{words.day(catalogue.first)} to {words.day(catalogue.as_of)}"
    notes = (f"The data covers {has}: of what was asked for, {range_name(*each, query.grain)}." for each in ranges)
    return changed, tuple(notes)


def _detail(db: Snapshot, catalogue: Catalogue, query: MetricQuery) -> pd.DataFrame | None:
    """The single periods of a figure over several; for a chart, and to be said beside it."""
    several = query.start != query.end and query.operation in ("value", "average", "median")
    if not several or query.by or query.within or catalogue.kind(query.metric) == COHORTS:
        return None
    return db.read(compiled.sql(query.changed(operation="series"), catalogue))
