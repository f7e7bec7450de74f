"""llama.cpp's own server on this machine, out of a wheel: an endpoint that others wrote. Too slow to be timed."""

from __future__ import annotations

import os
import sys

import xllamacpp


def main() -> None:
    """Serve the GGUF file that is named, and tell the address; until standard input ends."""
    params = xllamacpp.CommonParams()
    params.model.path, params.model_alias = sys.argv[1], {"qwen2.5-coder-0.5b"}
    params.port, params.api_keys = int(sys.argv[2]), ["k3y"]
    params.n_ctx, params.n_parallel = 2048, 1
    params.cpuparams.n_threads = 2
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
