"""Runs one statement on standard input, in a process of its own that can do little else. Imports nothing of ours."""

import json
import resource
import sys

MEGABYTE = 1024 * 1024
ADDRESS_SPACE = 2048 * MEGABYTE
MOST_OUTPUT = 4 * MEGABYTE


def confine(seconds: float) -> None:
    """No file may be written, memory and processor time end soon."""
    processor = int(seconds) + 1
    for what, limit in (
        (resource.RLIMIT_AS, ADDRESS_SPACE),
        (resource.RLIMIT_CPU, processor),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 32),
    ):
        resource.setrlimit(what, (limit, limit))


def answer(request: dict) -> dict:  # type: ignore[type-arg]
    """Columns and rows, or an error without a path in it."""
    import duckdb

    connection = duckdb.connect(":memory:")
    try:
        quoted = request["warehouse"].replace("'", "''")
        connection.execute("set threads = 1")
        connection.execute(f"attach '{quoted}' as warehouse (read_only)")
        connection.execute("use warehouse")
        for name, value in request["settings"].items():
            connection.execute(f"set {name} = {value}")
    except duckdb.Error as error:
        return {"error": f"The warehouse could not be opened ({type(error).__name__})."}
    try:
        cursor = connection.execute(request["sql"])
        rows = cursor.fetchmany(request["rows"] + 1)
        columns = [column[0] for column in cursor.description or []]
    except duckdb.Error as error:
        # The engine's own words help to repair a statement; what could name a file is cut off before they leave.
        kind, text = type(error).__name__, str(error).split("\n")[0][:200]
        return {"error": f"{kind}." if "/" in text or request["warehouse"] in text else text}
    except MemoryError:
        return {"error": "It took too much memory."}
    return {"columns": columns, "rows": rows[: request["rows"]], "is_cut": len(rows) > request["rows"]}


def main() -> None:
    """Reads the request, writes the reply."""
    request = json.loads(sys.stdin.read())
    confine(request["seconds"])
    text = json.dumps(answer(request), default=str)
    if len(text) > MOST_OUTPUT:
        text = json.dumps({"error": "The result is too large."})
    sys.stdout.write(text)


main()
