"""Refreshes as a person runs them: what is published, what it says of itself, what is held, and the way back."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import duckdb
from door import DEADLINE, ROOT, Ledger, csv_text, one_line, query

PUBLIC_TABLES = {
    "dim_users",
    "fct_events",
    "active_users_rolling",
    "power_users",
    *(
        f"{table}_{grain}"
        for table in (
            "user_lifecycle",
            "growth_metrics",
            "growth_by_segment",
            "retention_triangle",
            "retention_by_segment",
        )
        for grain in ("daily", "weekly", "monthly")
    ),
}
META_TABLES = {"refresh_log", "metrics", "input_files", "rejected_rows"}


def kept(ledger: Ledger) -> list[Path]:
    """The versions published before."""
    return sorted((ledger.workshop / "versions").glob("*.duckdb"))


# --- one refresh after the other ---------------------------------------------------------------------------


def contents(ledger: Ledger) -> dict[str, list[tuple[object, ...]]]:
    """Every table and view of the published warehouse, the log apart."""
    names = ledger.query(
        """
        select table_schema || '.' || table_name from information_schema.tables
        where table_catalog = 'warehouse' and table_name != 'refresh_log'
        """
    )
    return {name: ledger.query(f"from {name} order by all") for (name,) in names}


def test_a_refresh_reads_only_the_files_that_changed(ledger: Ledger) -> None:
    """And leaves what a full one would; another var makes it a full one by itself, and it says so."""
    old = ledger.write("event_stream_1.csv", csv_text(*(f"2024-01-{day:02},ann,visit" for day in range(1, 29))))
    new = ledger.write("event_stream_2.csv", csv_text("2024-01-30,ben,visit", "soon,ben,visit", '2024-01-30,"ben'))
    ledger.write("user_aliases.csv", csv_text("benny,ben", header="alias_id,user_id"))

    def refresh_says(*flags: str, **variables: object) -> str:
        says = ledger.refresh("--accept", *flags, max_rejected_share=1, **variables).splitlines()[1]
        assert ledger.log()["is_update"] == says.startswith("updating")
        return says

    assert refresh_says() == "building from 3 files, 32 lines (nothing is published yet)"
    before = new.stat()
    new.write_text(new.read_text().replace("2024-01-30,ben", "2024-01-29,eve"))
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.utime(old)
    assert refresh_says() == "updating from 1 of 2 event files, 3 lines"
    third = ledger.write("event_stream_3.csv", csv_text("2024-02-01,benny,visit", "2024-01-05,ann,visit", "x,y"))
    ledger.write("excluded_users.csv", csv_text("eve", header="user_id"))
    assert refresh_says() == "updating from 1 of 3 event files, 3 lines"
    updated = contents(ledger)
    assert updated["meta.rejected_rows"] == [
        ("event_stream_2.csv", 3, "unreadable event time", "soon,ben,visit"),
        ("event_stream_2.csv", 4, "broken quoting", '2024-01-30,"ben'),
        ("event_stream_3.csv", 4, "wrong number of fields", "x,y"),
    ]
    assert refresh_says("--full-refresh") == "building from 5 files, 36 lines (as asked for)"
    assert contents(ledger) == updated

    third.unlink()
    assert refresh_says(week_start="sunday") == "building from 4 files, 33 lines (dbt var week_start changed)"


def test_refreshes_are_published_logged_kept_and_rolled_back(ledger: Ledger) -> None:
    """The first, the second, status and rollback, as a newcomer meets them."""
    assert ledger.refused("status") == f"nothing is published at {ledger.warehouse}; run `make refresh`"
    assert ledger.refused("rollback") == "there is no earlier version to go back to"

    ledger.write("event_stream_1.csv", csv_text("2024-01-01,ann,visit", "2024-01-02,ben,visit"))
    said = ledger.refresh().splitlines()
    assert said[0] == f"checking the files of {ledger.data}"
    assert said[1] == "building from 1 files, 2 lines (nothing is published yet)"
    assert re.fullmatch(r" +\d+/\d+  \w+ +[\d.]+ s", said[2])
    assert said[-2] == f"published {ledger.warehouse}"
    assert said[-1].startswith(
        "complete up to, not including, 2024-01-02: 2 lines read = 2 accepted, 0 rejected, 0 duplicate, 0 excluded; "
    )
    assert kept(ledger) == []
    first = ledger.warehouse.read_bytes()
    assert ledger.refused("rollback") == "there is no earlier version to go back to"
    assert ledger.warehouse.read_bytes() == first

    ledger.write("event_stream_2.csv", csv_text("2024-01-03,ann,visit"))
    ledger.refresh("--full-refresh", week_start="sunday")
    assert [version.read_bytes() for version in kept(ledger)] == [first]
    log = ledger.query(
        """
        select as_of_date, rows_read, rows_accepted, vars ->> 'week_start', started_at < finished_at, tests_passed > 20
        from meta.refresh_log order by refresh_id
        """
    )
    assert log == [
        (date(2024, 1, 2), 2, 2, "monday", True, True),
        (date(2024, 1, 3), 3, 3, "sunday", True, True),
    ]

    status = ledger.run("status").stdout
    assert f"{ledger.warehouse}, " in status
    assert re.search(r"published \d{4}-\d\d-\d\d \d\d:\d\d UTC, \d+ seconds ago, in [\d.]+ s", status)
    assert "complete up to, not including, 2024-01-03: 3 lines read = 3 accepted" in status
    assert f"DuckDB {duckdb.__version__}" in status
    assert "earlier versions to roll back to: 1" in status
    assert re.search(r"staging\.base_events +3 rows +\d+\.\d MB", status)

    back = ledger.run("rollback")
    assert back.returncode == 0
    assert "complete up to, not including, 2024-01-02: 2 lines read" in back.stdout
    assert ledger.warehouse.read_bytes() == first
    assert kept(ledger) == []
    assert ledger.refused("rollback") == "there is no earlier version to go back to"


def test_a_file_that_is_no_warehouse_is_not_published_over_unasked(published: Ledger) -> None:
    """Somebody's own DuckDB file may stand at WAREHOUSE_PATH by mistake."""
    published.warehouse.unlink()
    with duckdb.connect(str(published.warehouse)) as connection:
        connection.execute("create table precious as select 1")
    assert "cannot be read" in published.refused("status")
    message = published.refused("refresh", code=3)
    assert message.endswith("refresh with --accept to publish over it")
    assert published.query("from precious") == [(1,)]


