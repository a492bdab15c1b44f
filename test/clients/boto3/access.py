"""S3's own access control as a tutorial would use it: public buckets, other accounts, ACLs, blocks."""

import base64
import contextlib
import json
import re
import urllib.error
import urllib.request

import boto3
from harness import ACCESS_KEY, ENDPOINT, REGION, SECRET_KEY, client, config, empty, fresh_bucket, job
from identities import allow, expect, policy, refused, service, unique

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
OPEN = dict.fromkeys(["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], False)


def page(path):
    """Status and body of a GET without a key, as a browser sends it."""
    try:
        with urllib.request.urlopen(f"{ENDPOINT}/{path}") as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b""


def own_page(path, body):
    request = urllib.request.Request(f"{ENDPOINT}/-/{path}", json.dumps(body).encode(), method="POST")
    basic = base64.b64encode(f"{ACCESS_KEY}:{SECRET_KEY}".encode()).decode()
    request.add_header("Authorization", f"Basic {basic}")
    request.add_header("Content-Type", "application/json")
    request.add_header("X-Sherd-Confirm", "yes")
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


@contextlib.contextmanager
def other_account():
    """Another tenant, who is closed in the end."""
    name = unique("tenant")
    made = own_page("accounts", {"name": name, "email": f"{name}@example.org"})
    try:
        yield made
    finally:
        own_page("accounts/close", {"accountId": made["accountId"]})


def as_root_of(tenant):
    return client(key=tenant["accessKeyId"], secret=tenant["secretAccessKey"])


def without_account_in_host(request, **_):
    request.url = re.sub(r"^(https?://)\d{12}\.", r"\1", request.url)


@job
def a_public_website_bucket():
    s3 = client()
    with fresh_bucket() as name:
        s3.put_object(Bucket=name, Key="index.html", Body=b"<h1>Hello</h1>", ContentType="text/html")
        document = policy({**allow("s3:GetObject", f"arn:aws:s3:::{name}/*"), "Principal": "*"})
        refused("AccessDenied", s3.put_bucket_policy, Bucket=name, Policy=document)
        block = {"BlockPublicPolicy": False, "RestrictPublicBuckets": False}
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
        expect(page(f"{name}/index.html")[0] == 403, "read before the policy")
        s3.put_bucket_policy(Bucket=name, Policy=document)
        expect(s3.get_bucket_policy(Bucket=name)["Policy"] == document, "the policy that came back")
        expect(s3.get_bucket_policy_status(Bucket=name)["PolicyStatus"]["IsPublic"], "the policy is public")
        expect(page(f"{name}/index.html") == (200, b"<h1>Hello</h1>"), "a browser's read")
        expect(page(name)[0] == 403, "a browser lists the bucket")
        expect(page(f"{name}/absent")[0] == 403, "a browser asks what is there")
        s3.delete_bucket_policy(Bucket=name)
        expect(page(f"{name}/index.html")[0] == 403, "read after the policy")


@job
def a_malformed_policy():
    s3 = client()
    with fresh_bucket() as name:
        elsewhere = policy({**allow("s3:GetObject", "arn:aws:s3:::elsewhere/*"), "Principal": "*"})
        error = refused("MalformedPolicy", s3.put_bucket_policy, Bucket=name, Policy=elsewhere)
        expect(error.response["Error"]["Message"] == "Policy has invalid resource", str(error))
        refused("NoSuchBucketPolicy", s3.get_bucket_policy, Bucket=name)


@job
def a_copy_across_accounts():
    s3 = client()
    with fresh_bucket() as name, other_account() as tenant:
        s3.put_object(Bucket=name, Key="shared/report", Body=b"figures", Tagging="year=2026")
        theirs = as_root_of(tenant)
        ours = unique("copies")
        theirs.create_bucket(Bucket=ours)
        try:
            copy = dict(Bucket=ours, Key="report", CopySource={"Bucket": name, "Key": "shared/report"})
            refused("AccessDenied", theirs.copy_object, **copy)
            reading = allow("s3:GetObject", f"arn:aws:s3:::{name}/shared/*")
            principal = {"Principal": {"AWS": f"arn:aws:iam::{tenant['accountId']}:root"}}
            s3.put_bucket_policy(Bucket=name, Policy=policy({**reading, **principal}))
            # The tags that come along are asked for too.
            refused("AccessDenied", theirs.copy_object, **copy)
            reading["Action"] = ["s3:GetObject", "s3:GetObjectTagging"]
            s3.put_bucket_policy(Bucket=name, Policy=policy({**reading, **principal}))
            theirs.copy_object(**copy)
            expect(theirs.get_object(Bucket=ours, Key="report")["Body"].read() == b"figures", "the copy")
            refused("AccessDenied", s3.get_object, Bucket=ours, Key="report")
            refused("BucketAlreadyExists", s3.create_bucket, Bucket=ours)
            head = s3.head_object(Bucket=name, Key="shared/report", ExpectedBucketOwner="100000000001")
            expect(head["ContentLength"] == 7, "the owner that was expected")
        finally:
            empty(theirs, ours)
            theirs.delete_bucket(Bucket=ours)


@job
def acls_where_the_writer_owns():
    s3 = client()
    name = unique("acls")
    s3.create_bucket(Bucket=name, ObjectOwnership="ObjectWriter")
    try:
        refused("AccessDenied", s3.put_object, Bucket=name, Key="k", Body=b"x", ACL="public-read")
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=OPEN)
        s3.put_object(Bucket=name, Key="k", Body=b"x", ACL="public-read")
        expect(page(f"{name}/k") == (200, b"x"), "an object that everybody reads")
        grants = s3.get_object_acl(Bucket=name, Key="k")["Grants"]
        expect({"Type": "Group", "URI": ALL_USERS} in [grant["Grantee"] for grant in grants], str(grants))
        s3.put_object_acl(Bucket=name, Key="k", ACL="private")
        expect(page(f"{name}/k")[0] == 403, "a private object")
        with other_account() as tenant:
            theirs = as_root_of(tenant)
            s3.put_bucket_acl(Bucket=name, GrantWrite=f'emailAddress="{tenant["email"]}"')
            theirs.put_object(Bucket=name, Key="theirs", Body=b"y")
            refused("AccessDenied", s3.get_object, Bucket=name, Key="theirs")
            owners = [one["Owner"]["ID"] for one in s3.list_objects_v2(Bucket=name, FetchOwner=True)["Contents"]]
            expect(owners[1] == tenant["canonicalId"] != owners[0], str(owners))
            theirs.put_object_acl(Bucket=name, Key="theirs", ACL="bucket-owner-full-control")
            expect(s3.get_object(Bucket=name, Key="theirs")["Body"].read() == b"y", "full control")
            nobody = 'emailAddress="nobody@example.org"'
            refused("UnresolvableGrantByEmailAddress", s3.put_bucket_acl, Bucket=name, GrantRead=nobody)
    finally:
        empty(s3, name)
        s3.delete_bucket(Bucket=name)


@job
def public_access_of_a_whole_account():
    with other_account() as tenant:
        theirs = as_root_of(tenant)
        name = unique("shut")
        theirs.create_bucket(Bucket=name, ObjectOwnership="ObjectWriter")
        try:
            theirs.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=OPEN)
            theirs.put_object(Bucket=name, Key="k", Body=b"x", ACL="public-read")
            expect(page(f"{name}/k")[0] == 200, "a public object")
            control = boto3.client(
                "s3control",
                endpoint_url=ENDPOINT,
                aws_access_key_id=tenant["accessKeyId"],
                aws_secret_access_key=tenant["secretAccessKey"],
                region_name=REGION,
                config=config(),
            )
            # The client puts the account's id in front of the host, where no name of a loopback address resolves.
            control.meta.events.register("before-sign.s3-control", without_account_in_host)
            whose = {"AccountId": tenant["accountId"]}
            refused("NoSuchPublicAccessBlockConfiguration", control.get_public_access_block, **whose)
            block = {**OPEN, "IgnorePublicAcls": True}
            control.put_public_access_block(**whose, PublicAccessBlockConfiguration=block)
            got = control.get_public_access_block(**whose)["PublicAccessBlockConfiguration"]
            expect(got == block, str(got))
            expect(page(f"{name}/k")[0] == 403, "a public object of an account that blocks it")
            control.delete_public_access_block(**whose)
            expect(page(f"{name}/k")[0] == 200, "a public object again")
            refused("AccessDenied", control.get_public_access_block, AccountId="100000000001")
        finally:
            empty(theirs, name)
            theirs.delete_bucket(Bucket=name)
