"""The input files: found and checked.

What makes a whole file unusable raises `InputError`: one line naming file, line and remedy. A line that cannot be
split into fields is set aside as a `MalformedLine`, and the rest of its file is used.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import json
import re
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import duckdb

# Source -> the columns every one of its files must have.
REQUIRED_COLUMNS = {
    "event_stream": ("event_time", "user_id", "event_type"),
    "user_aliases": ("alias_id", "user_id"),
    "excluded_users": ("user_id",),
}
# Added to every row when it is read.
ADDED_COLUMNS = ("__file", "__record")
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
_UTF16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
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
    """One input file after its check; `columns` maps each column's name to its DuckDB type.

    `is_loaded` is false for an event file whose rows the published warehouse holds already.
    """

    path: Path
    name: str
    source: str
    format: str
    delimiter: str
    columns: Mapping[str, str]
    size_bytes: int
    modified_ns: int
    changed_ns: int
    sha256: str
    rows_read: int
    is_loaded: bool = True

    @property
    def modified_at(self) -> datetime:
        """When it was last written, UTC."""
        return datetime.fromtimestamp(self.modified_ns / 1e9, UTC).replace(tzinfo=None)

    def has_changed(self) -> bool:
        """Whether the file on disk is no longer the one that was checked."""
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return True
        return (stat.st_size, stat.st_mtime_ns) != (self.size_bytes, self.modified_ns)

    def as_found(self, path: Path) -> InputFile | None:
        """The file at `path` as one that needs no loading, if it still holds the bytes that were checked."""
        stat = path.stat()
        touched = (stat.st_mtime_ns, stat.st_ctime_ns) != (self.modified_ns, self.changed_ns)
        if stat.st_size != self.size_bytes or (touched and _sha256(path) != self.sha256):
            return None
        return replace(self, path=path, modified_ns=stat.st_mtime_ns, changed_ns=stat.st_ctime_ns, is_loaded=False)


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

    def save(self, path: Path) -> None:
        """Write down what was checked, for the dbt process to go by."""
        path.write_text(json.dumps(asdict(self), default=str))

    @classmethod
    def load(cls, path: Path) -> Inputs:
        """What `save` wrote."""
        saved = json.loads(path.read_text())
        files = tuple(InputFile(**{**file, "path": Path(file["path"])}) for file in saved["files"])
        return cls(Path(saved["data_dir"]), files, tuple(MalformedLine(**line) for line in saved["malformed"]))

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


def check_inputs(
    folder: Path, event_columns: Mapping[str, str] | None = None, published: Mapping[str, InputFile] | None = None
) -> Inputs:
    """Find and check every input file.

    `event_columns` maps our column names to those of the event files where they differ. Of `published` event files,
    by name, those that are still the same are neither checked nor to be loaded again.
    Raises InputError for the first file that cannot be used.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder; create it or point DATA_DIR elsewhere")
    files: list[InputFile] = []
    malformed: list[MalformedLine] = []
    connection = duckdb.connect()
    connection.execute("set enable_progress_bar = false")
    for source in REQUIRED_COLUMNS:
        for path in find_files(folder, source):
            name = path.relative_to(folder).as_posix()
            known = published[name].as_found(path) if published and name in published else None
            file, bad = (known, []) if known else _check_file(connection, path, name, source)
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


def _check_file(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str, source: str
) -> tuple[InputFile, list[MalformedLine]]:
    before = path.stat()
    suffix = next((s for s in sorted(FORMATS, key=len, reverse=True) if path.name.lower().endswith(s)), None)
    if path.name.lower().endswith(UNFINISHED):
        raise InputError(f"{name}: is still being written, by its name; wait until it is complete, or remove it")
    if suffix is None:
        raise InputError(f"{name}: is of no format understood; use one of {', '.join(FORMATS)}, or move it away")
    if before.st_size == 0:
        raise InputError(f"{name}: is empty; remove it, or deliver it again")
    kind = FORMATS[suffix]
    delimiter = ""
    malformed: list[MalformedLine] = []
    try:
        path.open("rb").close()  # DuckDB would call a file that it may not read broken
        if kind == "csv":
            _check_text(path, name)
            delimiter, columns, has_crlf = _csv_header(path, name)
            rows, malformed = _scan_csv(connection, path, name, delimiter, columns, has_crlf)
        elif kind == "json":
            _check_text(path, name)
            columns, rows, malformed = _scan_json(connection, path, name)
        else:
            columns, rows = _scan_parquet(connection, path, name)
    except PermissionError:
        raise InputError(f"{name}: may not be read; give the refresh permission to read it") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{name}: is not complete gzip ({error}); deliver it again") from None
    except duckdb.Error as error:
        first_line = str(error).split("\n")[0]
        if "state machine" in first_line:
            raise InputError(f"{name}: mixes line ends (CRLF and LF); make them one kind, e.g. `dos2unix`") from None
        if kind == "json" and (line := re.search(r"CSV Error on Line: (\d+)", first_line)):
            raise InputError(f"{name}, line {line[1]}: is longer than 2 MB; shorten or remove it") from None
        raise InputError(
            f"{name}: cannot be read as {kind}: broken, or still being written ({first_line}); deliver it again"
        ) from None
    file = InputFile(
        path=path,
        name=name,
        source=source,
        format=kind,
        delimiter=delimiter,
        columns=columns,
        size_bytes=before.st_size,
        modified_ns=before.st_mtime_ns,
        changed_ns=before.st_ctime_ns,
        sha256=_sha256(path),
        rows_read=rows + len(malformed),
    )
    if file.has_changed():
        raise InputError(f"{name}: is still being written; wait until it is complete and refresh again")
    return file, malformed


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
            raise InputError(f"{file.name}, line 1: has no column {wanted}, only {', '.join(file.columns)}; {remedy}")


