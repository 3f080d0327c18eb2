"""The input files shown to dbt as one table per source, whatever their format.

dbt loads its `raw` sources through `pipeline/dbt_plugin.py`, so that `dbt build` and `python -m pipeline refresh` read
the same files in the same way. A row is never changed here, only lined up: columns are matched by name over all files
of a source, and two are added:

    __file    the file's path inside the data folder
    __record  the row's number in its file, from 1: of CSV rows without header and unreadable lines, of JSON lines

Lines that could not be split into fields are the source `malformed_lines`, the files themselves `input_files`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple
from itertools import groupby
from typing import Any

import duckdb

from pipeline.inputs import (
    IS_OBJECT,
    REQUIRED_COLUMNS,
    InputFile,
    Inputs,
    identifier,
    quote,
    read_csv,
    read_lines,
)
from pipeline.rows import insert_rows


def _select(files: list[InputFile], types: Mapping[str, str]) -> str:
    """SQL of the rows of files of one shape, with the columns of all files of their source, in their types."""
    file = files[0]
    own = {column.lower(): (column, kind) for column, kind in file.columns.items()}
    selected = []
    for column, wanted in types.items():
        name, kind = own.get(column.lower(), ("", ""))
        if not name:
            expression = f"null::{wanted}"
        elif file.format == "json":
            pointer = "/" + name.replace("~", "~0").replace("/", "~1")
            expression = f"json -> {quote(pointer)}"
            expression = expression if wanted == "JSON" else f"({expression}) ->> '$'"
        elif wanted == kind:
            expression = identifier(name)
        elif wanted == "JSON":
            expression = f"to_json({identifier(name)})"
        else:
            expression = f"{identifier(name)}::{wanted}"
        selected.append(f"{expression} as {identifier(column)}")
    name = quote(file.name)
    if file.format == "parquet":
        # the largest first: by the first one DuckDB judges how many threads to set to work
        paths = ", ".join(quote(file.path) for file in sorted(files, key=lambda file: -file.size_bytes))
        rows = f"read_parquet([{paths}], file_row_number = true, filename = '__path')"
        record, name = "file_row_number + 1", f"substr(__path, {len(str(file.path)) - len(file.name) + 1})"
    elif file.format == "csv":
        record = "row_number() over ()"
        rows = read_csv(file.path, file.delimiter, file.columns)
    else:
        lines = f"select json, row_number() over () as line from {read_lines(file.path)}"
        record, rows = "line", f"(select json::json as json, line from ({lines}) where {IS_OBJECT})"
    return f"select {', '.join(selected)}, {name} as __file, {record} as __record from {rows}"


def _shape(file: InputFile) -> tuple[object, ...]:
    """What files have in common that are read as one: hundreds of Parquet files, each by itself, take twice as long.
    Rows of text are numbered as they are read, so a file of text is always read by itself.
    """
    return ("parquet", *file.columns.items()) if file.format == "parquet" else (file.name,)


def source_types(files: Iterable[InputFile], source: str) -> dict[str, str]:
    """The columns over all files of a source, each with the type it is read as."""
    kinds: dict[str, dict[str, set[str]]] = {}
    for file in files:
        for column, kind in file.columns.items():
            kinds.setdefault(column.lower(), {}).setdefault(column, set()).add(kind)
    types = {}
    for spellings in kinds.values():
        found = set().union(*spellings.values())
        # One type where all files agree; else JSON keeps what is nested, and text keeps the rest as it was.
        kind = found.pop() if len(found) == 1 else "JSON" if "JSON" in found else "VARCHAR"
        types[next(iter(spellings))] = kind if source == "event_stream" else "VARCHAR"
    return types or dict.fromkeys(REQUIRED_COLUMNS[source], "VARCHAR")


def source_query(inputs: Inputs, source: str) -> str:
    """SQL of one table over the files of a source that are to be loaded; empty when there is none."""
    types = source_types(inputs.of(source), source)
    loaded = (file for file in inputs.of(source) if file.is_loaded)
    selects = [_select(list(files), types) for _, files in groupby(loaded, key=_shape)]
    if not selects:
        columns = ", ".join(f"null::{kind} as {identifier(column)}" for column, kind in types.items())
        return f"select {columns}, null::varchar as __file, null::bigint as __record where false"
    return "\nunion all\n".join(selects)


def source_relation(connection: duckdb.DuckDBPyConnection, inputs: Inputs, source: str) -> Any:
    """A table of the dbt source `raw`, as something DuckDB can select from."""
    if source == "input_files":
        return _relation(connection, _INPUT_FILES, map(_input_file_row, inputs.files))
    if source == "malformed_lines":
        return _relation(connection, _MALFORMED_LINES, map(astuple, inputs.malformed))
    return connection.sql(source_query(inputs, source))


_INPUT_FILES = (
    "file varchar, source varchar, format varchar, size_bytes bigint, modified_at timestamp, rows_read bigint, "
    "is_loaded boolean"
)
_MALFORMED_LINES = "file varchar, line bigint, reason varchar, raw_line varchar"


def _input_file_row(file: InputFile) -> tuple[Any, ...]:
    return (file.name, file.source, file.format, file.size_bytes, file.modified_at, file.rows_read, file.is_loaded)


def _relation(cursor: duckdb.DuckDBPyConnection, columns: str, rows: Iterable[tuple[Any, ...]]) -> Any:
    """A small table of these columns and rows, handed over as a relation."""
    cursor.execute(f"create or replace temp table handed_over ({columns})")
    insert_rows(cursor, "handed_over", rows)
    return cursor.sql("from handed_over").to_arrow_table()
