"""Programs of a Python environment, and trees of files for them."""

import os
import subprocess

from harness import content, file_sha256

PROGRAMS = os.environ["CLIENTS_PROGRAMS"]


def program(name, *args, cwd=None, **variables):
    env = {**os.environ, "NO_COLOR": "1", "DVC_NO_ANALYTICS": "1", **variables}
    line = [os.path.join(PROGRAMS, name), *args]
    done = subprocess.run(line, env=env, cwd=cwd, capture_output=True, text=True, timeout=240, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(line)}: exit code {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


def write(path, seed, size):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content(seed, size))
    return path


def tree(folder):
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            found[os.path.relpath(path, folder)] = file_sha256(path)
    return found