def open_text_bytes(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked when it is gzipped."""
    return gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb")  # type: ignore[return-value]


def _check_text(path: Path, name: str) -> None:
    """Raise InputError unless the whole file is UTF-8: DuckDB drops lines that are not, without a word."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    with open_text_bytes(path) as stream:
        while chunk := stream.read(CHUNK):
            if lines == 1 and (chunk.startswith(_UTF16_BOMS) or b"\0" in chunk[:2]):
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


def _csv_header(path: Path, name: str) -> tuple[str, dict[str, str], bool]:
    """The delimiter and the columns of a CSV file, from its first line, and whether that ends with CRLF."""
    with open_text_bytes(path) as stream:
        whole_line = stream.readline().decode("utf-8-sig")
    first_line = whole_line.rstrip("\r\n")
    if not first_line.strip():
        raise InputError(f"{name}, line 1: is blank where the names of the columns belong; write them there")
    delimiter = max(DELIMITERS, key=first_line.count)
    try:
        [names] = csv.reader([first_line], delimiter=delimiter)
    except csv.Error as error:
        remedy = "end the lines with LF, not with CR alone" if "\r" in first_line else "correct the line"
        raise InputError(f"{name}, line 1: cannot be split into names of columns ({error}); {remedy}") from None
    names = [column.strip() for column in names]
    _check_names(f"{name}, line 1", names)
    return delimiter, dict.fromkeys(names, "VARCHAR"), whole_line.endswith("\r\n")


def _check_names(place: str, columns: Iterable[str]) -> None:
    seen: set[str] = set()
    for position, column in enumerate(columns, start=1):
        if not column:
            raise InputError(f"{place}: column {position} has no name; name or remove it")
        if column.lower() in seen:
            raise InputError(f"{place}: has two columns {column} (case does not count); rename one")
        if column.lower() in ADDED_COLUMNS:
            raise InputError(f"{place}: has a column {column}, a name kept for the warehouse; rename it")
        seen.add(column.lower())


def _scan_csv(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    delimiter: str,
    columns: Mapping[str, str],
    has_crlf: bool,
) -> tuple[int, list[MalformedLine]]:
    """Number of good rows, and the lines that are none."""
    # A scan without rejects would leave those of the file before.
    connection.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    rows = _one(connection, f"select count(*) from {read_csv(path, delimiter, columns)}")
    rejects = connection.execute(
        """
        select line_byte_position - 1, first(error_type::varchar order by byte_position), first(csv_line)
        from reject_errors group by 1 order by 1
        """
    ).fetchall()
    first_lines = _line_numbers(path, [offset for offset, _, _ in rejects])
    malformed = []
    for (_, problem, text), first_line in zip(rejects, first_lines, strict=True):
        reason = MALFORMED_REASONS.get(problem, problem.lower())
        # An unclosed quote swallows the lines after it: each of them is a line that was lost.
        skipped = text[: len(text) - len(text.lstrip("\r\n"))].count("\n")
        for number, raw_line in enumerate(text.strip("\r\n").splitlines() or [""]):
            malformed.append(MalformedLine(name, first_line + skipped + number, reason, raw_line))
    if malformed and has_crlf:
        _assert_reconciled(path, delimiter, len(columns), rows, malformed)
    return rows, malformed


def _assert_reconciled(path: Path, delimiter: str, columns: int, rows: int, malformed: list[MalformedLine]) -> None:
    """Raise InputError if the malformed lines are not those that were lost: in a file of CRLF, DuckDB loses its place
    where a quote is not closed and a quoted LF follows.
    """
    reported = {line.line: line.raw_line for line in malformed}
    suspects = [line for line, text in numbered_lines(path) if reported.get(line, text) not in (text, text[:-2])]
    found = 0
    for _, line, text in csv_records(path, delimiter, set(reported)):
        found += 1
        try:
            [fields] = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        except csv.Error:
            fields = []
        if len(fields) != columns and fields[columns:] != [""]:
            suspects.append(line)
    if suspects or found != rows + 1:  # the header is found too
        line = min(suspects, default=malformed[0].line)
        raise InputError(f"{malformed[0].file}, line {line}: a quote is not closed; correct the line")


def _scan_json(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str
) -> tuple[dict[str, str], int, list[MalformedLine]]:
    """The keys of newline-delimited JSON, its number of objects, and the lines that are none."""
    lines = f"(select json, row_number() over () as line from {read_lines(path)})"
    rows = _one(connection, f"select count(*) from {lines} where {IS_OBJECT}")
    bad = connection.execute(
        f"select line, json from {lines} where trim(json) != '' and not {IS_OBJECT} order by line"
    ).fetchall()
    if bad and bad[0][1].lstrip().startswith("["):
        before = _one(connection, f"select count(*) from {lines} where line < {bad[0][0]} and trim(json) != ''")
        if not before:
            raise InputError(f"{name}, line {bad[0][0]}: is a JSON array; write one object a line, e.g. `jq -c '.[]'`")
    if not rows and not bad:
        raise InputError(f"{name}: is empty; remove it, or deliver it again")
    if not rows:
        raise InputError(f"{name}, line {bad[0][0]}: is no JSON object; write one object a line, e.g. `jq -c .`")
    keys = connection.execute(
        f"select distinct unnest(json_keys(json)) as key from {lines} where {IS_OBJECT} order by key"
    ).fetchall()
    columns = dict.fromkeys((key for (key,) in keys), "JSON")
    _check_names(name, columns)
    return columns, rows, [MalformedLine(name, line, "not a JSON object", text) for line, text in bad]


def _scan_parquet(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> tuple[dict[str, str], int]:
    described = connection.execute(f"describe select * from read_parquet({quote(path)})").fetchall()
    rows = _one(connection, f"select count(*) from read_parquet({quote(path)})")
    columns = {column: kind for column, kind, *_ in described}
    _check_names(name, columns)
    return columns, rows


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    [(value,)] = connection.execute(query).fetchall()  # all of it: DuckDB files rejects when a query ends
    return value


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The physical lines of a text file, with their ends, numbered from 1."""
    with io.TextIOWrapper(open_text_bytes(path), encoding="utf-8-sig", newline="\n") as stream:
        yield from enumerate(stream, start=1)


def csv_records(path: Path, delimiter: str, malformed: set[int]) -> Iterator[tuple[int, int, str]]:
    """(record, first line, text) of a CSV file from its header, record 0, on: numbered as DuckDB does, blank and
    malformed lines not counted.
    """
    csv.field_size_limit(sys.maxsize)
    lines = ((number, text) for number, text in numbered_lines(path) if number not in malformed)
    record = 0
    for number, text in lines:
        # What is quoted may go on in the lines after it; to read every line as CSV would take five times as long.
        if '"' in text:
            read = [text]
            next(csv.reader(_remembered(text, lines, read), delimiter=delimiter))
            text = "".join(read)
        if text.strip("\r\n"):
            yield record, number, text
            record += 1


def _remembered(first: str, lines: Iterator[tuple[int, str]], read: list[str]) -> Iterator[str]:
    """This line and those after it, which are added to what was read as they are taken."""
    yield first
    for _, text in lines:
        read.append(text)
        yield text


def _line_numbers(path: Path, offsets: list[int]) -> list[int]:
    """The numbers (from 1) of the lines that begin at these ascending byte offsets."""
    numbers: list[int] = []
    line, position = 1, 0
    if offsets:
        with open_text_bytes(path) as stream:
            for offset in offsets:
                while position < offset and (chunk := stream.read(min(CHUNK, offset - position))):
                    line += chunk.count(b"\n")
                    position += len(chunk)
                numbers.append(line)
    return numbers


# --- how DuckDB reads a file -------------------------------------------------------------------------------

IS_OBJECT = "coalesce(json_type(try_cast(json as json)) = 'OBJECT', false)"


def quote(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def read_csv(path: Path, delimiter: str, columns: Mapping[str, str]) -> str:
    """A table function over a CSV file: the rows that split into fields. The other lines land in `reject_errors`;
    with `ignore_errors` in place of `store_rejects`, DuckDB loses good rows after a broken quote.
    """
    struct = ", ".join(f"{quote(column)}: 'VARCHAR'" for column in columns)
    return (
        f"read_csv({quote(path)}, header = true, auto_detect = false, delim = {quote(delimiter)}, "
        f"quote = '\"', escape = '\"', columns = {{{struct}}}, store_rejects = true)"
    )


def read_lines(path: Path) -> str:
    """Every line of a text file, blank ones too, as column `json`: by a delimiter that JSON cannot hold."""
    return (
        f"read_csv({quote(path)}, header = false, auto_detect = false, delim = '\x1f\x1e\x1f\x1e', "
        "quote = '', escape = '', columns = {'json': 'VARCHAR'})"
    )
