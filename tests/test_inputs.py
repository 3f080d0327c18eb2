"""Files as they come in real life: what is understood, what is set aside and where it is kept, what is refused."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from conftest import MadeOnce
from door import DEADLINE, HEADER, ROOT, Ledger, csv_text, json_lines, one_line, write_parquet
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.inputs import InputError, check_inputs
from pipeline.landing import source_query

ROW = "2024-01-01,ann,visit"
EVENTS = csv_text(ROW)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


# --- what is understood ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def motley(made_once: MadeOnce) -> Ledger:
    """A refresh of everything that may lie in the folder: formats, shapes, zones, and lines that are no good."""
    return made_once("motley", refresh_motley)


def refresh_motley(ledger: Ledger) -> None:
    ledger.write(
        "event_stream_1.csv",  # as a spreadsheet writes it: BOM, CRLF, line breaks in quotes
        codecs.BOM_UTF8
        + csv_text(
            '2024-01-01T00:00:00Z,ann,visit,"two\nlines"',  # lines 2 and 3
            "2024-01-01,ann",
            "yesterday,ann,visit,",
            '2024-01-01T02:00:00+02:00,ben,visit,"said ""hi"", left"',
            "",
            '2024-01-01T01:00:00Z,,visit,"nobody\nthere"',  # lines 8 and 9
            "1704067200,cat,visit,seconds",
            "1704067200123,cat,visit,milliseconds",
            '2024-01-01,dan,visit,"unquoted" tail',
            "2024-01-01,dan,,no type",
            "2999-12-31,dan,visit,not yet",
            "1969-12-31T23:59:59Z,dan,visit,too early",
            header=f"{HEADER},note",
        )
        .replace("\n", "\r\n")
        .replace("two\r\n", "two\n")
        .replace("nobody\r\n", "nobody\n")
        .encode(),
    )
    ledger.write(
        "event_stream_2.csv.gz",
        csv_text(
            "buy;2024-01-02 10:00:00;eve;3,5;ios",
            "buy;2024-01-02 10:00:01;eve;-0.25;ios",
            "buy;2024-01-02 10:00:02",
            "buy;soon;eve;1;web",
            "buy;2024-01-02 10:00:03; eve ;1e2;",
            "buy;2024-01-02 10:00:04;eve;inf;web",
            header="event_type;event_time;USER_ID;miles_amount;platform",
        ),
    )
    ledger.write(
        "event_stream_3.jsonl",
        json_lines(
            {"event_time": "2024-01-03T00:00:00Z", "user_id": 7, "event_type": "open", "device": {"os": ["a", 'b"']}},
            {"event_time": 1704240000, "user_id": "7", "event_type": "open", 'it"s': None, "a.b/c~": True},
        )
        + '{"event_time": "2024-01-03"\n\n["2024-01-03"]\n'
        + json_lines({"event_time": "2024-01-03", "user_id": None, "event_type": "open"}),
    )
    ledger.write(
        "event_stream_4.ndjson.gz",
        json_lines({"user_id": "ann", "event_type": "open", "event_time": "2024-01-04T23:59:59.999999-03:00"})
        + "no json\n"
        + json_lines({"user_id": "ann", "event_type": "open"}),
    )
    write_parquet(
        ledger.data / "event_stream_5.parquet",
        """
        select * from (values
            (timestamp '2024-01-05 06:00:00', 'fay', 'buy', 12.5, {'plan': 'gold'}),
            (timestamp '2024-01-05 07:00:00', null, 'buy', 1, null),
            (null, 'fay', 'buy', 2, null)
        ) as rows (event_time, user_id, event_type, miles_amount, account)
        """,
    )
    write_parquet(
        ledger.data / "event_stream" / "2024" / "zoned.parquet",
        "select timestamptz '2024-01-06 06:00:00+03' as event_time, 9 as user_id, 'buy' as event_type",
    )
    write_parquet(
        ledger.data / "event_stream" / "2024" / "epochs.parquet",
        "select 1704520800000 as event_time, 'hal' as user_id, 'buy' as event_type",
    )
    ledger.write("event_stream/2024/tabs.csv", csv_text("2024-01-06\tgus\tvisit", header=HEADER.replace(",", "\t")))
    ledger.write("event_stream/_SUCCESS", "")
    ledger.write("notes.txt", "not an input")
    ledger.refresh(max_rejected_share=1)


def test_files_of_every_format_and_shape_go_together(motley: Ledger) -> None:
    """CSV, gzipped CSV, NDJSON, Parquet and a folder of them become one table of events."""
    events = motley.query(
        "select source_file, event_at, event_date, user_id, event_type, amount, platform from fct_events order by all"
    )
    unknown = "unknown"
    assert events == [
        ("event_stream/2024/epochs.parquet", at("2024-01-06 06:00"), date(2024, 1, 6), "hal", "buy", None, unknown),
        ("event_stream/2024/tabs.csv", at("2024-01-06"), date(2024, 1, 6), "gus", "visit", None, unknown),
        ("event_stream/2024/zoned.parquet", at("2024-01-06 03:00"), date(2024, 1, 6), "9", "buy", None, unknown),
        ("event_stream_1.csv", at("2024-01-01"), date(2024, 1, 1), "ann", "visit", None, unknown),
        ("event_stream_1.csv", at("2024-01-01"), date(2024, 1, 1), "ben", "visit", None, unknown),
        ("event_stream_1.csv", at("2024-01-01"), date(2024, 1, 1), "cat", "visit", None, unknown),
        ("event_stream_1.csv", at("2024-01-01 00:00:00.123"), date(2024, 1, 1), "cat", "visit", None, unknown),
        ("event_stream_2.csv.gz", at("2024-01-02 10:00"), date(2024, 1, 2), "eve", "buy", None, "ios"),
        ("event_stream_2.csv.gz", at("2024-01-02 10:00:01"), date(2024, 1, 2), "eve", "buy", -0.25, "ios"),
        ("event_stream_2.csv.gz", at("2024-01-02 10:00:03"), date(2024, 1, 2), "eve", "buy", 100.0, unknown),
        ("event_stream_2.csv.gz", at("2024-01-02 10:00:04"), date(2024, 1, 2), "eve", "buy", None, "web"),
        ("event_stream_3.jsonl", at("2024-01-03"), date(2024, 1, 3), "7", "open", None, unknown),
        ("event_stream_3.jsonl", at("2024-01-03"), date(2024, 1, 3), "7", "open", None, unknown),
        ("event_stream_4.ndjson.gz", at("2024-01-05 02:59:59.999999"), date(2024, 1, 5), "ann", "open", None, unknown),
        ("event_stream_5.parquet", at("2024-01-05 06:00"), date(2024, 1, 5), "fay", "buy", 12.5, unknown),
    ]


def test_columns_without_a_meaning_are_kept_as_properties(motley: Ledger) -> None:
    """Text and nested values stay what they were; what is missing leaves no key; an unreadable amount is kept."""
    kept = [
        (file, json.loads(properties))
        for file, properties in motley.query(
            "select source_file, properties from fct_events where properties is not null order by source_file, event_at"
        )
    ]
    assert sorted(kept, key=str) == sorted(
        [
            ("event_stream_1.csv", {"note": "two\nlines"}),
            ("event_stream_1.csv", {"note": 'said "hi", left'}),
            ("event_stream_1.csv", {"note": "seconds"}),
            ("event_stream_1.csv", {"note": "milliseconds"}),
            ("event_stream_2.csv.gz", {"amount": "3,5"}),
            ("event_stream_2.csv.gz", {"amount": "inf"}),
            ("event_stream_3.jsonl", {"device": {"os": ["a", 'b"']}}),
            ("event_stream_3.jsonl", {"a.b/c~": True}),
            ("event_stream_5.parquet", {"account": {"plan": "gold"}}),
        ],
        key=str,
    )


def test_rejected_rows_are_kept_with_file_line_reason_and_text(motley: Ledger) -> None:
    """The line is the one an editor shows, after quoted line breaks, blank and malformed lines, in packed files too."""
    rejected = motley.query(
        "select file, line, reason, raw_line from meta.rejected_rows where file not like '%parquet'"
    )
    assert sorted(rejected) == [
        ("event_stream_1.csv", 4, "wrong number of fields", "2024-01-01,ann"),
        ("event_stream_1.csv", 5, "unreadable event time", "yesterday,ann,visit,"),
        ("event_stream_1.csv", 8, "no user", '2024-01-01T01:00:00Z,,visit,"nobody\nthere"'),
        ("event_stream_1.csv", 12, "broken quoting", '2024-01-01,dan,visit,"unquoted" tail'),
        ("event_stream_1.csv", 13, "no event type", "2024-01-01,dan,,no type"),
        ("event_stream_1.csv", 14, "event time in the future", "2999-12-31,dan,visit,not yet"),
        ("event_stream_1.csv", 15, "event time before 1970", "1969-12-31T23:59:59Z,dan,visit,too early"),
        ("event_stream_2.csv.gz", 4, "wrong number of fields", "buy;2024-01-02 10:00:02"),
        ("event_stream_2.csv.gz", 5, "unreadable event time", "buy;soon;eve;1;web"),
        ("event_stream_3.jsonl", 3, "not a JSON object", '{"event_time": "2024-01-03"'),
        ("event_stream_3.jsonl", 5, "not a JSON object", '["2024-01-03"]'),
        (
            "event_stream_3.jsonl",
            6,
            "no user",
            '{"event_time": "2024-01-03", "user_id": null, "event_type": "open"}',
        ),
        ("event_stream_4.ndjson.gz", 2, "not a JSON object", "no json"),
        ("event_stream_4.ndjson.gz", 3, "unreadable event time", '{"user_id": "ann", "event_type": "open"}'),
    ]


def test_a_rejected_row_of_parquet_is_kept_as_json_under_its_number(motley: Ledger) -> None:
    """Parquet has rows, not lines."""
    rejected = motley.query("from meta.rejected_rows where file like '%parquet'")
    assert [(file, line, reason) for file, line, reason, _ in sorted(rejected)] == [
        ("event_stream_5.parquet", 2, "no user"),
        ("event_stream_5.parquet", 3, "unreadable event time"),
    ]
    [row] = [json.loads(raw) for _, line, _, raw in rejected if line == 2]
    assert row == {
        "event_time": "2024-01-05 07:00:00",
        "user_id": None,
        "event_type": "buy",
        "miles_amount": 1.0,
        "account": None,
    }


def test_every_line_that_was_read_is_accounted_for(motley: Ledger) -> None:
    """Lines read = accepted + rejected + duplicate + excluded, in all and in each file."""
    read, *parts = motley.counts()
    assert (read, *parts) == (31, 15, 16, 0, 0)
    assert read == sum(parts)
    assert motley.query("select count(*) from meta.rejected_rows") == [(16,)]
    assert motley.query("select source_file, count(*) from staging.base_events group by all order by all") == [
        ("event_stream/2024/epochs.parquet", 1),
        ("event_stream/2024/tabs.csv", 1),
        ("event_stream/2024/zoned.parquet", 1),
        ("event_stream_1.csv", 11),
        ("event_stream_2.csv.gz", 6),
        ("event_stream_3.jsonl", 5),
        ("event_stream_4.ndjson.gz", 3),
        ("event_stream_5.parquet", 3),
    ]


def test_naive_parquet_timestamps_are_local_to_the_source_time_zone(ledger: Ledger) -> None:
    """A native timestamp without zone is read like a text without offset."""
    write_parquet(
        ledger.data / "event_stream.parquet",
        "select timestamp '2024-07-01 22:30:00' as event_time, 'ann' as user_id, 'visit' as event_type",
    )
    ledger.refresh(source_timezone="America/New_York", timezone="America/New_York")
    assert ledger.query("select event_at, event_date from fct_events") == [(at("2024-07-02 02:30"), date(2024, 7, 1))]


def test_zoned_parquet_timestamps_keep_their_instant(ledger: Ledger) -> None:
    """The source time zone says nothing about timestamps that carry their own."""
    write_parquet(
        ledger.data / "event_stream.parquet",
        "select timestamptz '2024-07-01 22:30:00-04' as event_time, 'ann' as user_id, 'visit' as event_type",
    )
    ledger.refresh(source_timezone="Asia/Tokyo")
    assert ledger.query("select event_at, event_date from fct_events") == [(at("2024-07-02 02:30"), date(2024, 7, 2))]


def test_spaces_around_a_text_are_no_part_of_it(ledger: Ledger) -> None:
    """Those of Unicode too, in events as in the other files; within a text they stay."""
    users = ("ann", " ann", "ann ", "\u00a0ann", "ann\u3000", "zo\u00eb ", "\u00a0", "an n", "bob\u00a0")
    ledger.write(
        "event_stream.csv", "event_time,user_id,event_type\n" + "".join(f"2024-03-01,{user},open\n" for user in users)
    )
    ledger.write("excluded_users.csv", "user_id\n\u00a0bob\n")
    ledger.refresh(max_rejected_share=0.5, deduplicate_events=False)
    assert ledger.query("select user_id, count(*) from fct_events group by all order by all") == [
        ("an n", 1),
        ("ann", 5),
        ("zo\u00eb", 1),
    ]
    assert ledger.query("select reason, count(*) from meta.rejected_rows group by all") == [("no user", 1)]


def test_a_stranger_s_file_needs_variables_only(ledger: Ledger) -> None:
    """`customer_id, ts, action, usd`: mapping, segments, qualifying events, zones, weeks, as-of date, repeats."""
    ledger.write(
        "event_stream.csv",
        csv_text(
            "2024-03-09 23:30:00,c1,login,,gold,north",  # 2024-03-10 in UTC, the 9th in Sao Paulo: a Saturday
            "2024-03-10T02:59:59Z,c2,login,,silver,north",  # still the 9th in Sao Paulo
            "2024-03-10T03:00:00Z,c1,pay,9.99,gold,south",  # the 10th, a Sunday: a new week
            "20240311T120000,c2,newsletter,,silver,north",  # of no qualifying type
            "20240311T120000,c2,newsletter,,silver,north",  # delivered twice, and meant so
            "2024-03-18 08:00:00,c1,login,,gold,north",
            "2024-03-19 00:00:00,c1,login,,gold,north",  # dated after the as-of date
            header="ts,customer_id,action,usd,plan,region",
        ),
    )
    ledger.refresh(
        event_columns={"event_time": "ts", "user_id": "customer_id", "event_type": "action", "amount": "usd"},
        segments=["plan", "region"],
        active_event_types=["login", "pay"],
        source_timezone="America/Sao_Paulo",
        timezone="America/Sao_Paulo",
        week_start="sunday",
        as_of_date="2024-03-18",
        deduplicate_events=False,
    )
    assert ledger.query(
        "select event_at, event_date, user_id, event_type, amount, plan, region from fct_events order by event_at"
    ) == [
        (at("2024-03-10 02:30"), date(2024, 3, 9), "c1", "login", None, "gold", "north"),
        (at("2024-03-10 02:59:59"), date(2024, 3, 9), "c2", "login", None, "silver", "north"),
        (at("2024-03-10 03:00"), date(2024, 3, 10), "c1", "pay", 9.99, "gold", "south"),
        (at("2024-03-11 15:00"), date(2024, 3, 11), "c2", "newsletter", None, "silver", "north"),
        (at("2024-03-11 15:00"), date(2024, 3, 11), "c2", "newsletter", None, "silver", "north"),
        (at("2024-03-18 11:00"), date(2024, 3, 18), "c1", "login", None, "gold", "north"),
    ]
    assert ledger.query(
        "select period_start, is_complete, active_users, churned_users from growth_metrics_weekly order by 1"
    ) == [
        (date(2024, 3, 3), True, 2, 0),
        (date(2024, 3, 10), True, 1, 1),
        (date(2024, 3, 17), False, 1, None),
    ]
    assert ledger.query("select user_id, active_days, plan, region from dim_users order by 1") == [
        ("c1", 3, "gold", "north"),
        ("c2", 1, "silver", "north"),
    ]
    assert ledger.counts() == (7, 6, 0, 0, 1)
    assert ledger.log()["rows_after_as_of"] == 1


# --- what is left out, and counted -------------------------------------------------------------------------


def test_repeated_rows_count_once_aliases_are_resolved_and_excluded_users_left_out(ledger: Ledger) -> None:
    """By event_id where there is one, else by all columns, over all files; under every name a user has."""
    ledger.write(
        "event_stream_1.csv",
        csv_text(
            "2024-01-01,ann,visit,e1,x",
            "2024-01-02,ann,visit,e1,another row of the same id",
            "2024-01-01,ben,visit,,x",
            "2024-01-01,ben,visit,,x",
            "2024-01-01,ben,visit,,y",
            header=f"{HEADER},event_id,note",
        ),
    )
    ledger.write(
        "event_stream_2.jsonl",
        json_lines(
            {"event_time": "2024-01-03", "user_id": "ann", "event_type": "visit", "event_id": " e1 "},
            {"event_time": "2024-01-01", "user_id": "ben", "event_type": "visit", "note": "x"},
            {"event_time": "2024-01-01", "user_id": "ben", "event_type": "visit"},
        ),
    )
    ledger.write("event_stream_3.csv", csv_text("2024-01-04,a3,visit", "2024-01-04,bot,visit", "2024-01-05,b0t,visit"))
    ledger.write(
        "user_aliases.csv",
        csv_text("a1,ann", "a2,a1", "a3,a2", "b0t,bot", "b0t,bot", "self,self", header="alias_id,user_id"),
    )
    ledger.write("excluded_users.jsonl", json_lines({"user_id": "b0t"}, {"user_id": "never seen"}))
    ledger.refresh()
    assert ledger.query("select event_date, user_id, source_file, event_id from fct_events order by all") == [
        (date(2024, 1, 1), "ann", "event_stream_1.csv", "e1"),
        (date(2024, 1, 1), "ben", "event_stream_1.csv", "event_stream_1.csv#3"),
        (date(2024, 1, 1), "ben", "event_stream_1.csv", "event_stream_1.csv#5"),
        (date(2024, 1, 1), "ben", "event_stream_2.jsonl", "event_stream_2.jsonl#3"),
        (date(2024, 1, 4), "ann", "event_stream_3.csv", "event_stream_3.csv#1"),
    ]
    assert ledger.counts() == (11, 5, 0, 4, 2)
    assert ledger.query("select alias_id, user_id from staging.stg_user_aliases order by 1") == [
        ("a1", "ann"),
        ("a2", "ann"),
        ("a3", "ann"),
        ("b0t", "bot"),
    ]


def test_parquet_files_that_are_read_as_one_are_told_apart(ledger: Ledger) -> None:
    """Each row keeps its file and its number in it, whatever the sizes of the files and the folders they lie in."""
    for name, rows in (("event_stream_a", 2), ("event_stream/b", 5), ("event_stream_c", 3)):
        write_parquet(
            ledger.data / f"{name}.parquet",
            f"""
            select
                timestamp '2024-01-01' + interval 1 day * (n % 3) as event_time,
                '{name}' || n as user_id,
                'visit' as event_type
            from range({rows}) as rows(n)
            """,
        )
    ledger.refresh()
    assert ledger.query("select source_file, source_record, user_id from staging.base_events order by 1, 2") == [
        (f"{name}.parquet", n + 1, f"{name}{n}")
        for name, rows in (("event_stream/b", 5), ("event_stream_a", 2), ("event_stream_c", 3))
        for n in range(rows)
    ]


def test_repeated_rows_are_found_across_a_large_file(ledger: Ledger) -> None:
    """Large enough to be sorted in several runs by several threads: an id and its copy stand 400,000 rows apart."""
    write_parquet(
        ledger.data / "event_stream.parquet",
        """
        select
            timestamp '2024-01-01' + interval 1 day * (id % 3) as event_time,
            'u' || id % 100 as user_id,
            'visit' as event_type,
            'e' || id as event_id
        from (select row_number % 400000 as id from range(600000) as rows(row_number))
        """,
    )
    ledger.refresh()
    assert ledger.counts() == (600_000, 400_000, 0, 200_000, 0)
    assert ledger.query("select count(distinct event_id) from fct_events") == [(400_000,)]


def test_aliases_that_go_round_are_refused_in_one_line(ledger: Ledger) -> None:
    """A cycle has no user at its end."""
    ledger.write("event_stream.csv", EVENTS)
    ledger.write("user_aliases.csv", csv_text("x,y", "y,z", "z,x", header="alias_id,user_id"))
    message = ledger.refused("refresh")
    assert re.search(r"user_aliases: the chain x -> y -> z -> x.* never ends; remove one of its rows", message)
    assert not ledger.warehouse.exists()


def test_too_many_rejected_rows_publish_nothing_and_are_left_to_be_read(published: Ledger) -> None:
    """One readable line with the first of each kind; the rows themselves stand in a file of their own."""
    before = published.warehouse.read_bytes()
    published.write("event_stream_2.csv", csv_text(ROW, "soon,ann,visit", "later,ann,visit", "2024-01-01,ann"))
    message = published.refused("refresh")
    assert "max_rejected_share" in message
    assert "unreadable event time first in event_stream_2.csv, line 3" in message
    assert "wrong number of fields first in event_stream_2.csv, line 5" in message
    kept = published.workshop / "rejected_rows.csv"
    assert message.endswith(str(kept))
    with kept.open(newline="") as stream:
        assert sorted(csv.reader(stream)) == [
            ["event_stream_2.csv", "3", "unreadable event time", "soon,ann,visit"],
            ["event_stream_2.csv", "4", "unreadable event time", "later,ann,visit"],
            ["event_stream_2.csv", "5", "wrong number of fields", "2024-01-01,ann"],
            ["file", "line", "reason", "raw_line"],
        ]
    assert published.warehouse.read_bytes() == before


# --- what is refused: one line that names file, line and remedy --------------------------------------------

UNUSABLE: dict[str, tuple[str, bytes, str]] = {
    "missing column": (
        "event_stream.csv",
        b"event_time,who,event_type\n",
        "event_stream.csv, line 1: has no column user_id, only event_time, who, event_type; "
        "name the column that holds it in the dbt var event_columns, as {user_id: its_name}",
    ),
    "Latin-1": (
        "event_stream.csv",
        f"{EVENTS}2024-01-02,andré,visit\n".encode("latin-1"),
        "event_stream.csv, line 3: is not UTF-8; save it as UTF-8, e.g. `iconv -f latin1 -t utf-8`",
    ),
    "UTF-16": (
        "event_stream.csv",
        EVENTS.encode("utf-16"),
        "event_stream.csv, line 1: is UTF-16; save it as UTF-8, e.g. `iconv -f utf-16 -t utf-8`",
    ),
    "UTF-16 without a mark": (
        "event_stream.jsonl",
        b'{"user_id": 1}'.decode().encode("utf-16-be"),
        "event_stream.jsonl, line 1: is UTF-16; save it as UTF-8, e.g. `iconv -f utf-16 -t utf-8`",
    ),
    "cut in the middle of a character": (
        "event_stream.csv",
        f"{EVENTS}2024-01-02,andré".encode()[:-1],
        "event_stream.csv, line 3: ends in the middle of a character; deliver it again",
    ),
    "gzip cut short": (
        "event_stream.csv.gz",
        gzip.compress(EVENTS.encode())[:-9],
        "event_stream.csv.gz: is not complete gzip (*); deliver it again",
    ),
    "no gzip at all": (
        "event_stream.csv.gz",
        EVENTS.encode(),
        "event_stream.csv.gz: is not complete gzip (*); deliver it again",
    ),
    "gzip of nothing": (
        "event_stream.csv.gz",
        gzip.compress(b""),
        "event_stream.csv.gz, line 1: is blank where the names of the columns belong; write them there",
    ),
    "broken Parquet": (
        "event_stream.parquet",
        b"PAR1 no footer PAR1",
        "event_stream.parquet: cannot be read as parquet: broken, or still being written (*); deliver it again",
    ),
    "text called Parquet": (
        "event_stream.parquet",
        EVENTS.encode(),
        "event_stream.parquet: cannot be read as parquet: broken, or still being written (*); deliver it again",
    ),
    "JSON array": (
        "event_stream.json",
        b'\n[\n{"event_time": 1}\n]\n',
        "event_stream.json, line 2: is a JSON array; write one object a line, e.g. `jq -c '.[]'`",
    ),
    "JSON over several lines": (
        "event_stream.json",
        b'{\n"event_time": 1\n}\n',
        "event_stream.json, line 1: is no JSON object; write one object a line, e.g. `jq -c .`",
    ),
    "JSON of blank lines": (
        "event_stream.json",
        b"\n\n",
        "event_stream.json: is empty; remove it, or deliver it again",
    ),
    "a line of JSON that is too long": (
        "event_stream.jsonl",
        b'{"user_id": 1}\n{"user_id": "' + b"x" * 2_100_000 + b'"}\n',
        "event_stream.jsonl, line 2: is longer than 2 MB; shorten or remove it",
    ),
    "empty file": ("event_stream.csv", b"", "event_stream.csv: is empty; remove it, or deliver it again"),
    "unknown format": ("event_stream.xlsx", b"x", "event_stream.xlsx: is of no format understood; use one of *"),
    "download under way": (
        "event_stream.csv.part",
        b"x",
        "event_stream.csv.part: is still being written, by its name; wait until it is complete, or remove it",
    ),
    "two columns of one name": (
        "event_stream.csv",
        b"event_time,user_id,event_type,User_ID\n",
        "event_stream.csv, line 1: has two columns User_ID (case does not count); rename one",
    ),
    "column without a name": (
        "event_stream.csv",
        b"event_time,user_id,event_type,\n",
        "event_stream.csv, line 1: column 4 has no name; name or remove it",
    ),
    "column of a name that is taken": (
        "event_stream.csv",
        b"event_time,user_id,event_type,__file\n",
        "event_stream.csv, line 1: has a column __file, a name kept for the warehouse; rename it",
    ),
    "line ends of an old Mac": (
        "event_stream.csv",
        EVENTS.replace("\n", "\r").encode(),
        "event_stream.csv, line 1: cannot be split into names of columns (*); end the lines with LF, not with CR alone",
    ),
    "mixed line ends in CSV": (
        "event_stream.csv",
        f"{HEADER}\r\n{ROW}\n{ROW}\r\n".encode(),
        "event_stream.csv: mixes line ends (CRLF and LF); make them one kind, e.g. `dos2unix`",
    ),
    "mixed line ends in JSON": (
        "event_stream.jsonl",
        b'{"user_id": 1}\n{"user_id": 2}\r\n{"user_id": 3}\n',
        "event_stream.jsonl: mixes line ends (CRLF and LF); make them one kind, e.g. `dos2unix`",
    ),
    "quote that is never closed, among line ends of two kinds": (
        "event_stream.csv",
        f'{HEADER}\r\n2024-01-01,"ann,visit\r\n2024-01-01,"b\nen",visit\r\n'.encode(),
        "event_stream.csv, line 2: a quote is not closed; correct the line",
    ),
    "bad line in a list of users": (
        "excluded_users.csv",
        b"user_id\nann\nben,cat\n",
        "excluded_users.csv, line 3: wrong number of fields; correct the line",
    ),
    "list of aliases without the column": (
        "user_aliases.csv",
        b"alias,user_id\n",
        "user_aliases.csv, line 1: has no column alias_id, only alias, user_id; add it",
    ),
}


@pytest.mark.parametrize(("name", "content", "message"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_file_that_cannot_be_used_is_refused_by_name_line_and_remedy(
    ledger: Ledger, name: str, content: bytes, message: str
) -> None:
    """Whatever is wrong with a whole file."""
    if not name.startswith("event_stream"):
        ledger.write("event_stream.csv", EVENTS)
    (ledger.data / name).write_bytes(content)
    assert re.fullmatch(".+".join(map(re.escape, message.split("*"))), refusal(ledger.data))


def test_a_parquet_file_cut_short_is_refused(ledger: Ledger) -> None:
    """At any length."""
    path = ledger.data / "event_stream.parquet"
    write_parquet(path, f"select unnest(range(1000)) as event_time, 'a' as user_id, '{'b' * 99}' as event_type")
    whole = path.read_bytes()
    for length in (4, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert "event_stream.parquet: cannot be read as parquet" in refusal(ledger.data)


def test_a_folder_without_events_is_refused_with_what_to_put_there(ledger: Ledger) -> None:
    """Through the door, as all of these: one line, and a code that says it failed."""
    ledger.write("events.csv", EVENTS)
    message = ledger.refused("refresh")
    assert message.startswith(f"{ledger.data}: no event_stream file; put one here as .csv, .csv.gz, .parquet")
    assert message.endswith("or make the sample with `make sample-data`")
    assert not ledger.warehouse.exists()


def test_a_missing_folder_is_refused_with_the_variable_that_names_it(ledger: Ledger) -> None:
    """DATA_DIR."""
    nowhere = ledger.folder / "nowhere"
    message = one_line(ledger.run("refresh", DATA_DIR=str(nowhere)), 1)
    assert message == f"{nowhere}: there is no such folder; create it or point DATA_DIR elsewhere"


@pytest.mark.parametrize("name", ["event_stream.csv", "event_stream.parquet"])
def test_a_file_that_may_not_be_read_is_refused(name: str) -> None:
    """The message asks for the permission."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        write_parquet(Path(folder) / "event_stream.parquet", "select 1 as event_time, 2 as user_id, 3 as event_type")
        (Path(folder) / "event_stream.csv").write_text(EVENTS)
        check_inputs(Path(folder))
        (Path(folder) / name).chmod(0)
        with without_privileges():
            assert refusal(Path(folder)) == f"{name}: may not be read; give the refresh permission to read it"


