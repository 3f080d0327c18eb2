"""The input files: found, checked, and shown to dbt as one table per source, whatever their format.

dbt loads its `raw` sources through `Plugin` (named in analytics_dbt/profiles.yml), so that `dbt build` and
`python -m pipeline refresh` read the same files in the same way. A row is never changed here, only lined up:
columns are matched by name over all files of a source, and two are added:

    __file    the file's path inside the data folder
    __record  the row's number in its file, from 1, header and unreadable lines not counted

What a CSV or JSON reader cannot split into fields goes to the source `malformed_lines`.
Everything that makes a whole file unusable raises `InputError`: one line naming file, line and remedy.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import os
import threading
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from pipeline.settings import data_dir

# Source -> the columns every one of its files must have.
REQUIRED_COLUMNS = {
    "event_stream": ("event_time", "user_id", "event_type"),
    "user_aliases": ("alias_id", "user_id"),
    "excluded_users": ("user_id",),
}
# Understood when present; any other column is kept in `properties`.
OPTIONAL_COLUMNS = ("event_id", "amount", "transaction_category", "platform", "utm_source", "country")

FORMATS = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".parquet": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".jsonl.gz": "json",
    ".ndjson.gz": "json",
    ".json.gz": "json",
}
UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload")
DELIMITERS = ",;\t|"
CHUNK = 1 << 22

# How DuckDB names what is wrong with a line of CSV -> how we do.
MALFORMED_REASONS = {
    "MISSING COLUMNS": "wrong number of fields",
    "TOO MANY COLUMNS": "wrong number of fields",
    "UNQUOTED VALUE": "broken quoting",
    "LINE SIZE OVER MAXIMUM": "line longer than 2 MB",
}


class InputError(Exception):
    """The inputs cannot be used as they are; the message is one line naming file, line and remedy."""


@dataclass(frozen=True)
class InputFile:
    """One input file after its check; `columns` maps each column's name to its DuckDB type."""

    path: Path
    name: str
    source: str
    format: str
    delimiter: str
    columns: Mapping[str, str]
    size_bytes: int
    modified_ns: int
    rows_read: int

    def has_changed(self) -> bool:
        """Whether the file on disk is no longer the one that was checked."""
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return True
        return (stat.st_size, stat.st_mtime_ns) != (self.size_bytes, self.modified_ns)


@dataclass(frozen=True)
class MalformedLine:
    """A line that its reader could not split into fields."""

    file: str
    line: int
    reason: str
    raw_line: str


@dataclass(frozen=True)
class Inputs:
    """All files of the data folder, checked."""

    data_dir: Path
    files: tuple[InputFile, ...]
    malformed: tuple[MalformedLine, ...]

    def of(self, source: str) -> list[InputFile]:
        return [file for file in self.files if file.source == source]

    def assert_unchanged(self) -> None:
        """Raise InputError if a file was changed, added or removed since the check."""
        for file in self.files:
            if file.has_changed():
                raise InputError(
                    f"{file.name}: changed while it was read, it is still being written; "
                    "wait until it is complete (write elsewhere, then move it here) and refresh again"
                )
        now = {path for source in REQUIRED_COLUMNS for path in find_files(self.data_dir, source)}
        for path in sorted(now.symmetric_difference(file.path for file in self.files)):
            name = path.relative_to(self.data_dir).as_posix()
            raise InputError(f"{name}: came or went while the inputs were read; refresh again")


# --- finding and checking ---------------------------------------------------------------------------------


def find_files(data_dir: Path, source: str) -> list[Path]:
    """Files `source*` and everything below a folder `source/`, in the order of their names."""
    found = [path for path in data_dir.glob(f"{source}*") if path.is_file()]
    found += [path for path in (data_dir / source).rglob("*") if path.is_file()]
    return sorted(path for path in found if not path.name.startswith((".", "_")))


