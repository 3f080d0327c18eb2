"""dbt in a process of its own: in the refresh's own it would keep the warehouse open after it is done.

It loads dbt, which takes a second or two, and waits for a line of JSON on its standard input: {"arguments",
"environment"} of what to run. It says in lines of JSON what a refresh passes on: {"model", "number", "of", "seconds"}
of each model that is done, and {"problem"} of what goes wrong. dbt's own lines of JSON would take a fifth of a small
refresh. It ends with the refresh that started it, however that ends: its standard input closes then.
"""

import json
import os
import sys
import threading
from typing import Any

from dbt.cli.main import dbtRunner

_one_at_a_time = threading.Lock()  # dbt tells of events in all its threads, and lines must stay apart


def _end_with_parent() -> None:
    while os.read(0, 1):  # the bare descriptor: a buffered reader would block the interpreter's own end
        pass
    os._exit(1)


def _command() -> Any:
    """What the refresh asks for; the process ends here if it never does."""
    line = sys.stdin.readline()
    return json.loads(line) if line else sys.exit(1)


def _pass_on(event: Any) -> None:
    """One of dbt's events, a protobuf message with `info` and `data`."""
    info, data = event.info, event.data
    if info.name == "LogModelResult" and data.status != "error":
        model = data.node_info.node_name
        said = {"model": model, "number": data.index, "of": data.total, "seconds": data.execution_time}
    elif info.level == "error":
        said = {"problem": info.msg}
    else:
        return
    with _one_at_a_time:
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    command = _command()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.update(command["environment"])
    sys.exit(0 if dbtRunner(callbacks=[_pass_on]).invoke(command["arguments"]).success else 1)