def test_a_file_that_grows_during_the_check_is_refused(ledger: Ledger) -> None:
    """Somebody is still writing it."""
    path = ledger.write("event_stream.csv", csv_text(*[ROW] * 100_000))
    checked = threading.Event()

    def append() -> None:
        with path.open("a") as stream:
            while not checked.is_set():
                stream.write(f"{ROW}\n")
                stream.flush()

    writer = threading.Thread(target=append)
    writer.start()
    try:
        message = refusal(ledger.data)
    finally:
        checked.set()
        writer.join()
    assert message == "event_stream.csv: is still being written; wait until it is complete and refresh again"


STILL_WRITTEN = (
    "event_stream_1.csv: changed while it was read, it is still being written; "
    "wait until it is complete (write elsewhere, then move it here) and refresh again"
)
CAME_OR_WENT = "event_stream_2.csv: came or went while the inputs were read; refresh again"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "event_stream_1.csv").write_text(f"{EVENTS}{ROW}\n"), STILL_WRITTEN),
        (lambda folder: (folder / "event_stream_1.csv").unlink(), STILL_WRITTEN),
        (lambda folder: (folder / "event_stream_2.csv").write_text(EVENTS), CAME_OR_WENT),
    ],
    ids=["written", "removed", "added"],
)
def test_files_that_change_after_the_check_are_noticed(
    ledger: Ledger, change: Callable[[Path], None], message: str
) -> None:
    """Whatever happens to them."""
    ledger.write("event_stream_1.csv", EVENTS)
    inputs = check_inputs(ledger.data)
    inputs.assert_unchanged()
    change(ledger.data)
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        inputs.assert_unchanged()