def check_inputs(folder: Path, event_columns: Mapping[str, str] | None = None) -> Inputs:
    """Find and check every input file.

    `event_columns` maps our column names to those of the event files where they differ.
    Raises InputError for the first file that cannot be used.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder; create it or point DATA_DIR elsewhere")
    files: list[InputFile] = []
    malformed: list[MalformedLine] = []
    for source in REQUIRED_COLUMNS:
        for path in find_files(folder, source):
            file, bad = _check_file(path, path.relative_to(folder).as_posix(), source)
            _check_columns(file, event_columns or {})
            if bad and source != "event_stream":
                raise InputError(f"{file.name}, line {bad[0].line}: {bad[0].reason}; correct the line")
            files.append(file)
            malformed += bad
    if not any(file.source == "event_stream" for file in files):
        raise InputError(
            f"{folder}: no event_stream file; put one here as {', '.join(FORMATS)}, "
            "or make the sample with `make sample-data`"
        )
    return Inputs(folder, tuple(files), tuple(malformed))


def _check_file(path: Path, name: str, source: str) -> tuple[InputFile, list[MalformedLine]]:
    before = path.stat()
    suffix = next((s for s in sorted(FORMATS, key=len, reverse=True) if path.name.lower().endswith(s)), None)
    if path.name.lower().endswith(UNFINISHED):
        raise InputError(f"{name}: is still being written, by its name; wait until it is complete, or remove it")
    if suffix is None:
        raise InputError(f"{name}: is of no format understood; use one of {', '.join(FORMATS)}, or move it away")
    if before.st_size == 0:
        raise InputError(f"{name}: is empty; remove it, or deliver it again")
    kind = FORMATS[suffix]
    connection = duckdb.connect(config={"threads": os.cpu_count() or 1})
    connection.execute("set enable_progress_bar = false")
    delimiter = ""
    malformed: list[MalformedLine] = []
    try:
        if kind == "csv":
            _check_text(path, name)
            delimiter, columns = _csv_header(path, name)
            rows, malformed = _scan_csv(connection, path, name, delimiter, columns)
        elif kind == "json":
            _check_text(path, name)
            columns, rows, malformed = _scan_json(connection, path, name)
        else:
            columns, rows = _scan_parquet(connection, path)
    except PermissionError:
        raise InputError(f"{name}: may not be read; give the refresh permission to read it") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{name}: is not complete gzip ({error}); deliver it again") from None
    except duckdb.Error as error:
        first_line = str(error).split("\n")[0]
        raise InputError(
            f"{name}: cannot be read as {kind}: broken, or still being written ({first_line}); deliver it again"
        ) from None
    finally:
        connection.close()
    file = InputFile(
        path, name, source, kind, delimiter, columns, before.st_size, before.st_mtime_ns, rows + len(malformed)
    )
    if file.has_changed():
        raise InputError(f"{name}: is still being written; wait until it is complete and refresh again")
    return file, malformed


def _check_columns(file: InputFile, event_columns: Mapping[str, str]) -> None:
    mapping = event_columns if file.source == "event_stream" else {}
    known = {column.lower() for column in file.columns}
    for column in REQUIRED_COLUMNS[file.source]:
        wanted = mapping.get(column, column)
        if wanted.lower() not in known:
            remedy = (
                f"name the column that holds it in the dbt var event_columns, as {{{column}: its_name}}"
                if file.source == "event_stream"
                else "add it"
            )
            raise InputError(
                f"{file.name}, line 1: has no column {wanted}, only {', '.join(file.columns)}; {remedy}"
            )


def open_text_bytes(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked when it is gzipped."""
    return gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb")  # type: ignore[return-value]


