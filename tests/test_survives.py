"""What a refresh has to survive, each by its real means; whatever happens, readers keep the last good version.

Run as a program this file is the reader that never pauses: `python test_survives.py WAREHOUSE`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from door import DEADLINE, ROOT, Ledger, csv_text, one_line

# What of one version has to agree: the last refresh, the events, the users, the new users at each grain and by segment.
SNAPSHOT = """
    select
        (select max(refresh_id) from {name}.meta.refresh_log),
        (select max_by(rows_accepted, refresh_id) from {name}.meta.refresh_log),
        (select count(*) from {name}.main.fct_events),
        (select sum(events) from {name}.main.dim_users),
        (select count(*) from {name}.main.dim_users),
        (select sum(new_users) from {name}.main.growth_metrics_daily),
        (select sum(new_users) from {name}.main.growth_metrics_weekly),
        (select sum(new_users) from {name}.main.growth_metrics_monthly),
        (select sum(new_users) from {name}.main.growth_by_segment_daily),
        (select sum(retained_users) from {name}.main.retention_triangle_monthly where period_number = 0)
"""


def snapshot(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """The id of the version that is attached under a name, all of whose tables are of that version."""
    [(version, *counts)] = connection.execute(SNAPSHOT.format(name=name)).fetchall()
    events, users = set(counts[:3]), set(counts[3:])
    if len(events) != 1 or len(users) != 1 or not min(counts):
        raise AssertionError(f"a mixture: {version} {counts}")
    return str(version)


def published_version(ledger: Ledger) -> str:
    """The id of the published version, which is whole."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{ledger.warehouse}' as fresh (read_only)")
        return snapshot(connection, "fresh")


def test_a_failing_test_publishes_nothing(published: Ledger) -> None:
    """One alias for two users: the line says what is wrong with the data, not which test found it."""
    before = published.warehouse.read_bytes()
    published.write("user_aliases.csv", csv_text("a1,ann", "a1,ben", header="alias_id,user_id"))
    message = published.refused("refresh")
    assert message.startswith("user_aliases gives one alias to two users; remove one of the rows.")
    assert published.warehouse.read_bytes() == before
    assert not (published.workshop / "build").exists()


# --- killed ------------------------------------------------------------------------------------------------


