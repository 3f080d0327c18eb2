"""Asking, from the outside: opens the warehouse, has the question read, never raises."""

from __future__ import annotations

import functools
import logging
import traceback
from pathlib import Path
from typing import Any, Literal

import duckdb
import yaml

from app import warehouse
from app.ask import catalogue as catalogues
from app.ask import model, sandbox, wording
from app.ask.answer import WAY_ON, Answer, from_reading
from app.ask.catalogue import Catalogue
from app.ask.metric_query import Clarify, MetricQuery, Refused, SegmentFilter, Unanswerable
from app.ask.model import Endpoint, ModelError
from app.ask.reader import REFUSAL, Read, read
from app.ask.tokens import tokenise
from app.warehouse import Snapshot, WarehouseError

log = logging.getLogger(__name__)

Reader = Literal["auto", "builtin", "model"]


def ask(
    question: str,
    *,
    db: Snapshot | None = None,
    context: MetricQuery | None = None,
    page_filters: tuple[SegmentFilter, ...] = (),
    reader: Reader = "auto",
    endpoint: Endpoint | None = None,
) -> Answer:
    """Answers a question about the published warehouse; what goes wrong is an answer too.

    Parameters
    ----------
    db        the version to ask; default the one that is published now
    context   the metric query of the question before
    page_filters  what the page around the question is filtered by
    reader    auto: the built-in one, and a model, if one is configured, for what it cannot read; or one of the two
    endpoint  the model; default the configured one
    """
    try:
        db = db or warehouse.current()
        catalogue = catalogues.of(db)
        found = read(question, catalogue, context, page_filters)
        is_auto = reader == "auto"
        wants_model = reader == "model" or (is_auto and _is_unsure(found))
        if wants_model and not isinstance(found.reading, Refused):
            try:
                if endpoint := endpoint or model.configured():
                    return _with_model(question, db, catalogue, context, endpoint, found, trusts_builtin=is_auto)
            except ModelError as error:
                return _built_in(db, catalogue, found, f"{error} This is the built-in reader's answer.")
        answer = _built_in(db, catalogue, found)
        return answer.reviewed() if is_reviewed(question, answer) else answer
    except WarehouseError as error:
        return Answer("failed", f"{error} {error.advice}")
    except catalogues.NoDataError as error:
        return Answer("unanswerable", str(error))
    except duckdb.Error as error:
        log.error("ask: %s", type(error).__name__)
        return Answer("failed", "The warehouse could not be read. Run `make refresh`, then ask again.")
    except Exception as error:  # whatever a question brings to light, its author gets a sentence
        place = traceback.extract_tb(error.__traceback__)[-1]  # no message and no path: either could tell too much
        log.error("ask: %s in %s, line %s", type(error).__name__, place.name, place.lineno)
        return Answer("failed", f"This question brought out a fault of the ask box. {WAY_ON}")


def _built_in(db: Snapshot, catalogue: Catalogue, found: Read, *remarks: str) -> Answer:
    answer = from_reading(db, catalogue, found.reading, (*found.notes, *remarks))
    if answer.status != "answered":
        return answer
    ignored = ", ".join(f"“{one}”" for one in found.ignored)
    said = (f"I did not take account of {ignored}.",) if ignored else ()
    answer = answer.after(*said, *found.first_of_all)
    return answer.with_note(f"Taken for no part of the question: “{found.aside}”.") if found.aside else answer


def _is_unsure(found: Read) -> bool:
    is_left_open = isinstance(found.reading, Clarify | Unanswerable) and not found.reading.is_certain
    return bool(found.ignored) or is_left_open


def _with_model(
    question: str,
    db: Snapshot,
    catalogue: Catalogue,
    context: MetricQuery | None,
    endpoint: Endpoint,
    found: Read,
    *,
    trusts_builtin: bool,
) -> Answer:
    """The answer by a model's reading. Raises `ModelError`."""
    reading = model.read(question, catalogue, context, endpoint)
    if reading.kind == "needs_sql":
        return _by_generated_sql(question, db, catalogue, endpoint)
    if reading.metric_query is not None:
        return from_reading(db, catalogue, reading.metric_query, ("Read by a model: see how it was understood.",))
    if trusts_builtin:
        return _built_in(db, catalogue, found)
    said: dict[str, Clarify | Unanswerable | Refused] = {
        "clarify": Clarify(message=f"The question can be understood in several ways. {WAY_ON}"),
        "unanswerable": Unanswerable(message="The warehouse does not hold what this asks for."),
        "refused": Refused(message=REFUSAL),
    }
    return from_reading(db, catalogue, said[reading.kind])


def _by_generated_sql(question: str, db: Snapshot, catalogue: Catalogue, endpoint: Endpoint) -> Answer:
    """The second lane: SQL by a model, behind the sandbox's walls, repaired at most once."""
    tables = sandbox.readable_tables(db)
    failed: tuple[str, str] | None = None
    for _ in range(2):
        sql = model.write_sql(question, catalogue, tables, endpoint, failed)
        try:
            result = sandbox.run(sql, warehouse.path(), tables)
        except (sandbox.ForbiddenSqlError, sandbox.SqlFailedError) as error:
            failed = (sql, str(error))
            continue
        if warehouse.published_version() != db.version:
            # The sandbox opens the file that is published; the page shows the version it holds.
            return Answer("failed", "A new version of the data was published while this was answered. Ask again.")
        notes = ["Written by a model and not checked against the definitions: read the SQL before relying on it."]
        if result.is_cut:
            notes.append(f"Only the first {sandbox.MOST_ROWS:,} rows are shown.")
        return Answer(
            "answered",
            wording.of_rows(result.frame),
            "generated SQL",
            sql=sql,
            frame=result.frame,
            as_of=catalogue.as_of,
            notes=tuple(notes),
        )
    reason = failed[1] if failed else ""
    return Answer(
        "failed",
        f"No metric answers this, and the SQL written for it could not be run: {reason} {WAY_ON}",
        sql=failed[0] if failed else None,
        as_of=catalogue.as_of,
    )


@functools.cache
def reviewed_questions() -> list[dict[str, Any]]:
    """The project's own questions, with what each has to be read as and the SQL that gives the right result."""
    text = Path(__file__).with_name("reviewed_questions.yml").read_text(encoding="utf-8")
    return list(yaml.safe_load(text))


@functools.cache
def _reviewed() -> dict[tuple[str, ...], dict[str, Any]]:
    return {
        tuple(token.text for token in tokenise(question)): entry
        for entry in reviewed_questions()
        for question in entry["questions"]
        if entry["status"] == "answered"
    }


def is_reviewed(question: str, answer: Answer) -> bool:
    """Whether a question is on the reviewed list and was read as it says there; dates move with the data."""
    entry = _reviewed().get(tuple(token.text for token in tokenise(question)))
    if entry is None or answer.metric_query is None or answer.trust is None:
        return False
    expected = MetricQuery.model_validate(entry["metric_query"])
    kept: dict[str, object] = {
        "asks": answer.metric_query.asks,
        "start": answer.metric_query.start,
        "end": answer.metric_query.end,
    }
    kept |= {"against_start": answer.metric_query.against_start, "against_end": answer.metric_query.against_end}
    return expected.changed(**kept) == answer.metric_query
