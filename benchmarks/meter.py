"""A stopwatch for time and CPU that can be halted while somebody else works."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


def cpu_of(pid: int) -> float | None:
    """CPU seconds of another process; None where /proc does not say."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name in parentheses may hold spaces; utime and stime are fields 14 and 15.
    user, system = text.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@dataclass
class Meter:
    """What ran under it: wall time, CPU of this process (the worker), of the server."""

    server_pid: int
    claims: int
    seconds: float = 0.0
    worker_cpu: float = 0.0
    server_cpu: float | None = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count what happens inside."""
        wall, own = time.perf_counter(), time.process_time()
        server = cpu_of(self.server_pid)
        yield
        self.seconds += time.perf_counter() - wall
        self.worker_cpu += time.process_time() - own
        after = cpu_of(self.server_pid)
        if server is None or after is None or self.server_cpu is None:
            self.server_cpu = None
        else:
            self.server_cpu += after - server
