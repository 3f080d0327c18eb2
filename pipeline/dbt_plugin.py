"""dbt-duckdb's door to the inputs, named in profiles.yml: each table of the dbt source `raw` is loaded here.

Only dbt imports it: the rest of the pipeline starts a second sooner without dbt.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from pipeline.inputs import Inputs, check_inputs
from pipeline.landing import source_query, source_relation
from pipeline.settings import data_dir


class Plugin(BasePlugin):
    def initialize(self, plugin_config: dict[str, Any]) -> None:
        self.inputs: Inputs | None = None
        self.lock = threading.Lock()  # dbt loads sources from several threads

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        Path(creds.path).parent.mkdir(parents=True, exist_ok=True)  # of a fresh clone, there is no target/ yet

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        self.connection = conn
        # What an earlier run has read may have changed since.
        conn.execute("drop schema if exists raw cascade; create schema raw; drop schema if exists work cascade")

    def load(self, source_config: Any) -> Any:
        with self.lock:
            if self.inputs is None:
                checked = os.environ.get("CHECKED_INPUTS")  # a refresh has looked at the files already
                self.inputs = (
                    Inputs.load(Path(checked)) if checked else check_inputs(data_dir(), source_config["event_columns"])
                )
                # Made here, with the first source (macros/load_sources.sql), and then found to be there: what is
                # returned for a view dbt-duckdb registers with each of its hundred cursors, and to bind the files takes
                # a millisecond a file.
                events = source_query(self.inputs, "event_stream")
                self.connection.execute(f"create or replace view raw.event_stream as {events}")
        return source_relation(self.connection.cursor(), self.inputs, source_config.identifier)
