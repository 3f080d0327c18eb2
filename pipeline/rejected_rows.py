"""Finds the lines, in the files as delivered, of the rows that staging rejected."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from dataclasses import astuple
from itertools import groupby
from operator import itemgetter

import duckdb

from pipeline.inputs import InputFile, Inputs, open_text_bytes, quote

Located = tuple[str, int, str, str]  # file, line, reason, raw line


def rejected_rows(connection: duckdb.DuckDBPyConnection, inputs: Inputs) -> Iterator[Located]:
    """The rejected rows of the warehouse that `connection` holds: (file, line from 1, reason, raw line)."""
    yield from (astuple(line) for line in inputs.malformed)
    files = {file.name: file for file in inputs.files}
    rejected = connection.execute(
        """
        select source_file, source_record, reject_reason from staging.base_events
        where line_status = 'rejected' and source_record is not null
        order by source_file, source_record
        """
    ).fetchall()
    for name, rows in groupby(rejected, key=itemgetter(0)):
        reasons = {record: reason for _, record, reason in rows}
        malformed = {line.line for line in inputs.malformed if line.file == name}
        for record, line, text in _records(files[name], malformed, set(reasons)):
            yield name, line, reasons[record], text


def _records(file: InputFile, malformed: set[int], wanted: set[int]) -> Iterator[tuple[int, int, str]]:
    """(record, line, text) of the wanted records of a file."""
    if file.format == "parquet":
        yield from _parquet_records(file, wanted)
        return
    numbered = _csv_records(file, malformed) if file.format == "csv" else _lines(file)
    for record, line, text in numbered:
        if record in wanted:
            yield record, line, text.rstrip("\r\n")


def _parquet_records(file: InputFile, wanted: set[int]) -> Iterator[tuple[int, int, str]]:
    rows = duckdb.execute(
        f"""
        select file_row_number + 1, to_json(columns(* exclude (file_row_number)))::varchar
        from (select rows.file_row_number, rows from read_parquet({quote(file.path)}, file_row_number = true) as rows)
        where file_row_number + 1 in (select unnest(?))
        """,
        [sorted(wanted)],
    ).fetchall()
    for record, text in rows:
        yield record, record, text


def _lines(file: InputFile) -> Iterator[tuple[int, int, str]]:
    with io.TextIOWrapper(open_text_bytes(file.path), encoding="utf-8", newline="\n") as stream:
        for line, text in enumerate(stream, start=1):
            yield line, line, text


def _csv_records(file: InputFile, malformed: set[int]) -> Iterator[tuple[int, int, str]]:
    """The records after the header, as DuckDB counts them: blank and malformed lines do not count."""
    csv.field_size_limit(sys.maxsize)
    taken: list[tuple[int, str]] = []

    def lines() -> Iterator[str]:
        with io.TextIOWrapper(open_text_bytes(file.path), encoding="utf-8-sig", newline="") as stream:
            for number, text in enumerate(stream, start=1):
                if number not in malformed:
                    taken.append((number, text))
                    yield text

    record = -1  # the header is none
    for fields in csv.reader(lines(), delimiter=file.delimiter):
        read, taken[:] = list(taken), []
        if fields:
            record += 1
            yield record, read[0][0], "".join(text for _, text in read)
