"""What a refresh costs, in one run on this machine: `python benchmarks/refresh.py FOLDER --millions 30`.

The yardstick is one pass of DuckDB over the same event file with the same threads. After a full refresh come updates,
each after one change of the inputs: a new day, a late file, a corrected and a removed one, an alias, an erased user.
FOLDER keeps the generated files for the next run. `--check` compares the last update with a full refresh, row for row.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
from events import write_events

ROOT = Path(__file__).resolve().parent.parent
THREADS = 2  # as in analytics_dbt/profiles.yml


@dataclass(frozen=True)
class Run:
    """Cost of one refresh; `dbt_start` are the seconds until dbt began with the first model."""

    wall: float
    cpu: float
    dbt_start: float
    peak_mb: float
    file_mb: float

    @property
    def work(self) -> float:
        return self.wall - self.dbt_start

    def row(self, name: str, yardstick: float, full: Run | None = None) -> str:
        of_full = f"{self.work / full.work:.0%}" if full else ""
        return (
            f"| {name} | {self.work:.1f} s | {self.work / yardstick:.1f} | {of_full} | {self.dbt_start:.1f} s "
            f"| {self.cpu:.0f} s | {self.peak_mb:,.0f} MB | {self.file_mb:,.0f} MB |"
        )


HEAD = (
    "| refresh | wall without dbt's start | x yardstick | of full | dbt's start | CPU | peak memory | file |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


class Ledger:
    """A data folder and a warehouse of the benchmark's own."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.warehouse = folder / "warehouse.duckdb"
        self.artifacts = folder / ".warehouse" / "target"
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True)
        self.warehouse.unlink(missing_ok=True)

    def refresh(self, *flags: str) -> Run:
        """One refresh; ends the program with what it said when it fails."""
        environment = os.environ | {"DATA_DIR": str(self.data), "WAREHOUSE_PATH": str(self.warehouse)}
        began = time.time()
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline", "refresh", "--accept", *flags],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        said, dbt_began = [], began
        for line in process.stdout:
            said.append(line)
            if line.startswith(("building from", "updating from")):
                dbt_began = time.time()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.time() - began
        if status:
            sys.exit("".join(said))
        return Run(
            wall=wall,
            cpu=usage.ru_utime + usage.ru_stime,
            dbt_start=self._first_node() - dbt_began,
            peak_mb=usage.ru_maxrss / 1e3,
            file_mb=self.warehouse.stat().st_size / 1e6,
        )

    def _results(self) -> list[dict[str, object]]:
        return json.loads((self.artifacts / "run_results.json").read_text())["results"]  # type: ignore[no-any-return]

    def _first_node(self) -> float:
        starts = [timing["started_at"] for result in self._results() for timing in result["timing"]]  # type: ignore[attr-defined]
        return datetime.fromisoformat(min(starts).replace("Z", "+00:00")).timestamp()

    def dearest_nodes(self, number: int) -> list[tuple[str, float]]:
        """The models and tests that took longest in the last refresh, in seconds."""
        times = [(str(r["unique_id"]).split(".")[2], float(str(r["execution_time"]))) for r in self._results()]
        return sorted(times, key=lambda node: -node[1])[:number]


def yardstick(path: Path) -> float:
    """Seconds of one pass over the event file: the best of three, so that the file is in memory for it as for us."""
    reader = "read_parquet" if path.suffix == ".parquet" else "read_csv"
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {THREADS}; set enable_progress_bar = false")
        times = []
        for _ in range(3):
            began = time.perf_counter()
            connection.execute(
                f"""
                select count(*) from (
                    select user_id, event_time::date, count(*) from {reader}('{path}') group by 1, 2
                )
                """
            ).fetchall()
            times.append(time.perf_counter() - began)
    return min(times)


def by_day(events: Path, folder: Path) -> None:
    """Write the events as one file a day."""
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            set partitioned_write_max_open_files = 1000;
            copy (select *, event_time::date as day from '{events}')
            to '{folder}' (format {events.suffix[1:]}, partition_by (day))
            """
        )


def part_of(events: Path, target: Path, where: str, shift: str = "interval 0 day") -> None:
    """Write some of the events, moved in time, as a file of their own."""
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (
                select * replace (event_time + {shift} as event_time) from '{events}' where {where}
            ) to '{target}'
            """
        )


