"""The public door: the command line in a process of its own, and the published file as any reader sees it."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).resolve().parents[1]
DEADLINE = 300  # seconds after which something that should have happened is taken not to

HEADER = "event_time,user_id,event_type"


def csv_text(*lines: str, header: str = HEADER) -> str:
    return "".join(f"{line}\n" for line in (header, *lines))


def json_lines(*objects: Mapping[str, Any]) -> str:
    return "".join(json.dumps(one) + "\n" for one in objects)


def write_parquet(path: Path, query: str) -> None:
    """The rows of a query as a Parquet file; zoned timestamps in the query are read as UTC."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"copy ({query}) to '{path}' (format parquet)")


@dataclass(frozen=True)
class Ledger:
    """A data folder and a warehouse of a test's own."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    @property
    def workshop(self) -> Path:
        return self.folder / ".warehouse"

    def write(self, name: str, content: str | bytes) -> Path:
        """A file in the data folder; one whose name ends in .gz is packed."""
        path = self.data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    def environment(self, **extra: str) -> dict[str, str]:
        leaks = ("DBT_", "WAREHOUSE_", "CHECKED_INPUTS")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(leaks)}
        return inherited | {"DATA_DIR": str(self.data), "WAREHOUSE_PATH": str(self.warehouse)} | extra

    def start(self, *arguments: str, **extra: str) -> subprocess.Popen[str]:
        """A command under way, its output in pipes."""
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline", *arguments],
            cwd=ROOT,
            env=self.environment(**extra),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        """A command that has ended, however it ended."""
        process = self.start(*arguments, **extra)
        stdout, stderr = process.communicate(timeout=DEADLINE)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def refresh(self, *arguments: str, **variables: Any) -> str:
        """A refresh that has to succeed, with these dbt vars; what it said."""
        done = self.run("refresh", *arguments, *_vars(variables))
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout

    def refused(self, *arguments: str, code: int = 1, **variables: Any) -> str:
        """The one line with which a command that has to fail says why."""
        return one_line(self.run(*arguments, *_vars(variables)), code)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the published warehouse."""
        return query(self.warehouse, sql)

    def log(self) -> dict[str, Any]:
        """The last row of meta.refresh_log."""
        with duckdb.connect() as connection:
            connection.execute(f"attach '{self.warehouse}' as warehouse (read_only)")
            answer = connection.execute("from warehouse.meta.refresh_log order by refresh_id desc limit 1")
            [row] = answer.fetchall()
            return dict(zip([name for name, *_ in answer.description], row, strict=True))

    def counts(self) -> tuple[int, ...]:
        """Lines read, accepted, rejected, duplicate, excluded, of the last refresh."""
        kinds = ("read", "accepted", "rejected", "duplicate", "excluded")
        log = self.log()
        return tuple(log[f"rows_{kind}"] for kind in kinds)


def query(warehouse: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a warehouse that is opened for reading only, under the name `warehouse`."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{warehouse}' as warehouse (read_only); use warehouse")
        return connection.execute(sql).fetchall()


def one_line(done: subprocess.CompletedProcess[str], code: int) -> str:
    """What a failed command says: one line, no traceback, after the command's name."""
    assert done.returncode == code, (done.stdout, done.stderr)
    [line] = done.stderr.splitlines()
    command, _, message = line.partition(": ")
    assert command in done.args
    assert message
    return message


def _vars(variables: Mapping[str, Any]) -> Iterable[str]:
    return ("--vars", json.dumps(variables)) if variables else ()
