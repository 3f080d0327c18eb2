"""dbt in a process of its own: in the refresh's own it would keep the warehouse open after it is done.

It ends with the refresh that started it, however that ends: its standard input closes then.
"""

import os
import threading

from dbt.cli.main import cli


def _end_with_parent() -> None:
    while os.read(0, 1):  # the bare descriptor: a buffered reader would block the interpreter's own end
        pass
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cli()
