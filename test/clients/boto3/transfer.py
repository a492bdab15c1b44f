"""The transfer manager: large files, threads, progress, streams, and managed copies."""

import io
import threading

from boto3.s3.transfer import TransferConfig
from harness import KIB, MIB, client, content, file_sha256, fresh_bucket, job, same, scratch


class Progress:
    """Sums what the callbacks of several threads report."""

    def __init__(self):
        self.lock = threading.Lock()
        self.seen_bytes = 0
        self.calls = 0

    def __call__(self, count):
        with self.lock:
            self.seen_bytes += count
            self.calls += 1


class Unseekable(io.RawIOBase):
    """A stream as from a pipe: it can be read once, forwards, in odd pieces."""

    def __init__(self, data):
        self.data, self.position = data, 0

    def readable(self):
        return True

    def seekable(self):
        return False

    def read(self, size=-1):
        size = len(self.data) if size is None or size < 0 else min(size, 70_001)
        piece = self.data[self.position : self.position + size]
        self.position += len(piece)
        return piece


@job
def upload_file_of_200_mb_and_back():
    s3 = client()
    path, back = scratch("large.bin"), scratch("large-back.bin")
    size = 200_000_000
    with open(path, "wb") as file:
        for start in range(0, size, 10_000_000):
            file.write(content(f"large {start}", 10_000_000))
    with fresh_bucket(s3) as bucket:
        up, down = Progress(), Progress()
        s3.upload_file(path, bucket, "large.bin", Callback=up)
        same(up.seen_bytes, size, "bytes that the progress of the upload saw")
        head = s3.head_object(Bucket=bucket, Key="large.bin")
        same(head["ContentLength"], size, "ContentLength")
        assert head["ETag"].endswith('-24"'), f"ETag of 24 parts of 8 MiB: {head['ETag']}"
        s3.download_file(bucket, "large.bin", back, Callback=down)
        same(down.seen_bytes, size, "bytes that the progress of the download saw")
        same(file_sha256(back), file_sha256(path), "sha256")
        return f"{up.calls} and {down.calls} progress calls"


@job
def ten_threads_and_small_parts():
    s3 = client()
    data = content("threads", 33 * MIB + 17)
    options = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=10)
    with fresh_bucket(s3) as bucket:
        s3.upload_fileobj(io.BytesIO(data), bucket, "threads.bin", Config=options)
        target = io.BytesIO()
        s3.download_fileobj(bucket, "threads.bin", target, Config=options)
        same(target.getvalue(), data, "body")


@job
def many_files_in_parallel():
    from concurrent.futures import ThreadPoolExecutor

    s3 = client()
    sizes = [0, 1, 100, 4 * KIB, 16 * KIB, 64 * KIB + 1, 128 * KIB, 200_000, 256 * KIB + 3, MIB, 3 * MIB]
    with fresh_bucket(s3) as bucket:

        def there_and_back(number):
            key, data = f"many/{number}", content(f"many {number}", sizes[number % len(sizes)])
            s3.put_object(Bucket=bucket, Key=key, Body=data)
            same(s3.get_object(Bucket=bucket, Key=key)["Body"].read(), data, key)

        with ThreadPoolExecutor(12) as pool:
            list(pool.map(there_and_back, range(110)))


@job
def unseekable_stream():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        for size in (0, 1000, 9 * MIB + 5):
            data = content(f"stream {size}", size)
            s3.upload_fileobj(Unseekable(data), bucket, "stream.bin")
            same(s3.get_object(Bucket=bucket, Key="stream.bin")["Body"].read(), data, f"{size} bytes")


@job
def managed_copy_above_8_mb():
    s3 = client()
    data = content("copy", 20 * MIB + 1)
    with fresh_bucket(s3) as source, fresh_bucket(s3) as target:
        s3.upload_fileobj(io.BytesIO(data), source, "from.bin", ExtraArgs={"ContentType": "application/x-clay"})
        seen = Progress()
        s3.copy({"Bucket": source, "Key": "from.bin"}, target, "to.bin", Callback=seen)
        same(seen.seen_bytes, len(data), "bytes that the progress of the copy saw")
        same(s3.get_object(Bucket=target, Key="to.bin")["Body"].read(), data, "body")


@job
def managed_copy_below_8_mb():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        s3.put_object(Bucket=bucket, Key="from", Body=b"clay", ContentType="text/x-clay", Metadata={"a": "b"})
        s3.copy({"Bucket": bucket, "Key": "from"}, bucket, "to")
        got = s3.get_object(Bucket=bucket, Key="to")
        same((got["Body"].read(), got["ContentType"], got["Metadata"]), (b"clay", "text/x-clay", {"a": "b"}), "copy")


@job
def transfer_with_every_checksum_algorithm():
    s3 = client()
    data = content("transfer checksum", 11 * MIB)
    with fresh_bucket(s3) as bucket:
        for algorithm in ("CRC32", "SHA1", "SHA256"):
            s3.upload_fileobj(io.BytesIO(data), bucket, algorithm, ExtraArgs={"ChecksumAlgorithm": algorithm})
            head = s3.head_object(Bucket=bucket, Key=algorithm, ChecksumMode="ENABLED")
            assert head.get("Checksum" + algorithm), f"no Checksum{algorithm} in {head}"
            target = io.BytesIO()
            s3.download_fileobj(bucket, algorithm, target, ExtraArgs={"ChecksumMode": "ENABLED"})
            same(target.getvalue(), data, algorithm)
