"""What the warehouse says about itself: metrics, segments, refreshes, tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from app.warehouse import Snapshot, once_a_version


def quoted(name: str) -> str:
    """An identifier, safe in SQL whatever a user called it."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class Metric:
    """A row of `meta.metrics`."""

    name: str
    label: str
    description: str
    formula: str
    numerator: str
    unit: str
    direction: str
    denominator: str | None  # None for a count

    @property
    def is_count(self) -> bool:
        return self.denominator is None

    @property
    def help(self) -> str:
        """Definition and formula, for hover help."""
        return f"{self.description}\n\nFormula: {self.formula}"

    def sql(self, *, summed: bool = False) -> str:
        """The metric as an expression over the columns of its model; `summed`, over the sums of several rows."""
        numerator, denominator = (
            f"sum({part})" if summed else f"({part})" for part in (self.numerator, self.denominator)
        )
        return numerator if self.is_count else f"{numerator} / nullif({denominator}, 0)"


@dataclass(frozen=True)
class Refresh:
    """What is said about a refresh wherever its figures are shown."""

    finished_at: datetime
    as_of: datetime | None  # None: no event has been accepted
    tests_passed: int


@once_a_version
def metrics(db: Snapshot, model: str) -> dict[str, Metric]:
    """The metrics of a model (`growth_metrics`, `retention_triangle`, `active_users_rolling`), by name."""
    rows = db.read(
        """
        select name, label, description, formula, numerator, unit, direction, coalesce(denominator, '') as denominator
        from meta.metrics
        where model = $model
        """,
        {"model": model},
    )
    return {
        name: Metric(name, label, description, formula, numerator, unit, direction, denominator or None)
        for name, label, description, formula, numerator, unit, direction, denominator in rows.to_numpy()
    }


def dictionary(db: Snapshot) -> pd.DataFrame:
    """Every metric there is."""
    return db.read(
        "select label, description, formula, unit, direction, model, name from meta.metrics order by model, name"
    )


@once_a_version
def segments(db: Snapshot) -> list[str]:
    """The columns users are grouped by; they are configured, there may be none."""
    rows = db.read("""
        select column_name
        from duckdb_columns()
        where database_name = 'warehouse' and schema_name = 'main'
            and table_name = 'growth_by_segment_monthly' and data_type = 'VARCHAR'
        order by column_index
    """)
    return list(rows["column_name"])


@once_a_version
def segment_values(db: Snapshot, segment: str) -> list[str]:
    """The values of a segment, the one with most users first."""
    column = quoted(segment)
    rows = db.read(f"select {column} as value from dim_users group by all order by count(*) desc, value")
    return list(rows["value"])


def refreshes(db: Snapshot) -> pd.DataFrame:
    """Every published refresh, the newest first."""
    return db.read("select * from meta.refresh_log order by finished_at desc")


@once_a_version
def last_refresh(db: Snapshot) -> Refresh:
    """The refresh that made this version."""
    row = refreshes(db).iloc[0]
    as_of = None if pd.isna(row["as_of_date"]) else row["as_of_date"].to_pydatetime()
    return Refresh(row["finished_at"].to_pydatetime(), as_of, int(row["tests_passed"]))


def rejected_reasons(db: Snapshot) -> pd.DataFrame:
    """How many lines could not be used, by reason and file."""
    return db.read("""
        select reason, file, count(*) as lines
        from meta.rejected_rows
        group by all
        order by lines desc, reason, file
    """)


def rejected_rows(db: Snapshot, limit: int) -> pd.DataFrame:
    """The lines that could not be used, at most `limit`."""
    return db.read(f"select file, line, reason, raw_line from meta.rejected_rows order by file, line limit {limit:d}")


def tables(db: Snapshot) -> pd.DataFrame:
    """Every table and view: name (with its schema unless it is main), what it holds, its rows (unknown for a view)."""
    return db.read("""
        with relations as (
            select schema_name, table_name, comment, estimated_size as rows
            from duckdb_tables() where database_name = 'warehouse'
            union all
            select schema_name, view_name, comment, null
            from duckdb_views() where database_name = 'warehouse' and not internal
        )
        select
            if(schema_name = 'main', table_name, schema_name || '.' || table_name) as name,
            schema_name, table_name, comment, rows
        from relations
        order by schema_name <> 'main', schema_name <> 'meta', schema_name, table_name
    """)


def columns(db: Snapshot, schema: str, table: str) -> pd.DataFrame:
    """The columns of a table: name, type, what they hold."""
    return db.read(
        """
        select column_name as name, data_type as type, comment
        from duckdb_columns()
        where database_name = 'warehouse' and schema_name = $schema and table_name = $table
        order by column_index
        """,
        {"schema": schema, "table": table},
    )


def sample(db: Snapshot, schema: str, table: str, limit: int) -> pd.DataFrame:
    """The first rows of a table."""
    return db.read(f"select * from {quoted(schema)}.{quoted(table)} limit {limit:d}")