# --- the audit ---------------------------------------------------------------------------------------------


def test_lost_history_is_held_until_it_is_accepted(published: Ledger) -> None:
    """A file went missing, or the as-of date goes back: exit code 3, nothing published, and the way to publish it."""
    before = published.warehouse.read_bytes()
    published.write("event_stream_1.csv", csv_text("2024-02-01,ann,visit", "2024-02-07,ann,visit"))
    assert published.refused("refresh", code=3) == (
        "held: of 6 published events before 2024-02-07 only 1 would be left, more are lost than "
        "max_history_loss_share (1.00%) allows; is a file missing? refresh with --accept if that is meant"
    )
    assert published.refused("refresh", code=3, as_of_date="2024-02-06") == (
        "held: the data would go back from 2024-02-07 to 2024-02-06; is a file missing? "
        "refresh with --accept if that is meant"
    )
    assert published.warehouse.read_bytes() == before
    assert not (published.workshop / "build").exists()
    assert published.run("status").returncode == 0

    published.refresh("--accept")
    assert published.query("select count(*) from fct_events") == [(2,)]
    assert [version.read_bytes() for version in kept(published)] == [before]


# --- an engineer's own dbt build ---------------------------------------------------------------------------


def test_an_engineer_s_dbt_build_is_published_on_demand_only(published: Ledger) -> None:
    """Plain `dbt build` leaves the published file alone; `publish` takes a whole one that passed, and no other."""
    target = published.folder / "target"
    places = {
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(published.folder / "logs"),
        "WAREHOUSE_BUILD_PATH": str(target / "warehouse.duckdb"),
    }

    def dbt(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dbt.cli.main", *arguments],
            cwd=ROOT / "analytics_dbt",
            env=published.environment(**places),
            capture_output=True,
            text=True,
            timeout=DEADLINE,
        )

    def publish() -> subprocess.CompletedProcess[str]:
        return published.run("publish", **places)

    before = published.warehouse.read_bytes()
    assert one_line(publish(), 1) == "there is no dbt build to publish; run `dbt build` in analytics_dbt first"

    published.write("event_stream_2.csv", csv_text("2024-02-08,ann,visit"))
    built = dbt("build", "--vars", "{week_start: sunday}")
    assert built.returncode == 0, built.stdout
    assert re.search(r"\d{2} data tests, \d{2} unit tests, .*\bERROR=0 SKIP=0\b", built.stdout, re.DOTALL)
    assert published.warehouse.read_bytes() == before
    done = publish()
    assert done.returncode == 0, done.stderr
    assert "complete up to, not including, 2024-02-08: 8 lines read = 8 accepted" in done.stdout
    assert json.loads(published.log()["vars"])["week_start"] == "sunday"
    assert published.query("select count(*) from meta.refresh_log") == [(2,)]
    assert [version.read_bytes() for version in kept(published)] == [before]
    published_build = published.warehouse.read_bytes()

    published.write("event_stream_3.csv", csv_text("2024-02-09,ann,visit"))
    assert one_line(publish(), 1) == "the input files changed since that build; run `dbt build` again"

    whole = ("build", "--exclude-resource-type", "unit_test")  # they have run once, above
    with subprocess.Popen(
        [sys.executable, "-m", "dbt.cli.main", *whole],
        cwd=ROOT / "analytics_dbt",
        env=published.environment(**places),
        stdout=subprocess.PIPE,
        text=True,
    ) as killed:
        assert killed.stdout is not None
        assert any("OK created sql table model intermediate." in line for line in killed.stdout)
        killed.kill()
    assert "run `dbt build` again" in one_line(publish(), 1)

    assert dbt("build", "--select", "stg_user_aliases").returncode == 0
    assert one_line(publish(), 1) == (
        "the last dbt command was not a whole build (dbt build --select); run `dbt build` first"
    )

    published.write("user_aliases.csv", csv_text("a1,ann", "a1,ben", header="alias_id,user_id"))
    assert dbt(*whole).returncode != 0
    assert one_line(publish(), 1) == (
        "the last dbt build did not pass (an_alias_has_one_user); mend it and build again"
    )
    assert published.warehouse.read_bytes() == published_build


