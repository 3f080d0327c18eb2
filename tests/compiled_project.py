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

from pipeline.inputs import check_inputs
from pipeline.landing import source_relation

ROOT = Path(__file__).resolve().parent.parent


class CompiledProject:
    """The models of one `dbt compile`; `example` is a data folder whose files have the columns of those to come."""

    def __init__(self, folder: Path, example: Path, dbt_vars: dict[str, Any]) -> None:
        self.vars = dbt_vars
        target = folder / "target"
        environment = os.environ | {
            "DATA_DIR": str(example),
            "WAREHOUSE_BUILD_PATH": str(folder / "warehouse.duckdb"),
            "DBT_TARGET_PATH": str(target),
            "DBT_LOG_PATH": str(folder / "logs"),
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "-m", "dbt.cli.main", "compile", "--quiet", "--vars", json.dumps(dbt_vars)]
        subprocess.run(command, cwd=ROOT / "analytics_dbt", env=environment, check=True, capture_output=True)
        manifest = json.loads((target / "manifest.json").read_text())
        models = {name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "model"}
        self.models: list[dict[str, Any]] = []
        while models:  # in the order of their dependencies
            for name in [n for n, node in models.items() if not set(node["depends_on"]["nodes"]) & set(models)]:
                self.models.append(models.pop(name))

    def run(self, data_dir: Path) -> duckdb.DuckDBPyConnection:
        """Build every model from these files, in memory; returns the connection."""
        connection = duckdb.connect()
        connection.execute("set TimeZone = 'UTC'; attach ':memory:' as warehouse; use warehouse")
        for schema in ("raw", "staging", "intermediate"):
            connection.execute(f"create schema {schema}")
        inputs = check_inputs(data_dir)
        for source in ("event_stream", "user_aliases", "excluded_users", "input_files", "malformed_lines"):
            connection.register("source", source_relation(connection, inputs, source))
            connection.execute(f"create table raw.{source} as select * from source")
            connection.unregister("source")
        for model in self.models:
            kind = model["config"]["materialized"]
            if kind != "ephemeral":
                connection.execute(f"create {kind} {model['schema']}.{model['name']} as {model['compiled_code']}")
        return connection


def rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    """All rows of a table, as dicts."""
    cursor = connection.execute(f"select * from {table}")
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
