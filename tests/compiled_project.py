"""The dbt project's own SQL, compiled by dbt once per set of vars and then run on any number of event streams.

A whole `dbt build` takes seconds; the statements that it would send take a fraction of one. Only the frame differs:
the models are dbt's compiled code, in dbt's order, over the files as `pipeline.landing` reads them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

from pipeline.inputs import InputFile, Inputs, check_inputs
from pipeline.landing import source_relation
from pipeline.published import input_file_row

ROOT = Path(__file__).resolve().parent.parent


class CompiledProject:
    """The models of one `dbt compile`; `example` is a data folder whose files have the columns of those to come."""

    def __init__(self, folder: Path, example: Path, dbt_vars: dict[str, Any]) -> None:
        self.vars = dbt_vars
        self.folder = folder
        self.example = example
        self.models = self._compile("full")

    def _compile(self, mode: str) -> list[dict[str, Any]]:
        """The models, in the order of their dependencies."""
        target = self.folder / "target"
        environment = os.environ | {
            "DATA_DIR": str(self.example),
            "WAREHOUSE_BUILD_PATH": str(self.folder / "warehouse.duckdb"),
            "DBT_TARGET_PATH": str(target),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "PYTHONPATH": str(ROOT),
            "REFRESH_MODE": mode,
        }
        command = [sys.executable, "-m", "dbt.cli.main", "compile", "--quiet", "--threads", "1"]
        command += ["--vars", json.dumps(self.vars)]
        subprocess.run(command, cwd=ROOT / "analytics_dbt", env=environment, check=True, capture_output=True)
        manifest = json.loads((target / "manifest.json").read_text())
        models = {name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "model"}
        in_order = []
        while models:
            for name in [n for n, node in models.items() if not set(node["depends_on"]["nodes"]) & set(models)]:
                in_order.append(models.pop(name))
        return in_order

    def run(self, data_dir: Path) -> duckdb.DuckDBPyConnection:
        """Build every model from these files, in memory; returns the connection."""
        connection = duckdb.connect()
        connection.execute("set TimeZone = 'UTC'; attach ':memory:' as warehouse; use warehouse")
        for schema in ("raw", "work", "staging", "intermediate"):
            connection.execute(f"create schema {schema}")
        load_sources(connection, check_inputs(data_dir))
        for model in self.models:
            kind = "view" if model["config"]["materialized"] == "view" else "table"
            connection.execute(f"create {kind} {model['schema']}.{model['name']} as {model['compiled_code']}")
        return connection


class UpdatedProject(CompiledProject):
    """The project with a warehouse that is kept and updated."""

    def __init__(self, folder: Path, example: Path, dbt_vars: dict[str, Any]) -> None:
        super().__init__(folder, example, dbt_vars)
        self.update_models = self._compile("update")

    def start(self, data_dir: Path) -> None:
        """Build the warehouse from nothing."""
        self.connection = self.run(data_dir)
        self._publish(check_inputs(data_dir))

    def update(self, data_dir: Path) -> list[str]:
        """Bring the warehouse up to these files; returns the names of those that were loaded."""
        inputs = check_inputs(data_dir, published=self.event_files)
        for schema in ("raw", "work"):
            self.connection.execute(f"drop schema {schema} cascade; create schema {schema}")
        load_sources(self.connection, inputs)
        for model in self.update_models:
            table, query = f"{model['schema']}.{model['name']}", model["compiled_code"]
            kind = model["config"]["materialized"]
            if kind == "incremental":
                [predicate] = model["config"]["incremental_predicates"]
                self.connection.execute(f"create or replace temp table new as {query}")
                self.connection.execute(f"delete from {table} where {predicate}")
                self.connection.execute(f"insert into {table} by name from new")
            else:
                self.connection.execute(f"create or replace {kind} {table} as {query}")
        self._publish(inputs)
        return [file.name for file in inputs.of("event_stream") if file.is_loaded]

    def _publish(self, inputs: Inputs) -> None:
        """Leave what the next update reads of this one."""
        self.event_files: dict[str, InputFile] = {file.name: file for file in inputs.of("event_stream")}
        self.connection.execute((ROOT / "pipeline" / "meta.sql").read_text())
        for file in inputs.files:
            row = input_file_row(file)
            self.connection.execute(f"insert into meta.input_files values ({', '.join('?' * len(row))})", row)
        # The other columns of the log are no input of an update.
        self.connection.execute(
            """
            create or replace table meta.refresh_log as
            select '1' as refresh_id, max(as_of_date) as as_of_date from intermediate.int_as_of
            """
        )


def load_sources(connection: duckdb.DuckDBPyConnection, inputs: Inputs) -> None:
    """Make the tables of the dbt source `raw`."""
    for source in ("event_stream", "user_aliases", "excluded_users", "input_files", "malformed_lines"):
        connection.register("source", source_relation(connection, inputs, source))
        connection.execute(f"create table raw.{source} as select * from source")
        connection.unregister("source")


def rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    """All rows of a table, as dicts."""
    cursor = connection.execute(f"select * from {table}")
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables and views of the project, without those that go when it is published."""
    found = connection.execute(
        """
        select table_schema || '.' || table_name from information_schema.tables
        where table_catalog = 'warehouse' and table_schema in ('main', 'intermediate', 'staging') order by 1
        """
    ).fetchall()
    return [name for (name,) in found]
