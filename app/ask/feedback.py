"""Thumbs up and down for answers, in a small SQLite file beside the warehouse and never in it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from app import warehouse
from app.ask.answer import Answer


def path() -> Path:
    """The file: `ASK_FEEDBACK_PATH`, default `ask_feedback.sqlite` beside the warehouse."""
    configured = os.environ.get("ASK_FEEDBACK_PATH")
    return warehouse.ROOT / configured if configured else warehouse.path().with_name("ask_feedback.sqlite")


def keep(question: str, answer: Answer, *, is_good: bool) -> None:
    """Keeps a verdict: when, question, how it was read, status, good or not. Raises `sqlite3.Error` if it cannot."""
    query = answer.metric_query.model_dump_json() if answer.metric_query else None
    row = (datetime.now(UTC).isoformat(timespec="seconds"), question, query, answer.status, answer.trust, is_good)
    with closing(sqlite3.connect(path(), timeout=5)) as database, database:
        database.execute(
            "create table if not exists feedback "
            "(at text, question text, metric_query text, status text, trust text, is_good integer)"
        )
        database.execute("insert into feedback values (?, ?, ?, ?, ?, ?)", row)