def differing_tables(first: Path, second: Path) -> list[str]:
    """The tables and views in which two warehouses differ, the log of refreshes apart."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{first}' as first (read_only); attach '{second}' as second (read_only)")
        tables = connection.execute(
            """
            select table_schema || '.' || table_name from information_schema.tables
            where table_catalog = 'first' and table_name != 'refresh_log' order by 1
            """
        ).fetchall()
        differing = []
        for (table,) in tables:
            sums = [
                connection.execute(
                    f"select count(*), bit_xor(hash(t)), sum(hash(t)) from {name}.{table} as t"
                ).fetchall()
                for name in ("first", "second")
            ]
            if sums[0] != sums[1]:
                differing.append(table)
    return differing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--millions", type=float, default=30)
    parser.add_argument("--users", type=int, default=200_000)
    parser.add_argument("--kind", choices=["parquet", "csv"], default="parquet")
    parser.add_argument("--daily", action="store_true", help="the history as one file a day, not as a single one")
    parser.add_argument("--check", action="store_true", help="compare with a full refresh at the end")
    arguments = parser.parse_args()

    generated = arguments.folder / f"{arguments.millions:g}-million" / f"event_stream.{arguments.kind}"
    if not generated.exists():
        write_events(generated.parent, arguments.millions, users=arguments.users, kind=arguments.kind)
    ledger = Ledger(arguments.folder / "ledger")
    if arguments.daily:
        by_day(generated, ledger.data / "event_stream")
    else:
        os.link(generated, ledger.data / generated.name)
    with duckdb.connect() as connection:
        events, last_day = connection.execute(
            f"select count(*), max(event_time)::date::varchar from '{generated}'"
        ).fetchall()[0]

    pass_seconds = yardstick(generated)
    print(f"{events:,} events, {generated.stat().st_size / 1e6:,.0f} MB of {arguments.kind}; {os.cpu_count()} cores,")
    print(f"{platform.machine()}, Python {platform.python_version()}, DuckDB {duckdb.__version__}.")
    print(f"Yardstick, one pass by user and day: {pass_seconds:.2f} s.\n\n{HEAD}", flush=True)
    full = ledger.refresh()
    print(full.row("full", pass_seconds), flush=True)
    dearest = ledger.dearest_nodes(12)

    def update(name: str) -> None:
        print(ledger.refresh().row(name, pass_seconds, full), flush=True)

    update("nothing new")
    last = f"event_time >= date '{last_day}'"
    part_of(generated, ledger.data / "event_stream_new.parquet", last, "interval 1 day")
    update("a new day")
    late = f"event_time::date = date '{last_day}' - 90 and hash(user_id) % 20 = 0"
    part_of(generated, ledger.data / "event_stream_late.parquet", late, "interval 1 second")
    update("late events of a day 90 days ago")
    part_of(generated, ledger.data / "event_stream_new.parquet", f"{last} and hash(user_id) % 50 > 0", "interval 1 day")
    update("the new day corrected")
    (ledger.data / "event_stream_late.parquet").unlink()
    update("the late file removed")
    (ledger.data / "user_aliases.csv").write_text("alias_id,user_id\nu_0000001,u_0000002\n")
    update("a new alias")
    (ledger.data / "excluded_users.csv").write_text("user_id\nu_0000003\n")
    update("an erased user")
    print("\n| dearest in the full refresh | wall |\n| --- | ---: |")
    for name, seconds in dearest:
        print(f"| {name} | {seconds:.1f} s |")
    if arguments.check:
        updated = ledger.warehouse.with_name("updated.duckdb")
        ledger.warehouse.rename(updated)
        ledger.refresh()
        differing = differing_tables(updated, ledger.warehouse)
        print(f"\nThe last update and a full refresh differ in: {', '.join(differing) or 'nothing'}.")
        updated.unlink()


if __name__ == "__main__":
    main()