def test_a_file_that_changes_during_the_build_publishes_nothing(published: Ledger) -> None:
    """What was built would be of no one state of the folder; what the change broke is not what is reported."""
    before = published.warehouse.read_bytes()
    process = published.start("refresh")
    assert process.stdout is not None
    assert any(line.startswith("updating from") for line in process.stdout)
    published.write("event_stream_1.csv", EVENTS)
    stdout, stderr = process.communicate(timeout=DEADLINE)
    done = subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)
    assert one_line(done, 1) == STILL_WRITTEN
    assert published.warehouse.read_bytes() == before


# --- variables ---------------------------------------------------------------------------------------------

BAD_VARS: dict[str, tuple[str, str]] = {
    "no_such_var: 1": ("no_such_var is not a var of this project", "timezone, source_timezone, week_start, *"),
    "timezone: Mars/Olympus": ("timezone is Mars/Olympus", "an IANA time zone such as UTC or America/Sao_Paulo"),
    "timezone: [UTC]": ("timezone is ['UTC']", "an IANA time zone such as UTC or America/Sao_Paulo"),
    "source_timezone: null": ("source_timezone is null", "an IANA time zone such as UTC or America/Sao_Paulo"),
    "week_start: tuesday": ("week_start is tuesday", "monday or sunday"),
    "week_start: 1": ("week_start is 1", "monday or sunday"),
    "as_of_date: '2024-02-30'": ("as_of_date is 2024-02-30", "2026-03-31 or the like, or null"),
    "as_of_date: tomorrow": ("as_of_date is tomorrow", "2026-03-31 or the like, or null"),
    "as_of_date: ''": ("as_of_date is empty", "2026-03-31 or the like, or null"),
    "refreshed_at: soon": ("refreshed_at is soon", "2026-03-31T04:00:00Z or the like, or null"),
    "deduplicate_events: 1": ("deduplicate_events is 1", "true or false"),
    "max_rejected_share: 2": ("max_rejected_share is 2", "a number from 0 to 1"),
    "max_rejected_share: '0.5'": ("max_rejected_share is 0.5", "a number from 0 to 1"),
    "max_rejected_share: .nan": ("max_rejected_share is nan", "a number from 0 to 1"),
    "max_history_loss_share: true": ("max_history_loss_share is True", "a number from 0 to 1"),
    "segments: platform": ("segments is platform", "a list of names, such as [a, b]"),
    "segments: null": ("segments is null", "a list of names, such as [a, b]"),
    "segments: [1]": ("segments is [1]", "a list of names, such as [a, b]"),
    "segments: [user_id]": ("segments holds user_id", "column names of letters, digits and _ *"),
    "segments: [two words]": ("segments holds two words", "column names of letters, digits and _ *"),
    "segments: [select]": ("segments holds select", "column names of letters, digits and _ that are no SQL word *"),
    "segments: [plan, Plan]": ("segments names a column twice", "each column once"),
    "active_event_types: login": ("active_event_types is login", "a list of names, such as [a, b]"),
    "active_event_types: 7": ("active_event_types is 7", "a list of names, such as [a, b]"),
    "event_columns: usd": ("event_columns is usd", "a mapping such as {user_id: customer_id}"),
    "event_columns: {customer: c}": ("event_columns holds customer: c", "a column name of the files for any of *"),
    "event_columns: {amount: 5}": ("event_columns holds amount: 5", "a column name of the files for any of *"),
    "retention_by_segment_max_days: 0": ("retention_by_segment_max_days is 0", "a whole number of days, at least 1"),
    "retention_by_segment_max_days: 1.5": ("retention_by_segment_max_days is 1.5", "a whole number of days, *"),
}