def _check_text(path: Path, name: str) -> None:
    """Raise InputError unless the whole file is UTF-8: DuckDB drops lines that are not, without a word."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    with open_text_bytes(path) as stream:
        while chunk := stream.read(CHUNK):
            if lines == 1 and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise InputError(f"{name}, line 1: is UTF-16; save it as UTF-8, e.g. `iconv -f utf-16 -t utf-8`")
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                line = lines + error.object[: error.start].count(b"\n")
                raise InputError(
                    f"{name}, line {line}: is not UTF-8; save it as UTF-8, e.g. `iconv -f latin1 -t utf-8`"
                ) from None
            lines += chunk.count(b"\n")
    if decoder.getstate()[0]:
        raise InputError(f"{name}, line {lines}: ends in the middle of a character; deliver it again")


def _csv_header(path: Path, name: str) -> tuple[str, dict[str, str]]:
    """The delimiter and the columns of a CSV file, from its first line."""
    with open_text_bytes(path) as stream:
        first_line = stream.readline().decode("utf-8-sig").rstrip("\r\n")
    delimiter = max(DELIMITERS, key=first_line.count)
    names = [column.strip() for column in next(csv.reader([first_line], delimiter=delimiter), [])]
    _check_names(name, names)
    return delimiter, dict.fromkeys(names, "VARCHAR")


def _check_names(name: str, columns: Iterable[str]) -> None:
    seen: set[str] = set()
    for position, column in enumerate(columns, start=1):
        if not column:
            raise InputError(f"{name}, line 1: column {position} has no name; name or remove it")
        if column.lower() in seen:
            raise InputError(f"{name}, line 1: has two columns {column} (case does not count); rename one")
        seen.add(column.lower())


def _scan_csv(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str, delimiter: str, columns: Mapping[str, str]
) -> tuple[int, list[MalformedLine]]:
    """Number of good rows, and the lines that are none."""
    try:
        rows = _one(connection, f"select count(*) from {_read_csv(path, delimiter, columns, 'store_rejects')}")
    except duckdb.InvalidInputException as error:
        if "state machine" not in str(error):
            raise
        raise InputError(f"{name}: mixes line ends (CRLF and LF); make them one kind, e.g. `dos2unix`") from None
    rejects = connection.execute(
        """
        select line_byte_position - 1, first(error_type::varchar order by byte_position), first(csv_line)
        from reject_errors group by 1 order by 1
        """
    ).fetchall()
    first_lines = _line_numbers(path, [offset for offset, _, _ in rejects])
    malformed = []
    for (_, error, text), first_line in zip(rejects, first_lines, strict=True):
        reason = MALFORMED_REASONS.get(error, error.lower())
        # An unclosed quote swallows the lines after it: each of them is a line that was lost.
        skipped = len(text) - len(text.lstrip("\n"))
        for offset, raw_line in enumerate(text.strip("\r\n").splitlines() or [""]):
            malformed.append(MalformedLine(name, first_line + skipped + offset, reason, raw_line))
    return rows, malformed


def _scan_json(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str
) -> tuple[dict[str, str], int, list[MalformedLine]]:
    """The keys of newline-delimited JSON, its number of objects, and the lines that are none."""
    lines = f"(select json, row_number() over () as line from {_read_lines(path)})"
    rows = _one(connection, f"select count(*) from {lines} where {_IS_OBJECT}")
    bad = connection.execute(
        f"select line, json from {lines} where trim(json) != '' and not {_IS_OBJECT} order by line"
    ).fetchall()
    if bad and bad[0][0] == 1 and bad[0][1].lstrip().startswith("["):
        raise InputError(f"{name}, line 1: is a JSON array; write one object a line, e.g. `jq -c '.[]'`")
    keys = connection.execute(
        f"select distinct unnest(json_keys(json)) as key from {lines} where {_IS_OBJECT} order by key"
    ).fetchall()
    columns = dict.fromkeys((key for (key,) in keys), "JSON")
    _check_names(name, columns)
    return columns, rows, [MalformedLine(name, line, "not a JSON object", text) for line, text in bad]


def _scan_parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[dict[str, str], int]:
    described = connection.execute(f"describe select * from read_parquet({_quote(path)})").fetchall()
    rows = _one(connection, f"select count(*) from read_parquet({_quote(path)})")
    return {column: kind for column, kind, *_ in described}, rows


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    [(value,)] = connection.execute(query).fetchall()  # all of it: DuckDB files rejects when a query ends
    return value


def _line_numbers(path: Path, offsets: list[int]) -> list[int]:
    """The numbers (from 1) of the lines that begin at these ascending byte offsets."""
    numbers: list[int] = []
    line, position = 1, 0
    if offsets:
        with open_text_bytes(path) as stream:
            for offset in offsets:
                while position < offset:
                    chunk = stream.read(min(CHUNK, offset - position))
                    line += chunk.count(b"\n")
                    position += len(chunk)
                numbers.append(line)
    return numbers


# --- one table per source ---------------------------------------------------------------------------------

_IS_OBJECT = "coalesce(json_type(try_cast(json as json)) = 'OBJECT', false)"


def _quote(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _read_csv(path: Path, delimiter: str, columns: Mapping[str, str], on_error: str) -> str:
    """A table function over a CSV file; `on_error` is ignore_errors or store_rejects: both skip the same lines."""
    struct = ", ".join(f"{_quote(column)}: 'VARCHAR'" for column in columns)
    return (
        f"read_csv({_quote(path)}, header = true, auto_detect = false, delim = {_quote(delimiter)}, "
        f"quote = '\"', escape = '\"', columns = {{{struct}}}, {on_error} = true)"
    )


def _read_lines(path: Path) -> str:
    """Every line of a text file, blank ones too, as column `json`."""
    return (
        f"read_csv({_quote(path)}, header = false, auto_detect = false, delim = '\x1f', quote = '', escape = '', "
        "columns = {'json': 'VARCHAR'})"
    )


def _select(file: InputFile, types: Mapping[str, str]) -> str:
    """SQL of one file's rows with the columns of all files of its source, in their types."""
    own = {column.lower(): (column, kind) for column, kind in file.columns.items()}
    selected = []
    for column, wanted in types.items():
        name, kind = own.get(column.lower(), ("", ""))
        if not name:
            expression = f"null::{wanted}"
        elif file.format == "json":
            expression = f"json -> {_quote('$.' + _identifier(name))}"
            expression = expression if wanted == "JSON" else f"({expression}) ->> '$'"
        elif wanted == kind:
            expression = _identifier(name)
        elif wanted == "JSON":
            expression = f"to_json({_identifier(name)})"
        else:
            expression = f"{_identifier(name)}::{wanted}"
        selected.append(f"{expression} as {_identifier(column)}")
    if file.format == "parquet":
        record, rows = "file_row_number + 1", f"read_parquet({_quote(file.path)}, file_row_number = true)"
    elif file.format == "csv":
        record = "row_number() over ()"
        rows = _read_csv(file.path, file.delimiter, file.columns, "ignore_errors")
    else:
        lines = f"select json, row_number() over () as line from {_read_lines(file.path)}"
        record, rows = "line", f"(select json::json as json, line from ({lines}) where {_IS_OBJECT})"
    return f"select {', '.join(selected)}, {_quote(file.name)} as __file, {record} as __record from {rows}"


