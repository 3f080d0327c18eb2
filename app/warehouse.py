"""The one module that opens the warehouse, and only ever to read it.

A published warehouse is replaced by an atomic rename, never changed. So a version is named by its file's identity, an
open `Snapshot` stays readable for as long as somebody holds it, and noticing a new version costs one `stat`.
"""

from __future__ import annotations

import functools
import os
import pickle
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import duckdb
import pandas as pd

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

ROOT = Path(__file__).resolve().parent.parent

# What the pages read of what the pipeline has added last; a file without it was made by an older version.
EXPECTED_COLUMNS = {
    ("growth_metrics_monthly", "quick_ratio"),
    ("growth_by_segment_monthly", "prior_active_users"),
    ("retention_triangle_monthly", "retained_or_later_users"),
    ("retention_by_segment_monthly", "retained_or_later_users"),
    ("active_users_rolling", "stickiness"),
    ("power_users", "days_active"),
    ("user_lifecycle_monthly", "lifecycle_state"),
    ("dim_users", "active_days"),
    ("fct_events", "properties"),
    ("refresh_log", "tests_passed"),
    ("metrics", "denominator"),
    ("rejected_rows", "reason"),
}

# Beside the published file there is nothing a query of the dashboard has to reach.
HARDENING = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "enable_progress_bar": "false",
    "memory_limit": "'512MB'",
    "lock_configuration": "true",  # last: nothing can be set after it
}

# Of the results that a version keeps, as they pickle; in memory, lists of numbers are four times as large.
KEPT_BYTES = 48_000_000

# In quotes, where it may hold spaces, or bare.
PATHS = r"""(?x) (?<=") [^"]*[/\\][^"]* (?=") | (?<=') [^']*[/\\][^']* (?=') | (?<!\S)(?:[A-Za-z]:)?[/\\][^\s"']+"""


class WarehouseError(Exception):
    """The warehouse cannot be read; the message says what is wrong, `advice` what to do."""

    advice = "Run `make refresh` to build the warehouse anew."


class WarehouseMissing(WarehouseError):
    """Nothing has been published yet."""

    advice = "Put the event files into `data/` and run `make refresh`. This page opens by itself when it is done."


class WarehouseOutdated(WarehouseError):
    """The file was made by another version of this project."""

    advice = "Run `make refresh` to bring it up to this version of the dashboard."


def path() -> Path:
    """The published warehouse: `WAREHOUSE_PATH`, default `warehouse.duckdb`; a relative path counts from here."""
    return ROOT / os.environ.get("WAREHOUSE_PATH", "warehouse.duckdb")


class Results:
    """What was computed from one version, shared by all readers. When there is too much, the longest unused goes."""

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._results: dict[Hashable, Future[Any]] = {}
        self._sizes: OrderedDict[Hashable, int] = OrderedDict()  # of the finished ones, the longest unused first
        self._bytes = 0

    def once(self, key: Hashable, compute: Callable[[], Result]) -> Result:
        """The result of this key; whoever asks while it is computed waits for it. A failure is not kept."""
        with self._lock:
            asked = self._results.get(key)
            if asked is None:
                mine: Future[Result] = Future()
                self._results[key] = mine
            elif key in self._sizes:
                self._sizes.move_to_end(key)
        if asked is not None:
            return cast(Result, asked.result())
        try:
            result = compute()
            size = len(pickle.dumps(result, pickle.HIGHEST_PROTOCOL))
        except BaseException as error:
            with self._lock:
                del self._results[key]
            mine.set_exception(error)
            raise
        mine.set_result(result)
        with self._lock:
            self._sizes[key] = size
            self._bytes += size
            while self._bytes > self._most_bytes:
                unused, freed = self._sizes.popitem(last=False)
                self._bytes -= freed
                del self._results[unused]
        return result


