"""What a refresh can take over from the published warehouse, and when it has to start from nothing instead."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from pipeline.build import project_vars
from pipeline.inputs import InputFile, Inputs, quote
from pipeline.landing import source_types
from pipeline.settings import DBT_PROJECT, ROOT

# With more new lines than this share of all of them, computing everything is quicker.
MOST = 0.5


@dataclass(frozen=True)
class Published:
    """What the published warehouse was built from: its event files by name, dbt vars and code."""

    event_files: Mapping[str, InputFile]
    dbt_vars: Mapping[str, Any]
    code: str | None

    @classmethod
    def read(cls, warehouse: Path) -> Published | None:
        """None when there is no warehouse, or one that does not say what it was built from."""
        if not warehouse.exists():
            return None
        try:
            with duckdb.connect() as connection:
                connection.execute(f"attach {quote(warehouse)} as published (read_only); use published")
                [(dbt_vars, code)] = connection.execute(
                    "select vars, code from meta.refresh_log order by refresh_id desc limit 1"
                ).fetchall()
                files = connection.execute(
                    f"""
                    select {_FILE_COLUMNS} from meta.input_files
                    where source = 'event_stream' and file not in (
                        -- a line of it that lay in the future may have come due: such a file is read again
                        select source_file from staging.base_events
                        where reject_reason = 'event time in the future' and event_at < ?
                    )
                    """,
                    [datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1)],
                ).fetchall()
        except duckdb.Error:
            return None
        return cls({row[0]: _input_file(row) for row in files}, json.loads(dbt_vars), code)

    def why_not(self, overrides: Mapping[str, Any]) -> str | None:
        """Why a refresh with these dbt vars cannot start from this warehouse; None when it can."""
        if self.code is None:
            return "dbt built what is published by hand"
        if self.code != code_fingerprint():
            return "the code changed"
        wanted = json.loads(json.dumps(project_vars(overrides), default=str))
        changed = [name for name in wanted | self.dbt_vars if wanted.get(name) != self.dbt_vars.get(name)]
        return f"dbt var {', '.join(changed)} changed" if changed else None

    def why_not_from(self, inputs: Inputs) -> str | None:
        """Why these inputs cannot be added to this warehouse; None when they can."""
        ours, theirs = (
            list(source_types(files, "event_stream").items())
            for files in (self.event_files.values(), inputs.of("event_stream"))
        )
        if ours != theirs:
            return "the event files have other columns"
        files = inputs.of("event_stream")
        loaded = sum(file.rows_read for file in files if file.is_loaded)
        if loaded > MOST * sum(file.rows_read for file in files):
            return "most of the lines are new"
        return None


_FILE_COLUMNS = "file, source, format, delimiter, columns, size_bytes, modified_ns, changed_ns, sha256, rows_read"


def _input_file(row: tuple[Any, ...]) -> InputFile:
    name, source, kind, delimiter, columns, *rest = row
    return InputFile(Path(name), name, source, kind, delimiter, json.loads(columns), *rest)


def input_file_row(file: InputFile) -> tuple[Any, ...]:
    """A row of meta.input_files."""
    return (
        file.name, file.source, file.format, file.delimiter, json.dumps(dict(file.columns)), file.size_bytes,
        file.modified_ns, file.changed_ns, file.sha256, file.rows_read,
    )  # fmt: skip


def code_fingerprint() -> str:
    """Digest of everything but inputs and vars that the tables depend on."""
    digest = hashlib.sha256(f"{version('duckdb')} {version('dbt-core')} {version('dbt-duckdb')}".encode())
    paths = [DBT_PROJECT / "dbt_project.yml", ROOT / "pipeline" / "inputs.py", ROOT / "pipeline" / "landing.py"]
    paths += sorted(path for room in ("macros", "models") for path in (DBT_PROJECT / room).rglob("*") if path.is_file())
    for path in paths:
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()
