"""Uploads by HTML forms that boto3 has signed, sent as a page sends them."""

import urllib3
from harness import KIB, MIB, client, content, fresh_bucket, job, same
from raw import code_of

POOL = urllib3.PoolManager(retries=False)
NAME = "${filename}"


def post(form, data, file_name="photo.jpg", **fields):
    """Sends the form with these fields besides. Status, body and headers of the answer."""
    parts = [*form["fields"].items(), *fields.items(), ("file", (file_name, data, "image/jpeg"))]
    answer = POOL.request("POST", form["url"], fields=parts, redirect=False, timeout=60)
    return answer.status, answer.data, answer.headers


def refused(answer, status, code):
    same((answer[0], code_of(answer[1])), (status, code), "refusal")


def versions():
    """Clients that sign with Version 4, and with Version 2, which boto3 does unless it is told otherwise."""
    return {"v4": client(), "v2": client(signature_version="s3"), "default": client(signature_version=None)}


@job
def forms_of_both_signature_versions():
    with fresh_bucket() as bucket:
        for name, s3 in versions().items():
            for size in (0, 5, 40 * KIB, 300 * KIB, 6 * MIB):
                data = content(f"{name}{size}", size)
                key = f"{name}/{size}"
                status, body, headers = post(s3.generate_presigned_post(bucket, key), data)
                same((status, body), (204, b""), key)
                answer = client().get_object(Bucket=bucket, Key=key)
                same(answer["Body"].read(), data, key)
                same(answer["ETag"], headers["ETag"], key)


@job
def name_of_the_file_in_the_key():
    with fresh_bucket() as bucket:
        s3 = client()
        form = s3.generate_presigned_post(bucket, "user/" + NAME)
        for name in ("a b.txt", "日本.txt", 'say "hi".txt', "plus+percent%41.txt"):
            same(post(form, b"x", name)[0], 204, name)
        # A page cannot write a quote into the name of a file: urllib3 escapes it as browsers do.
        expected = ['user/a b.txt', "user/plus+percent%41.txt", "user/say %22hi%22.txt", "user/日本.txt"]
        same([entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]], expected, "keys")


@job
def conditions_of_a_form():
    with fresh_bucket() as bucket:
        for s3 in versions().values():
            fields = {"acl": "private", "success_action_status": "201", "x-amz-meta-by": "boto3"}
            conditions = [
                {"acl": "private"},
                {"success_action_status": "201"},
                {"x-amz-meta-by": "boto3"},
                ["starts-with", "$Content-Type", "image/"],
                ["content-length-range", 10, 1000],
            ]
            form = s3.generate_presigned_post(bucket, "conditions", fields, conditions, ExpiresIn=60)
            png = {"Content-Type": "image/png"}
            status, body, _ = post(form, b"x" * 1000, **png)
            same((status, b"<Key>conditions</Key>" in body), (201, True), "answer")
            head = client().head_object(Bucket=bucket, Key="conditions")
            same((head["ContentType"], head["Metadata"]), ("image/png", {"by": "boto3"}), "attributes")
            refused(post(form, b"x" * 1001, **png), 400, "EntityTooLarge")
            refused(post(form, content("large", 3 * MIB), **png), 400, "EntityTooLarge")
            refused(post(form, b"x" * 9, **png), 400, "EntityTooSmall")
            refused(post(form, b"x" * 10, **{"Content-Type": "text/html"}), 403, "AccessDenied")
            refused(post(form, b"x" * 10, **png, tagging="<Tagging/>"), 403, "AccessDenied")
            other = {**form, "fields": {**form["fields"], "key": "another"}}
            refused(post(other, b"x" * 10, **png), 403, "AccessDenied")
            longer = {**form, "fields": {**form["fields"], "policy": form["fields"]["policy"][:-4]}}
            refused(post(longer, b"x" * 10, **png), 403, "SignatureDoesNotMatch")
        same(client().list_objects_v2(Bucket=bucket)["KeyCount"], 1, "objects")


@job
def expired_and_forged_forms():
    with fresh_bucket() as bucket:
        expired = client().generate_presigned_post(bucket, "k", ExpiresIn=-1)
        refused(post(expired, b"x"), 403, "AccessDenied")
        for version in ("s3v4", "s3"):
            forger = client(secret="not the secret", signature_version=version)
            refused(post(forger.generate_presigned_post(bucket, "k"), b"x"), 403, "SignatureDoesNotMatch")
            stranger = client(key="AKIANOBODYKNOWSTHIS0", signature_version=version)
            refused(post(stranger.generate_presigned_post(bucket, "k"), b"x"), 403, "InvalidAccessKeyId")
        unsigned = {"url": expired["url"], "fields": {"key": "k"}}
        refused(post(unsigned, b"x"), 403, "AccessDenied")
        same(client().list_objects_v2(Bucket=bucket)["KeyCount"], 0, "objects")


@job
def redirects_after_a_form():
    with fresh_bucket() as bucket:
        page = "https://page.example/done?id=1"
        field = {"success_action_redirect": page}
        form = client().generate_presigned_post(bucket, "a/b", field, [field])
        status, _, headers = post(form, b"x")
        etag = headers["ETag"].strip('"')
        same((status, headers["Location"]), (303, f"{page}&bucket={bucket}&key=a%2Fb&etag=%22{etag}%22"), "redirect")
