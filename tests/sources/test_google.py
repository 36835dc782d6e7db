"""Programs can be started while gRPC is at work."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import os, subprocess, threading, time
from concurrent.futures import ThreadPoolExecutor
import lapwing.sources.bigquery_client
import lapwing.cache.stores.bigtable_table
import grpc

class Handler(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_stream_rpc_method_handler(lambda request, context: iter([b"x" * 1000] * 5))

server = grpc.server(ThreadPoolExecutor(4))
server.add_generic_rpc_handlers((Handler(),))
port = server.add_insecure_port("127.0.0.1:0")
server.start()

def ask():
    while True:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            for _ in range(20):
                list(channel.unary_stream("/a/b")(b""))

for _ in range(2):
    threading.Thread(target=ask, daemon=True).start()
codes, until = [], time.monotonic() + 60
while len(codes) < 300 and time.monotonic() < until:
    codes.append(subprocess.Popen(["/bin/true"], preexec_fn=int).wait(20))  # which forks, as pyspark does
print(sum(code != 0 for code in codes), "of", len(codes), flush=True)
os._exit(0)
"""


def test_no_program_is_lost_when_it_starts() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=False)
    lost, _, tried = done.stdout.split()
    assert int(tried) > 50, done.stderr[-500:]
    assert int(lost) == 0
