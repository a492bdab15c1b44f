"""obstore, the object_store crate as it stands: conditions, ranges, parts, lists, presigned URLs."""

import urllib.request
from datetime import timedelta

import obstore
from harness import ACCESS_KEY, ENDPOINT, REGION, SECRET_KEY, client, content, fresh_bucket, job, same
from obstore.exceptions import AlreadyExistsError, PreconditionError
from obstore.store import S3Store


def store_of(bucket, **more):
    return S3Store(
        bucket,
        access_key_id=ACCESS_KEY,
        secret_access_key=SECRET_KEY,
        region=REGION,
        endpoint=ENDPOINT,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
        **more,
    )


def refused(error, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except error:
        return
    raise AssertionError(f"{call.__name__} was not refused")


@job
def objects_ranges_and_lists():
    with fresh_bucket() as bucket:
        store = store_of(bucket)
        for key, size in (("a b", 0), ("plus+per%20cent", 10), ("é ü/日本", 300_000), ("large", 12_000_000)):
            data = content(key, size)
            obstore.put(store, key, data, attributes={"Content-Type": "text/x-pot", "kind": "pot"}, tags={"a b": "c"})
            got = obstore.get(store, key)
            same((got.attributes["Content-Type"], got.attributes["kind"]), ("text/x-pot", "pot"), "attributes")
            same(bytes(got.bytes()), data, key)
        data = content("large", 12_000_000)
        ranges = obstore.get_ranges(store, "large", starts=[0, 5_000_000, 11_999_990], lengths=[10, 1000, 10])
        wanted = [data[:10], data[5_000_000:5_001_000], data[-10:]]
        same([bytes(piece) for piece in ranges], wanted, "ranges")
        same(b"".join(bytes(piece) for piece in obstore.get(store, "large").stream()), data, "a stream")
        same(len([e for page in obstore.list(store, chunk_size=1) for e in page]), 4, "all keys")
        listed = obstore.list_with_delimiter(store)
        same((listed["common_prefixes"], len(listed["objects"])), (["é ü"], 3), "one level")
        obstore.copy(store, "large", "copied")
        obstore.rename(store, "copied", "renamed")
        same(bytes(obstore.get(store, "renamed").bytes()), data, "renamed")
        refused(FileNotFoundError, obstore.head, store, "copied")
        link = obstore.sign(store, "GET", "a b", timedelta(minutes=1))
        same(urllib.request.urlopen(link).read(), b"", "GET by a link")
        obstore.delete(store, ["a b", "large", "renamed"])
        same(len([e for page in obstore.list(store) for e in page]), 2, "keys after a bulk delete")


@job
def conditions():
    with fresh_bucket() as bucket:
        store = store_of(bucket)
        made = obstore.put(store, "k", b"one", mode="create")
        refused(AlreadyExistsError, obstore.put, store, "k", b"two", mode="create")
        obstore.put(store, "k", b"three", mode={"e_tag": made["e_tag"]})
        refused(PreconditionError, obstore.put, store, "k", b"four", mode={"e_tag": made["e_tag"]})
        same(bytes(obstore.get(store, "k").bytes()), b"three", "what is stored")
        obstore.copy(store, "k", "l", overwrite=True)


@job
def a_copy_that_must_not_overwrite():
    """The store is told which header does it: S3 has If-None-Match on copies since 2025."""
    with fresh_bucket() as bucket:
        store = store_of(bucket, copy_if_not_exists="header-with-status:if-none-match:*:412")
        obstore.put(store, "k", b"one")
        obstore.copy(store, "k", "l", overwrite=False)
        obstore.put(store, "k", b"two")
        refused(AlreadyExistsError, obstore.copy, store, "k", "l", overwrite=False)
        same(bytes(obstore.get(store, "l").bytes()), b"one", "the copy")


@job
def writers_and_readers():
    with fresh_bucket() as bucket:
        store = store_of(bucket)
        data = content("writer", 13_000_000)
        with obstore.open_writer(store, "w", buffer_size=5 * 1024 * 1024) as writer:
            for start in range(0, len(data), 1_000_000):
                writer.write(data[start : start + 1_000_000])
        reader = obstore.open_reader(store, "w")
        reader.seek(7_000_000)
        same(bytes(reader.read(1000)), data[7_000_000:7_001_000], "after seek")
        refused(FileNotFoundError, obstore.get, store, "none")