def processes_of(ledger: Ledger) -> set[int]:
    """Processes that work on this ledger."""
    mark = str(ledger.folder).encode()
    found = set()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (place / "environ").read_bytes():
                found.add(int(place.name))
        except OSError:  # it has ended meanwhile
            continue
    return found - {os.getpid()}


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether it comes true within the deadline."""
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_a_killed_refresh_leaves_nothing_behind_that_stops_the_next(published: Ledger) -> None:
    """kill -9 at the check, among the first models, among the last, and in the audit; then one that is left alone."""
    published.write("event_stream_2.csv", csv_text("2024-02-08,ann,visit"))
    before, version = published.warehouse.read_bytes(), published_version(published)
    for moment in ("checking the files", r" +\d+/\d+  stg_user_aliases", r" +\d+/\d+  growth_metrics_", "comparing"):
        process = published.start("refresh")
        assert process.stdout is not None
        assert any(re.match(moment, line) for line in process.stdout), process.communicate()[1]
        process.kill()
        assert process.wait(DEADLINE) == -9
        assert eventually(lambda: not processes_of(published)), f"killed when {moment!r}: somebody is still at work"
        if moment != "comparing":
            assert published.warehouse.read_bytes() == before
        # The last step may have been taken, and then wholly.
        assert published_version(published) >= version
        assert published.run("status").returncode == 0
    published.refresh()
    assert published.query("select max(event_date)::varchar from fct_events") == [("2024-02-08",)]
    assert not (published.workshop / "build").exists()


# --- two at once -------------------------------------------------------------------------------------------


def test_of_two_refreshes_at_once_one_wins_and_the_other_says_so_at_once(published: Ledger) -> None:
    """The loser does not wait for the winner, and does not disturb it."""
    first, second = published.start("refresh"), published.start("refresh")
    assert eventually(lambda: first.poll() is not None or second.poll() is not None)
    loser, winner = (first, second) if first.poll() is not None else (second, first)
    assert winner.poll() is None
    stdout, stderr = loser.communicate(timeout=DEADLINE)
    message = one_line(subprocess.CompletedProcess(loser.args, loser.returncode, stdout, stderr), 4)
    assert message.startswith(f"another refresh is at work on {published.warehouse} (")
    stdout, stderr = winner.communicate(timeout=DEADLINE)
    assert (winner.returncode, stderr) == (0, "")
    assert published.query("select count(*) from meta.refresh_log") == [(2,)]


# --- a full disk -------------------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own; skips the test where nobody may mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("NOT TESTED: a full disk; there is no mount here")
    if mounted.returncode != 0:
        pytest.skip(f"NOT TESTED: a full disk; a file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_fails_in_one_line_and_keeps_what_is_published(published: Ledger, tmp_path: Path) -> None:
    """Full from the start, while models are built, and when the finished warehouse is described."""
    with small_disk(tmp_path / "disk", megabytes=64) as disk:
        ledger = Ledger(shutil.copytree(published.folder, disk / "ledger"))
        before = ledger.warehouse.read_bytes()
        for megabytes_left in (0, 2, 6):
            filler = disk / "filler"
            filler.unlink(missing_ok=True)
            free = shutil.disk_usage(disk).free - megabytes_left * 1_000_000
            filler.write_bytes(b"\0" * max(free, 0))
            message = ledger.refused("refresh")
            assert "No space left on device" in message
            assert ledger.warehouse.read_bytes() == before
            published_version(ledger)
            assert not (ledger.workshop / "build").exists()


# --- a reader that never pauses ----------------------------------------------------------------------------


def read_without_pause(warehouse: str) -> None:
    """Until standard input closes, read each version that comes, and one that was there at the start.

    Says `reading` when it has begun, and at the end, as JSON, the ids it saw and what went wrong.
    """
    stop = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    seen: list[str] = []
    problems: list[str] = []
    rounds = 0
    with duckdb.connect() as lasting:
        lasting.execute(f"attach '{warehouse}' as old (read_only)")
        oldest = snapshot(lasting, "old")
        print("reading", flush=True)
        while not stop.is_set():
            rounds += 1
            try:
                with duckdb.connect() as connection:
                    connection.execute(f"attach '{warehouse}' as fresh (read_only)")
                    version = snapshot(connection, "fresh")
                if version not in seen[-1:]:
                    seen.append(version)
                if snapshot(lasting, "old") != oldest:
                    problems.append("the version that was open changed")
            except Exception as error:
                problems.append(f"{type(error).__name__}: {error}")
    print(json.dumps({"seen": seen, "problems": problems, "rounds": rounds}))


@contextmanager
def reader(ledger: Ledger) -> Iterator[dict[str, Any]]:
    """A process that reads without pause meanwhile; fills the dict with what it says at the end."""
    report: dict[str, Any] = {}
    process = subprocess.Popen(
        [sys.executable, __file__, str(ledger.warehouse)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        yield report
        said, _ = process.communicate(timeout=DEADLINE)
        report.update(json.loads(said))
    finally:
        process.kill()
        process.wait()


def test_a_reader_that_never_pauses_sees_whole_versions_only(published: Ledger, tmp_path: Path) -> None:
    """Through two refreshes and twenty publications: no error, no mixture, no table half built, no way back."""
    from pipeline.build import Build
    from pipeline.inputs import check_inputs
    from pipeline.publish import publish
    from pipeline.settings import Workshop

    with reader(published) as report:
        builds = [shutil.copyfile(published.warehouse, tmp_path / "small.duckdb")]
        published.write("event_stream_2.csv", csv_text(*(f"2024-02-08,user {number},visit" for number in range(500))))
        published.refresh()
        builds.append(shutil.copyfile(published.warehouse, tmp_path / "large.duckdb"))
        workshop = Workshop(published.warehouse)
        inputs = check_inputs(published.data)
        for number in range(20):
            workshop.build.mkdir()
            build = Build(workshop.new_warehouse, published.workshop / "target")
            shutil.copyfile(builds[number % 2], build.warehouse)
            publish(build, inputs, workshop, datetime.now(UTC).replace(tzinfo=None), accept=True, code=None)
            workshop.build.rmdir()
        published.refresh()
    assert report["problems"] == []
    assert report["seen"] == sorted(set(report["seen"]))
    assert len(report["seen"]) > 2
    assert report["rounds"] > 20
    assert published.query("select count(*) from meta.refresh_log") == [(23,)]


# --- after a power cut -------------------------------------------------------------------------------------


def wal_of_another_version(ledger: Ledger) -> bytes:
    """What somebody leaves who writes to a copy of the published file and is killed."""
    copy = ledger.folder / "copy.duckdb"
    shutil.copyfile(ledger.warehouse, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("create table notes (note varchar); checkpoint")
    write = f"import duckdb, os; c = duckdb.connect({str(copy)!r}); c.execute('drop table notes'); os._exit(9)"
    subprocess.run([sys.executable, "-c", write], check=False)
    log = copy.with_name("copy.duckdb.wal")
    return log.rename(ledger.folder / "stray").read_bytes()


def test_a_stray_write_ahead_log_stops_neither_publication_nor_readers(published: Ledger) -> None:
    """Beside the published file it makes DuckDB refuse to open it; the next refresh clears it away."""
    stray = published.warehouse.with_name("warehouse.duckdb.wal")
    stray.write_bytes(wal_of_another_version(published))
    with pytest.raises(duckdb.Error, match="WAL"):
        published_version(published)
    published.write("event_stream_2.csv", csv_text("2024-02-08,ann,visit"))
    published.refresh()
    assert not stray.exists()
    published_version(published)
    assert published.query("select count(*) from meta.refresh_log") == [(2,)]

    stray.write_bytes(wal_of_another_version(published))
    assert published.run("rollback").returncode == 0
    assert published.query("select count(*) from fct_events") == [(7,)]


if __name__ == "__main__":
    read_without_pause(sys.argv[1])
