"""Load on the dashboard, without browsers: `python benchmarks/dashboard_load.py WAREHOUSE --sessions 100 --minutes 2`.

Starts the dashboard on the loopback over a copy of the warehouse, opens websocket sessions that speak Streamlit's own
protocol, and lets each look, think, and look again: change a filter, or go to another page. With `--publish-every`
a new version is published that often, and memory is printed as it goes: a soak.

Prints percentiles of the time until a page has run, the errors, the memory of the server and its CPU time for a view,
which says most on a machine that has other work too. The queries themselves are timed by `benchmarks/page_queries.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[1]

PAGES = ("", "growth", "retention", "segments", "users", "data")
# What a reader changes: widget key -> the values they may choose.
CHOICES = {
    "grain": (["Week"], ["Month"]),
    "in_platform": (["ios"], ["android", "web"], []),
    "in_country": (["TH"], ["SG", "MY"], []),
    "in_utm_source": (["google"], []),
}
DEADLINE = 60  # seconds after which a view counts as failed


class Reader:
    """One session: a websocket, the page it is on, the state of the widgets it has seen."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.page = ""
        self.ids: dict[str, str] = {}
        self.states: dict[str, list[str]] = {}

    async def view(self) -> float:
        """Runs the page; returns the seconds it took. Raises if it shows an error."""
        message = BackMsg()
        message.rerun_script.page_name = self.page
        for key, values in self.states.items():
            if key in self.ids:
                state = WidgetState(id=self.ids[key])
                state.string_array_value.data.extend(values)
                message.rerun_script.widget_states.widgets.append(state)
        started = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        async with asyncio.timeout(DEADLINE):
            while True:
                answer = ForwardMsg.FromString(await self.socket.recv(decode=False))
                if answer.WhichOneof("type") == "script_finished":
                    return time.perf_counter() - started
                self._learn(answer)

    def _learn(self, answer: ForwardMsg) -> None:
        if answer.WhichOneof("type") != "delta" or answer.delta.WhichOneof("type") != "new_element":
            return
        element = answer.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception" or (kind == "alert" and element.alert.format == element.alert.ERROR):
            raise RuntimeError(f"{self.page or 'overview'} shows an error")
        if identity := getattr(getattr(element, kind or ""), "id", ""):
            self.ids[identity.rpartition("-")[2]] = identity


async def read(address: str, think: float, until: float, times: dict[str, list[float]], errors: list[str]) -> None:
    """One reader: a first view, then a filter or another page after each thought."""
    rng = random.Random()
    await asyncio.sleep(rng.uniform(0, think))
    try:
        started = time.perf_counter()
        async with connect(address, subprotocols=["streamlit"], max_size=None) as socket:  # type: ignore[list-item]
            reader = Reader(socket)
            await reader.view()
            times["first view"].append(time.perf_counter() - started)
            while time.monotonic() < until:
                await asyncio.sleep(rng.uniform(0.5, 1.5) * think)
                if rng.random() < 0.7 and reader.page != "data":
                    key = rng.choice(list(CHOICES))
                    reader.states[key] = rng.choice(CHOICES[key])
                    times["filtered view"].append(await reader.view())
                else:
                    reader.page = rng.choice(PAGES)
                    times["other page"].append(await reader.view())
    except Exception as error:
        errors.append(f"{type(error).__name__}: {error}")


async def load(address: str, pid: int, warehouse: Path, options: argparse.Namespace) -> None:
    times: dict[str, list[float]] = defaultdict(list)
    errors: list[str] = []
    await read(address, 0, 0, times, errors)
    print(f"the first reader of the process, who waits for its imports: {times.pop('first view')[0]:.1f} s")
    until, used = time.monotonic() + options.minutes * 60, cpu(pid)
    readers = [asyncio.create_task(read(address, options.think, until, times, errors)) for _ in range(options.sessions)]
    peak, published, next_publish = 0, 0, time.monotonic() + (options.publish_every or float("inf"))
    minute = time.monotonic() + 60
    while not all(reader.done() for reader in readers):
        await asyncio.sleep(1)
        peak = max(peak, memory(pid))
        if time.monotonic() > next_publish:
            await asyncio.to_thread(publish, warehouse)  # the readers do not wait for it
            published, next_publish = published + 1, next_publish + options.publish_every
        if time.monotonic() > minute:
            views = sum(map(len, times.values()))
            print(f"  {views:6,} views, {len(errors)} errors, {memory(pid):5,} MB, {published} published", flush=True)
            minute += 60
    for kind, seconds in times.items():
        print(f"{kind:14} {len(seconds):6,} times  {percentiles(seconds)}")
    print(f"server's CPU   {(cpu(pid) - used) * 1000 / max(sum(map(len, times.values())), 1):.0f} ms for a view")
    print(f"errors         {len(errors)} {sorted(set(errors))[:3] if errors else ''}")
    print(f"memory         {memory(pid):,} MB at the end, {peak:,} MB at most")


def publish(warehouse: Path) -> None:
    """A new version, as a refresh puts it there: a file beside it, then one rename."""
    copy = warehouse.with_suffix(".new")
    shutil.copy(warehouse, copy)
    copy.replace(warehouse)


def memory(pid: int) -> int:
    """Resident memory of a process, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) // 1024


def cpu(pid: int) -> float:
    """CPU time that a process has used so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentiles(seconds: list[float]) -> str:
    if len(seconds) < 2:
        return "too few to say"
    cuts = statistics.quantiles(seconds, n=100)
    return f"p50 {cuts[49] * 1000:6.0f} ms   p95 {cuts[94] * 1000:6.0f} ms   most {max(seconds) * 1000:6.0f} ms"


@contextmanager
def dashboard(warehouse: Path) -> Iterator[tuple[str, int]]:
    """The dashboard in a process of its own: the address of its websocket and its process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", f"--server.port={port}"]
    command += ["--server.address=127.0.0.1", "--server.headless=true"]
    environment = os.environ | {"WAREHOUSE_PATH": str(warehouse), "DATA_DIR": str(warehouse.parent)}
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.2)
        yield f"ws://127.0.0.1:{port}/_stcore/stream", server.pid
    finally:
        server.terminate()
        server.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--think", type=float, default=5, help="seconds between two views of a reader")
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--publish-every", type=float, default=0, help="seconds between two publishes; 0: none")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.warehouse.parent) as folder:
        served = Path(shutil.copy(options.warehouse, folder))
        with dashboard(served) as (address, pid):
            print(f"{options.sessions} sessions, {options.think:g} s think time, {options.minutes:g} minutes")
            asyncio.run(load(address, pid, served, options))


if __name__ == "__main__":
    main()