# --- what the published file says of itself ----------------------------------------------------------------


def test_a_published_file_holds_what_readers_need_and_nothing_else(published_once: Ledger) -> None:
    """The public tables under their names, no traces of the files or of the build."""
    relations = published_once.query(
        """
        select schema_name, table_name from duckdb_tables() where database_name = 'warehouse'
        union all
        select schema_name, view_name from duckdb_views() where database_name = 'warehouse' and not internal
        """
    )
    assert {schema for schema, _ in relations} == {"main", "staging", "intermediate", "meta"}
    assert {name for schema, name in relations if schema == "main"} == PUBLIC_TABLES
    assert {name for schema, name in relations if schema == "meta"} == META_TABLES
    assert ("staging", "stg_events") in relations
    assert not published_once.warehouse.with_name("warehouse.duckdb.wal").exists()
    assert not (published_once.workshop / "build").exists()


def test_every_public_table_and_column_says_what_it_is(published_once: Ledger) -> None:
    """Comments stand in the file itself, for any client to show."""
    public = "database_name = 'warehouse' and schema_name in ('main', 'meta')"
    silent = published_once.query(
        f"""
        select table_name from duckdb_tables() where {public} and coalesce(trim(comment), '') = ''
        union all
        select view_name from duckdb_views() where {public} and not internal and coalesce(trim(comment), '') = ''
        union all
        select table_name || '.' || column_name
        from duckdb_columns() where {public} and not internal and coalesce(trim(comment), '') = ''
        """
    )
    assert silent == []


def test_metrics_are_defined_in_the_file_and_computable_from_it(published_once: Ledger) -> None:
    """Label, meaning, formula, unit and direction; and sums whose quotient is the metric."""
    metrics = published_once.query(
        "select name, label, description, formula, numerator, denominator, unit, direction, model from meta.metrics"
    )
    assert {name for name, *_ in metrics} >= {
        "new_users",
        "retained_users",
        "resurrected_users",
        "churned_users",
        "active_users",
        "retention_rate",
        "churn_rate",
        "quick_ratio",
        "dau",
        "wau",
        "mau",
        "stickiness",
        "cohort_retention_rate",
    }
    for name, label, description, formula, numerator, denominator, unit, direction, model in metrics:
        assert all(text.strip() for text in (label, description, formula)), name
        assert unit in ("users", "share", "ratio"), name
        assert (unit == "users") == (denominator is None), name
        assert direction in ("up", "down", "neutral"), name
        table = model if model in PUBLIC_TABLES else f"{model}_monthly"
        assert published_once.query(f"select sum({numerator}), sum({denominator or 1}) from {table}"), name
    [quick_ratio] = [metric for metric in metrics if metric[0] == "quick_ratio"]
    assert quick_ratio[4:6] == ("new_users + resurrected_users", "churned_users")


def test_a_refresh_is_logged_with_its_versions_and_variables(published_once: Ledger) -> None:
    """What somebody asks who finds the file in a year."""
    log = published_once.log()
    assert datetime.strptime(log["refresh_id"], "%Y%m%dT%H%M%S.%fZ") == log["finished_at"]
    assert log["started_at"] < log["finished_at"]
    assert log["duckdb_version"] == duckdb.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", log["dbt_version"])
    assert json.loads(log["vars"])["segments"] == ["platform", "utm_source", "country"]
    assert log["rows_after_as_of"] == 0


def test_a_published_file_works_under_any_name_and_place(published_once: Ledger, tmp_path: Path) -> None:
    """Copied, renamed, attached under another alias, opened directly: views too."""
    copy = shutil.copyfile(published_once.warehouse, tmp_path / "march report.db")
    everything = "select count(*) from fct_events union all select count(*) from staging.stg_events"
    assert query(copy, everything) == [(7,), (7,)]
    with duckdb.connect(str(copy), read_only=True) as connection:
        assert connection.execute(everything).fetchall() == [(7,), (7,)]
    with duckdb.connect() as connection:
        connection.execute(f"attach '{copy}' as elsewhere (read_only)")
        assert connection.execute("select count(*) from elsewhere.fct_events").fetchall() == [(7,)]
        assert connection.execute("select count(*) from elsewhere.growth_metrics_monthly").fetchall() == [(2,)]
