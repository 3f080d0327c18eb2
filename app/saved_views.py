"""Named views, shared by everybody who uses this dashboard, in a small SQLite file beside the warehouse.

Never in the warehouse: that is replaced by every refresh, and nothing that reads it writes into it.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app import warehouse

QueryParams = dict[str, list[str]]


@dataclass(frozen=True)
class SavedView:
    """A page and the query parameters that restore it."""

    name: str
    path: str  # of the page, relative: the app may live under a path of its own
    query_params: QueryParams


def path() -> Path:
    """The file: `SAVED_VIEWS_PATH`, default `saved_views.sqlite` beside the warehouse."""
    configured = os.environ.get("SAVED_VIEWS_PATH")
    return warehouse.ROOT / configured if configured else warehouse.path().with_name("saved_views.sqlite")


def listed() -> list[SavedView]:
    """All views, by name."""
    if not path().exists():
        return []
    with _database() as database:
        rows = database.execute("select name, path, query_params from views order by lower(name)")
        return [SavedView(name, path, json.loads(query_params)) for name, path, query_params in rows]


def save(view: SavedView) -> None:
    """Keeps a view; one of the same name is replaced. Raises `sqlite3.Error` if the folder cannot be written."""
    with _database() as database:
        row = (view.name, view.path, json.dumps(view.query_params))
        database.execute("insert or replace into views values (?, ?, ?)", row)


def forget(name: str) -> None:
    """Removes a view; nothing happens if there is none of that name."""
    with _database() as database:
        database.execute("delete from views where name = ?", (name,))


@contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(path(), timeout=5)
    try:
        with database:  # commits, or rolls back
            database.execute("create table if not exists views (name text primary key, path text, query_params text)")
            yield database
    finally:
        database.close()