# Asks dbt about one set of vars after the other; prints what it says of each, as a JSON list.
VALIDATE = """
import json, os, sys
from dbt.cli.main import dbtRunner

os.chdir(sys.argv[1])
manifest = dbtRunner().invoke(["--quiet", "parse"]).result
answers = []
for values in sys.stdin.read().splitlines():
    said = []
    listen = lambda event: said.append(event.info.msg) if event.info.level == "error" else None
    dbtRunner(manifest, [listen]).invoke(["--quiet", "run-operation", "validate_vars", "--vars", "{" + values + "}"])
    answers.append(" ".join(said))
print("\\n" + json.dumps(answers))
"""


@pytest.fixture(scope="module")
def answers_to_bad_vars(made_once: MadeOnce) -> dict[str, str]:
    """What dbt says of each of BAD_VARS, which an engineer's `dbt build` would say too."""
    answers = made_once("bad-vars", ask_about_bad_vars).folder / "answers.json"
    return dict(zip(BAD_VARS, json.loads(answers.read_text()), strict=True))


def ask_about_bad_vars(ledger: Ledger) -> None:
    places = {
        "WAREHOUSE_BUILD_PATH": str(ledger.warehouse),
        "DBT_TARGET_PATH": str(ledger.folder / "target"),
        "DBT_LOG_PATH": str(ledger.folder / "logs"),
    }
    done = subprocess.run(
        [sys.executable, "-c", VALIDATE, str(ROOT / "analytics_dbt")],
        env=ledger.environment(**places),
        input="\n".join(BAD_VARS),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert done.returncode == 0, done.stderr
    (ledger.folder / "answers.json").write_text(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("values", BAD_VARS)
def test_a_variable_that_makes_no_sense_says_what_is_allowed(values: str, answers_to_bad_vars: dict[str, str]) -> None:
    """Name, value, remedy."""
    problem, allowed = BAD_VARS[values]
    said = " ".join(answers_to_bad_vars[values].split())
    assert f"dbt var {problem}; allowed: {allowed.rstrip('*')}" in said


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("as_of_date: tomorrow", "dbt var as_of_date is tomorrow; allowed: 2026-03-31 or the like, or null"),
        ("max_rejected_share: 2", "dbt var max_rejected_share is 2; allowed: a number from 0 to 1"),
        ("event_columns: usd", "dbt var event_columns is usd; allowed: a mapping such as {user_id: customer_id}"),
        (
            "segments: [no_such_column]",
            "base_events: dbt var segments holds no_such_column, a column of none of the event files; "
            "allowed: event_time, user_id, event_type",
        ),
        (
            "event_columns: {user_id: who}",
            "event_stream.csv, line 1: has no column who, only event_time, user_id, event_type; "
            "name the column that holds it in the dbt var event_columns, as {user_id: its_name}",
        ),
        ("as_of_date: 2024-02-30", "--vars cannot be read: day is out of range for month"),
        ("[segments", "--vars cannot be read: *"),
        ("- segments", "--vars is no mapping; write for example '{timezone: America/Sao_Paulo}'"),
    ],
)
def test_a_refresh_with_bad_variables_fails_in_one_line(ledger: Ledger, values: str, message: str) -> None:
    """Wherever it is that a value does not fit: in YAML, to the files, while models are parsed, while they run."""
    ledger.write("event_stream.csv", EVENTS)
    said = one_line(ledger.run("refresh", "--vars", values), 1)
    assert re.fullmatch(".+".join(map(re.escape, message.split("*"))), said)
    assert not ledger.warehouse.exists()


