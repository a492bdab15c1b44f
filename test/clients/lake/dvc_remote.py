"""DVC keeps the files of a repository in a bucket."""

import os

from harness import ENDPOINT, client, fresh_bucket, job, same, scratch
from programs import program, tree, write


@job
def dvc():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        here, there = scratch("dvc"), scratch("dvc-clone")
        for folder in (here, there):
            os.makedirs(folder)
            program("dvc", "init", "--no-scm", cwd=folder)
            program("dvc", "remote", "add", "--default", "sherd", f"s3://{bucket}/cache", cwd=folder)
            program("dvc", "remote", "modify", "sherd", "endpointurl", ENDPOINT, cwd=folder)
        write(os.path.join(here, "data/one"), "dvc 1", 300_000)
        write(os.path.join(here, "data/é b"), "dvc 2", 10)
        program("dvc", "add", "data", cwd=here)
        program("dvc", "push", cwd=here)
        same(program("dvc", "status", "--cloud", cwd=here).strip().splitlines()[-1], "Cache and remote 'sherd' are in sync.", "status")
        with open(os.path.join(here, "data.dvc")) as source, open(os.path.join(there, "data.dvc"), "w") as target:
            target.write(source.read())
        program("dvc", "pull", cwd=there)
        same(tree(os.path.join(there, "data")), tree(os.path.join(here, "data")), "what was pulled")
