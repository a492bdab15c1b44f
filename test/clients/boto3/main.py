"""Runs the jobs of the modules named on the command line and prints one JSON line for each."""

import importlib
import json
import sys
import time
import traceback

import harness


def run(name, function):
    started = time.monotonic()
    try:
        note = function()
        outcome = {"status": "ok"} if note is None else {"status": "ok", "note": note}
    except harness.Skip as skip:
        outcome = {"status": "skipped", "why": str(skip)}
    except BaseException:  # a job may fail in any way, and the next ones still run
        outcome = {"status": "failed", "output": traceback.format_exc()}
    return {"job": name, "ms": round((time.monotonic() - started) * 1000), **outcome}


def main():
    for module in sys.argv[1:]:
        importlib.import_module(module)
    for name, function in harness.JOBS:
        # A module that is only imported, for what it shares, has registered its jobs too.
        if function.__module__ in sys.argv[1:]:
            print(json.dumps(run(name, function)), flush=True)


if __name__ == "__main__":
    main()