# --- any CSV at all ----------------------------------------------------------------------------------------

CELLS = st.text(st.sampled_from("ab \u00e9\U0001d11e\\'\"\n,;\t|\x00\u2028"), max_size=5)
COLUMNS = ("event_time", "user_id", "event_type", "note")


@st.composite
def csv_files(draw: st.DrawFn) -> tuple[str, list[tuple[str, ...]], list[tuple[int, str]]]:
    """The text of a file, its rows, and its malformed lines with their numbers."""
    delimiter = draw(st.sampled_from(",;\t|"))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    malformed = [
        "a",
        delimiter.join("abc"),
        delimiter.join("abcde"),
        delimiter.join(["a", '"b"x', "c", "d"]),
        delimiter.join(['"a"x', "b", "c", "d"]),
    ]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    if draw(st.booleans()):
        writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    rows: list[tuple[str, ...]] = []
    bad: list[tuple[int, str]] = []
    for row in draw(st.lists(st.one_of(st.tuples(CELLS, CELLS, CELLS, CELLS), st.sampled_from(malformed)), max_size=8)):
        if isinstance(row, str):
            bad.append((text.getvalue().count("\n") + 1, row))
            text.write(row + end)
        else:
            rows.append(row)
            writer.writerow(row)
    return draw(st.sampled_from([text.getvalue(), text.getvalue().removesuffix(end)])), rows, bad