def source_query(inputs: Inputs, source: str) -> str:
    """SQL of one table over all files of a source; empty, with its required columns, when there is no file."""
    files = inputs.of(source)
    if not files:
        columns = ", ".join(f"null::varchar as {column}" for column in REQUIRED_COLUMNS[source])
        return f"select {columns}, null::varchar as __file, null::bigint as __record where false"
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
    return "\nunion all\n".join(_select(file, types) for file in files)


class Plugin(BasePlugin):
    """dbt-duckdb's door to the inputs: each table of the dbt source `raw` is loaded here."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        self.inputs: Inputs | None = None
        self.lock = threading.Lock()  # dbt loads sources from several threads

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        self.connection = conn

    def load(self, source_config: Any) -> duckdb.DuckDBPyRelation:
        with self.lock:
            if self.inputs is None:
                self.inputs = check_inputs(data_dir(), source_config.get("event_columns"))
        cursor = self.connection.cursor()
        if source_config.identifier == "input_files":
            return _relation(cursor, _INPUT_FILES, map(_input_file_row, self.inputs.files))
        if source_config.identifier == "malformed_lines":
            return _relation(cursor, _MALFORMED_LINES, map(astuple, self.inputs.malformed))
        return cursor.sql(source_query(self.inputs, source_config.identifier))


_INPUT_FILES = "file varchar, source varchar, format varchar, size_bytes bigint, modified_at timestamp, rows_read bigint"
_MALFORMED_LINES = "file varchar, line bigint, reason varchar, raw_line varchar"


def _input_file_row(file: InputFile) -> tuple[Any, ...]:
    modified_at = datetime.fromtimestamp(file.modified_ns / 1e9, UTC).replace(tzinfo=None)
    return (file.name, file.source, file.format, file.size_bytes, modified_at, file.rows_read)


def _relation(cursor: duckdb.DuckDBPyConnection, columns: str, rows: Iterable[tuple[Any, ...]]) -> Any:
    """A small table of these columns and rows, handed over as a relation."""
    cursor.execute(f"create or replace temp table handed_over ({columns})")
    for row in rows:
        cursor.execute(f"insert into handed_over values ({', '.join('?' * len(row))})", row)
    return cursor.sql("from handed_over").to_arrow_table()
