"""Where SQL runs that this project has not written: three walls, none of which is trusted alone.

1. An allow-list over DuckDB's own parsed form. What is not known is refused: statements, nodes, tables, functions.
2. A connection that reads one file and nothing else, and whose settings are locked.
3. A child process with an empty environment and limits on memory, processor time and files, killed on time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from app.warehouse import HARDENING, Snapshot

MOST_CHARACTERS = 6000
MOST_NODES = 1500
DEEPEST = 60
MOST_ROWS = 1000
SECONDS = 8.0


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Node types of DuckDB's parser, by their fields `type`; whatever is not here is refused.
NODES = _names(
    """
    SELECT_NODE SET_OPERATION_NODE BASE_TABLE JOIN SUBQUERY EMPTY COLUMN_REF STAR VALUE_CONSTANT FUNCTION CASE_EXPR
    OPERATOR_CAST COMPARE_EQUAL COMPARE_NOTEQUAL COMPARE_LESSTHAN COMPARE_GREATERTHAN COMPARE_LESSTHANOREQUALTO
    COMPARE_GREATERTHANOREQUALTO COMPARE_BETWEEN COMPARE_NOT_BETWEEN COMPARE_IN COMPARE_NOT_IN COMPARE_DISTINCT_FROM
    COMPARE_NOT_DISTINCT_FROM CONJUNCTION_AND CONJUNCTION_OR OPERATOR_NOT OPERATOR_IS_NULL OPERATOR_IS_NOT_NULL
    OPERATOR_COALESCE OPERATOR_NULLIF ORDER_MODIFIER LIMIT_MODIFIER DISTINCT_MODIFIER ORDER_DEFAULT ASCENDING
    DESCENDING TYPE WINDOW_AGGREGATE WINDOW_ROW_NUMBER WINDOW_RANK WINDOW_RANK_DENSE WINDOW_LAG WINDOW_LEAD
    WINDOW_FIRST_VALUE WINDOW_LAST_VALUE WINDOW_NTILE WINDOW_PERCENT_RANK WINDOW_CUME_DIST ANY EXISTS NOT_EXISTS
    SCALAR
    """
)
FUNCTIONS = _names(
    """
    + - * / // % || ~~ !~~ ~~* !~~* count count_star sum avg min max median stddev stddev_samp variance any_value
    first last arg_max arg_min bool_and bool_or quantile_cont quantile_disc corr abs round trunc floor ceil ceiling
    greatest least sqrt ln log sign isnan coalesce nullif ifnull if date_trunc date_part date_diff datediff date_add
    datepart datesub date_sub datetrunc year month day quarter week dayofweek isodow dayname monthname strftime
    make_date last_day to_days to_weeks to_months to_years to_quarters lower upper trim length contains starts_with
    substring substr left right row_number rank dense_rank lag lead first_value last_value ntile percent_rank
    cume_dist
    """
)
TYPES = _names(
    """
    BOOLEAN TINYINT SMALLINT INTEGER INT BIGINT HUGEINT FLOAT DOUBLE DECIMAL NUMERIC DATE TIMESTAMP VARCHAR TEXT
    STRING INT4 INT8 FLOAT8 REAL BOOL INTERVAL
    """
)
JOINS = _names(
    """
    INNER LEFT RIGHT OUTER SEMI ANTI
    """
)
# Names that the engine takes for functions: who runs it, where, and a clock.
NO_COLUMNS = _names(
    """
    current_user user session_user current_role current_catalog current_database current_schema current_date
    current_time current_timestamp localtime localtimestamp rowid
    """
)
# Fields that would let a known node do something else.
MUST_BE_EMPTY = ("at_clause", "sample", "rename_list", "ranking_expression")


class ForbiddenSqlError(Exception):
    """The statement is not one of those that may run; the message says why, in words for a reader."""


class SqlFailedError(Exception):
    """The statement was allowed and did not give a result; the message says why, in words for a reader."""


@dataclass(frozen=True)
class Result:
    """What a statement gave: at most `MOST_ROWS` rows; `is_cut` if there were more."""

    frame: pd.DataFrame
    is_cut: bool


def check(sql: str, tables: Collection[str]) -> None:
    """The first wall: passes one SELECT over these tables with known functions. Raises `ForbiddenSqlError`."""
    if not sql.strip():
        raise ForbiddenSqlError("There is no statement.")
    if len(sql) > MOST_CHARACTERS or "\x00" in sql:
        raise ForbiddenSqlError(f"The statement is longer than {MOST_CHARACTERS} characters, or not text.")
    try:
        with duckdb.connect(":memory:", config={"enable_external_access": "false"}) as connection:
            row = connection.execute("select json_serialize_sql($sql)", {"sql": sql}).fetchone()
        parsed = json.loads(row[0]) if row else {"error": True}
    except (duckdb.Error, ValueError, RecursionError):
        raise ForbiddenSqlError("The statement cannot be read.") from None
    if parsed.get("error") is not False:
        raise ForbiddenSqlError("It is not one SELECT that can be read.")
    if len(parsed["statements"]) != 1:
        raise ForbiddenSqlError("It is more than one statement.")
    statement = parsed["statements"][0]
    if statement.get("named_param_map"):
        raise ForbiddenSqlError("It has parameters.")
    _Walk(frozenset(tables)).node(statement["node"], frozenset(), 0)


class _Walk:
    """Visits every node once; knows which names are CTEs where."""

    def __init__(self, tables: frozenset[str]) -> None:
        self.tables = tables
        self.nodes = 0

    def node(self, node: Any, ctes: frozenset[str], depth: int) -> None:
        if isinstance(node, list):
            for item in node:
                self.node(item, ctes, depth + 1)
            return
        if not isinstance(node, dict):
            return
        self.nodes += 1
        if self.nodes > MOST_NODES or depth > DEEPEST:
            raise ForbiddenSqlError("It is too large.")
        kind = node.get("type")
        if isinstance(kind, str) and kind not in NODES:
            raise ForbiddenSqlError(f"It uses {_words(kind)}, which is not allowed.")
        for name in MUST_BE_EMPTY:
            if node.get(name):
                raise ForbiddenSqlError(f"It uses {_words(name)}, which is not allowed.")
        if "cte_map" in node:
            ctes = self.ctes(node["cte_map"], ctes, depth)
        if kind == "BASE_TABLE":
            self.table(node, ctes)
        elif kind == "FUNCTION" or str(kind).startswith("WINDOW_"):
            self.function(node)
        elif kind == "TYPE":
            self.type(node)
        elif kind == "COLUMN_REF" and str(node["column_names"][-1]).lower() in NO_COLUMNS:
            raise ForbiddenSqlError(f"It asks for {node['column_names'][-1]!r}, which is no column of these tables.")
        elif kind == "JOIN" and not (node.get("join_type") in JOINS and node.get("ref_type") in ("REGULAR", "CROSS")):
            raise ForbiddenSqlError("It joins in a way that is not allowed.")
        elif kind == "STAR" and (node.get("columns") or node.get("expr")):
            raise ForbiddenSqlError("It chooses columns by a pattern, which is not allowed.")
        for name, child in node.items():
            if name not in ("cte_map", "literal"):
                self.node(child, ctes, depth + 1)

    def ctes(self, cte_map: Any, outer: frozenset[str], depth: int) -> frozenset[str]:
        names = outer
        for entry in cte_map["map"]:
            name, value = entry["key"].lower(), entry["value"]
            if name in self.tables or name in names:
                raise ForbiddenSqlError(f"It calls something of its own {name!r}, which is the name of a table.")
            if value.get("key_targets") or value.get("payload_aggregates"):
                raise ForbiddenSqlError("It is recursive.")
            self.node(value["query_node"], names, depth + 1)
            names = names | {name}
        return names

    def table(self, node: Mapping[str, Any], ctes: frozenset[str]) -> None:
        path = [str(part).lower() for part in node["qualified_name"]["path"]]
        if len(path) == 1 and (path[0] in ctes or path[0] in self.tables):
            return
        if path[:-1] in (["main"], ["warehouse", "main"]) and path[-1] in self.tables:
            return
        raise ForbiddenSqlError(f"It reads {'.'.join(path)[:60]!r}, which is none of the tables it may read.")

    def function(self, node: Mapping[str, Any]) -> None:
        path = node.get("qualified_name", {}).get("path") or [node.get("function_name", "")]
        name = str(path[-1]).lower()
        if len(path) != 1 or name not in FUNCTIONS or node.get("schema") or node.get("catalog"):
            raise ForbiddenSqlError(f"It calls {name[:40]!r}, which is none of the functions it may call.")

    def type(self, node: Mapping[str, Any]) -> None:
        if str(node.get("type_name", "")).upper() not in TYPES or len(node["qualified_name"]["path"]) != 1:
            raise ForbiddenSqlError("It casts to a type that is not allowed.")


def _words(name: str) -> str:
    return name.lower().replace("_", " ")


def run(sql: str, warehouse: Path, tables: Collection[str], *, seconds: float = SECONDS) -> Result:
    """Runs one SELECT behind all three walls.

    Parameters
    ----------
    warehouse  the file to read
    tables     the tables of its schema main that may be read
    seconds    how long it may take

    Raises `ForbiddenSqlError`, `SqlFailedError`.
    """
    check(sql, tables)
    return run_unchecked(sql, warehouse, seconds=seconds)


def run_unchecked(sql: str, warehouse: Path, *, seconds: float = SECONDS) -> Result:
    """The second and third wall alone, so that each can be tried without the first."""
    request = {"warehouse": str(warehouse), "sql": sql, "rows": MOST_ROWS, "settings": HARDENING, "seconds": seconds}
    command = [sys.executable, "-I", str(Path(__file__).with_name("sandbox_child.py"))]
    try:
        child = subprocess.run(
            command,
            input=json.dumps(request),
            capture_output=True,
            text=True,
            timeout=seconds + 2,
            env={},
            cwd="/",
            check=False,
        )
        reply = json.loads(child.stdout) if child.returncode == 0 else {"error": "It took too much memory or time."}
    except subprocess.TimeoutExpired:
        raise SqlFailedError("It took too long and was stopped.") from None
    except (OSError, ValueError):
        raise SqlFailedError("It gave no result that can be read.") from None
    if "error" in reply:
        raise SqlFailedError(str(reply["error"]))
    rows = [dict(zip(reply["columns"], row, strict=True)) for row in reply["rows"]]
    return Result(pd.DataFrame(rows, columns=list(reply["columns"])), bool(reply["is_cut"]))


def readable_tables(db: Snapshot) -> dict[str, list[str]]:
    """The tables of schema main that hold no row per person, with their columns."""
    columns = db.read("""
        select table_name, column_name
        from duckdb_columns()
        where database_name = 'warehouse' and schema_name = 'main'
        order by table_name, column_index
    """)
    tables = {str(name): list(rows["column_name"]) for name, rows in columns.groupby("table_name")}
    return {name: listed for name, listed in tables.items() if "user_id" not in listed}