@settings(deadline=None)
@given(csv_files())
def test_any_csv_comes_back_as_it_was_written(file: tuple[str, list[tuple[str, ...]], list[tuple[int, str]]]) -> None:
    """Every value in its row, every row under its number, every malformed line under its own, none lost."""
    text, rows, malformed = file
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        (Path(folder) / "event_stream.csv").write_bytes(text.encode())
        inputs = check_inputs(Path(folder))
        landed = connection.execute(
            f"select {', '.join(COLUMNS)}, __record from ({source_query(inputs, 'event_stream')}) order by __record"
        ).fetchall()
    assert [tuple(value or "" for value in row[:-1]) for row in landed] == rows
    assert [row[-1] for row in landed] == list(range(1, len(rows) + 1))
    assert [(line.line, line.raw_line) for line in inputs.malformed] == malformed
    assert [found.rows_read for found in inputs.files] == [len(rows) + len(malformed)]


# What may stand in a line, closed quotes or not: DuckDB and the file's physical lines have to agree on all of it.
FRAGMENTS = st.sampled_from(
    ["1,a,v", '2,"b",v', '3,"c,v', '4,d,"v', '5,"e"x,v', '6,"f\ng",v', "7,h", "8,i,v,w", "", '"9,j,v', '"k\nl"x,m,n']
)


