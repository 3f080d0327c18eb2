"""Finds the lines, in the files as delivered, of the rows that staging rejected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from itertools import groupby
from operator import itemgetter

import duckdb

from pipeline.inputs import InputFile, Inputs, csv_records, identifier, numbered_lines, quote

Located = tuple[str, int, str, str]  # file, line, reason, raw line


def rejected_rows(connection: duckdb.DuckDBPyConnection, inputs: Inputs) -> Iterator[Located]:
    """The rejected rows of the loaded files in the warehouse of `connection`: (file, line from 1, reason, raw line)."""
    yield from (astuple(line) for line in inputs.malformed)
    files = {file.name: file for file in inputs.files if file.is_loaded}
    rejected = connection.execute(
        """
        select source_file, source_record, reject_reason from staging.base_events
        where line_status = 'rejected' and source_record is not null
        order by source_file, source_record
        """
    ).fetchall()
    for name, rows in groupby(rejected, key=itemgetter(0)):
        if name not in files:
            continue
        reasons = {record: reason for _, record, reason in rows}
        malformed = {line.line for line in inputs.malformed if line.file == name}
        for record, line, text in _records(files[name], malformed, set(reasons)):
            yield name, line, reasons[record], text


def _records(file: InputFile, malformed: set[int], wanted: set[int]) -> Iterator[tuple[int, int, str]]:
    """(record, line, text) of the wanted records of a file."""
    if file.format == "parquet":
        yield from _parquet_records(file, wanted)
        return
    if file.format == "csv":
        numbered = csv_records(file.path, file.delimiter, malformed)
    else:
        numbered = ((line, line, text) for line, text in numbered_lines(file.path))
    last = max(wanted)
    for record, line, text in numbered:
        if record in wanted:
            yield record, line, text.rstrip("\r\n")
        if record == last:
            return


def _parquet_records(file: InputFile, wanted: set[int]) -> Iterator[tuple[int, int, str]]:
    row = ", ".join(f"{quote(column)}: {identifier(column)}" for column in file.columns)
    rows = duckdb.execute(
        f"""
        select file_row_number + 1, to_json({{{row}}})::varchar
        from read_parquet({quote(file.path)}, file_row_number = true)
        where file_row_number + 1 in (select unnest(?))
        """,
        [sorted(wanted)],
    ).fetchall()
    for record, text in rows:
        yield record, record, text