@dataclass(frozen=True)
class Snapshot:
    """One published version, open for reading, and what has been computed from it."""

    version: str
    connection: duckdb.DuckDBPyConnection = field(repr=False, compare=False)
    results: Results = field(default_factory=Results, repr=False, compare=False)

    def read(self, sql: str, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """The result of a query, computed once for this version.

        Parameters
        ----------
        sql     a query; values stand in it as `$name`
        params  the values; those the query does not name are left out

        Raises `duckdb.Error` if the query fails; a failure is not kept.
        """
        named = _named(sql, params)
        values = tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in named.items())
        frame = self.results.once((sql, values), lambda: self.read_uncached(sql, named))
        # A frame of the caller's own, over the same values: pandas copies them if one of the two is written to.
        return frame.copy(deep=False)

    def read_uncached(self, sql: str, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """As `read`, for a large result that is wanted once."""
        # A cursor is a connection of its own to the same database: queries of several sessions run side by side.
        cursor = self.connection.cursor()
        cursor.execute("use warehouse")
        return cursor.execute(sql, _named(sql, params)).df()


def once_a_version(
    function: Callable[Concatenate[Snapshot, Arguments], Result],
) -> Callable[Concatenate[Snapshot, Arguments], Result]:
    """For what many readers look at: computed once for a version and these arguments, which must be hashable.

    The result is shared; leave it as it is.
    """

    @functools.wraps(function)
    def remembered(db: Snapshot, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        return db.results.once((function, args, tuple(kwargs.items())), lambda: function(db, *args, **kwargs))

    return cast(Callable[Concatenate[Snapshot, Arguments], Result], remembered)


def _named(sql: str, params: Mapping[str, Any] | None) -> dict[str, Any]:
    """The values that a query names; DuckDB refuses others."""
    names = set(re.findall(r"\$(\w+)", sql))
    return {name: value for name, value in (params or {}).items() if name in names}


def readable(error: Exception) -> str:
    """An error of the engine in one line for the log: its kind and its message, without the paths it names."""
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {re.sub(PATHS, '…', first)}"


class Warehouse:
    """The file at a path, through all its versions."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None

    def version(self) -> str:
        """Identity of the file that is published now, without opening it. Raises `WarehouseMissing`."""
        try:
            stat = self._file.stat()
        except FileNotFoundError:
            raise WarehouseMissing("There is no warehouse yet.") from None
        return f"{stat.st_ino}-{stat.st_mtime_ns}"

    def current(self) -> Snapshot:
        """The version that is published now; opened once for all sessions. Raises `WarehouseError`."""
        with self._lock:
            version = self.version()
            if self._snapshot is None or self._snapshot.version != version:
                # Sessions in the middle of a run go on reading the version they hold, with what it keeps.
                self._snapshot = Snapshot(version, _open(self._file))
            return self._snapshot


_warehouse = functools.cache(Warehouse)


def current() -> Snapshot:
    """The version that is published now. Raises `WarehouseError`."""
    return _warehouse(path()).current()


def published_version() -> str:
    """The identity of the version that is published now. Raises `WarehouseMissing`."""
    return _warehouse(path()).version()


def _open(file: Path) -> duckdb.DuckDBPyConnection:
    # Attached, not connected to: DuckDB would hand out the replaced file again while any session still holds it.
    connection = duckdb.connect(":memory:")
    try:
        connection.execute(f"attach '{str(file).replace(chr(39), chr(39) * 2)}' as warehouse (read_only)")
        columns = connection.execute("select table_name, column_name from duckdb_columns() where not internal")
        missing = EXPECTED_COLUMNS - set(columns.fetchall())
    except duckdb.Error as error:
        raise WarehouseError(f"The warehouse {file.name} cannot be read ({type(error).__name__}).") from error
    if missing:
        names = ", ".join(sorted(".".join(column) for column in missing))
        raise WarehouseOutdated(f"The warehouse {file.name} lacks {names}.")
    for name, value in HARDENING.items():
        connection.execute(f"set {name} = {value}")
    return connection