@settings(deadline=None)
@given(st.lists(FRAGMENTS, max_size=7), st.sampled_from(["\n", "\r\n"]))
def test_no_line_is_lost_after_a_quote_that_is_not_closed(fragments: list[str], end: str) -> None:
    """Every physical line is in a row, blank, or reported as it stands in the file; or the file is refused by line."""
    text = "".join(line + end for line in (HEADER, *fragments))
    lines = [line.removesuffix("\r") for line in text.split("\n")[:-1]]
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        (Path(folder) / "event_stream.csv").write_bytes(text.encode())
        try:
            inputs = check_inputs(Path(folder))
        except InputError as error:
            assert end == "\r\n"
            assert re.fullmatch(r"event_stream.csv, line \d+: a quote is not closed; correct the line", str(error))
            return
        landed = connection.execute(source_query(inputs, "event_stream")).fetchall()
    reported = {line.line: line.raw_line for line in inputs.malformed}
    assert len(reported) == len(inputs.malformed)
    assert reported == {number: lines[number - 1] for number in reported}
    in_rows = sum(1 + "".join(row[:3]).count("\n") for row in landed)
    blank = sum(line == "" and number not in reported for number, line in enumerate(lines, start=1))
    assert 1 + in_rows + len(reported) + blank == len(lines)


def refusal(folder: Path) -> str:
    """Why the check refuses a folder: one line."""
    with pytest.raises(InputError) as refused:
        check_inputs(folder)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root may read everything; be somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
