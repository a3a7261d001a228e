"""The real llama.cpp server (PyPI `xllamacpp`) on a free port of this machine, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SERVE = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx, params.n_parallel, params.port = 4096, 1, 0
params.hostnames = ["127.0.0.1"]
params.cpuparams.n_threads = 2
server = xllamacpp.Server(params)
print(server.listening_address, file=sys.__stderr__, flush=True)
sys.stdin.read()
"""


@contextmanager
def llama_cpp_server(gguf: Path) -> Iterator[str]:
    """Serve a GGUF file until the block ends; gives the base address, with `/v1`."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(gguf)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stdin is not None
    try:
        address = next((line.strip() for line in process.stderr if line.startswith("http://")), "")
        assert address, "llama.cpp's server did not start"
        yield f"{address}/v1"
    finally:
        process.stdin.close()
        process.kill()
        process.wait()
        process.stderr.close()
