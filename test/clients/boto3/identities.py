"""IAM and STS as a tutorial would use them: users with keys, groups, roles, temporary credentials."""

import json
import time
import urllib.error
import urllib.request
import uuid

import boto3
from botocore.exceptions import ClientError
from harness import ACCESS_KEY, ENDPOINT, REGION, SECRET_KEY, client, config, fresh_bucket, job

VERSION = "2012-10-17"


def unique(kind):
    return f"{kind}-{uuid.uuid4().hex[:12]}"


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def service(name, key=ACCESS_KEY, secret=SECRET_KEY, token=None):
    return boto3.client(
        name,
        endpoint_url=ENDPOINT,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        region_name=REGION,
        config=config(),
    )


def policy(*statements):
    return json.dumps({"Version": VERSION, "Statement": list(statements)})


def allow(actions, resources, **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def refused(code, call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        expect(error.response["Error"]["Code"] == code, f"{code} expected: {error}")
        return error
    raise AssertionError(f"{call.__name__} succeeded, {code} expected")


class Person:
    """A user with an access key, who is gone at the end."""

    def __init__(self, *statements, **create):
        self.iam = service("iam")
        self.name = unique("user")
        self.arn = self.iam.create_user(UserName=self.name, **create)["User"]["Arn"]
        if statements:
            self.allow(*statements)
        self.key = self.iam.create_access_key(UserName=self.name)["AccessKey"]

    def allow(self, *statements):
        self.iam.put_user_policy(UserName=self.name, PolicyName="access", PolicyDocument=policy(*statements))

    def client(self, name):
        return service(name, self.key["AccessKeyId"], self.key["SecretAccessKey"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for key in self.iam.list_access_keys(UserName=self.name)["AccessKeyMetadata"]:
            self.iam.delete_access_key(UserName=self.name, AccessKeyId=key["AccessKeyId"])
        for name in self.iam.list_user_policies(UserName=self.name)["PolicyNames"]:
            self.iam.delete_user_policy(UserName=self.name, PolicyName=name)
        for attached in self.iam.list_attached_user_policies(UserName=self.name)["AttachedPolicies"]:
            self.iam.detach_user_policy(UserName=self.name, PolicyArn=attached["PolicyArn"])
        for group in self.iam.list_groups_for_user(UserName=self.name)["Groups"]:
            self.iam.remove_user_from_group(GroupName=group["GroupName"], UserName=self.name)
        self.iam.delete_user(UserName=self.name)


def account():
    return service("sts").get_caller_identity()["Account"]


@job
def a_user_with_a_key_for_one_prefix():
    with fresh_bucket() as name:
        client().put_object(Bucket=name, Key="home/ann/a", Body=b"mine")
        client().put_object(Bucket=name, Key="home/bob/b", Body=b"his")
        home = "home/ann/"
        with Person(
            allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{name}/{home}*"),
            allow("s3:ListBucket", f"arn:aws:s3:::{name}", Condition={"StringLike": {"s3:prefix": home + "*"}}),
        ) as ann:
            s3 = ann.client("s3")
            s3.put_object(Bucket=name, Key=home + "new", Body=b"hello")
            expect(s3.get_object(Bucket=name, Key=home + "new")["Body"].read() == b"hello", "what was written")
            keys = [one["Key"] for one in s3.list_objects_v2(Bucket=name, Prefix=home)["Contents"]]
            expect(keys == [home + "a", home + "new"], str(keys))
            refused("AccessDenied", s3.get_object, Bucket=name, Key="home/bob/b")
            refused("AccessDenied", s3.list_objects_v2, Bucket=name)
            refused("AccessDenied", s3.delete_object, Bucket=name, Key=home + "a")
            refused("AccessDenied", s3.put_bucket_policy, Bucket=name, Policy="{}")
            identity = ann.client("sts").get_caller_identity()
            expect(identity["Arn"] == ann.arn, str(identity))


@job
def a_key_is_void_at_once_when_it_is_made_inactive_or_deleted():
    with fresh_bucket() as name, Person(allow("s3:*", "*")) as user:
        s3, iam, key = user.client("s3"), user.iam, user.key["AccessKeyId"]
        s3.list_objects_v2(Bucket=name)
        iam.update_access_key(UserName=user.name, AccessKeyId=key, Status="Inactive")
        refused("InvalidAccessKeyId", s3.list_objects_v2, Bucket=name)
        iam.update_access_key(UserName=user.name, AccessKeyId=key, Status="Active")
        s3.list_objects_v2(Bucket=name)
        user.allow(allow("s3:GetObject", "*"))
        refused("AccessDenied", s3.list_objects_v2, Bucket=name)
        iam.delete_access_key(UserName=user.name, AccessKeyId=key)
        refused("InvalidAccessKeyId", s3.list_objects_v2, Bucket=name)


@job
def two_keys_a_user_and_no_secret_but_once():
    with Person() as user:
        second = user.iam.create_access_key(UserName=user.name)["AccessKey"]
        expect(len(second["SecretAccessKey"]) == 40, "forty characters")
        refused("LimitExceeded", user.iam.create_access_key, UserName=user.name)
        listed = user.iam.list_access_keys(UserName=user.name)["AccessKeyMetadata"]
        expect({one["AccessKeyId"] for one in listed} == {second["AccessKeyId"], user.key["AccessKeyId"]}, str(listed))
        expect(second["SecretAccessKey"] not in str(listed), "no secret in a listing")
        used = user.iam.get_access_key_last_used(AccessKeyId=second["AccessKeyId"])
        expect(used["UserName"] == user.name and used["AccessKeyLastUsed"]["ServiceName"] == "N/A", str(used))


@job
def a_group_hands_its_policies_on():
    iam, group = service("iam"), unique("group")
    with fresh_bucket() as name, Person() as user:
        s3 = user.client("s3")
        refused("AccessDenied", s3.list_objects_v2, Bucket=name)
        iam.create_group(GroupName=group)
        try:
            read = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
            iam.attach_group_policy(GroupName=group, PolicyArn=read)
            iam.add_user_to_group(GroupName=group, UserName=user.name)
            s3.list_objects_v2(Bucket=name)
            refused("AccessDenied", s3.put_object, Bucket=name, Key="k", Body=b"")
            refused("DeleteConflict", iam.delete_group, GroupName=group)
            members = iam.get_group(GroupName=group)["Users"]
            expect([one["UserName"] for one in members] == [user.name], str(members))
            iam.remove_user_from_group(GroupName=group, UserName=user.name)
            refused("AccessDenied", s3.list_objects_v2, Bucket=name)
            iam.detach_group_policy(GroupName=group, PolicyArn=read)
        finally:
            iam.delete_group(GroupName=group)


@job
def a_managed_policy_and_its_versions():
    iam, name = service("iam"), unique("policy")
    with fresh_bucket() as target, Person() as user:
        s3 = user.client("s3")
        arn = iam.create_policy(
            PolicyName=name, PolicyDocument=policy(allow("s3:ListBucket", f"arn:aws:s3:::{target}")), Description="read"
        )["Policy"]["Arn"]
        iam.attach_user_policy(UserName=user.name, PolicyArn=arn)
        s3.list_objects_v2(Bucket=target)
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(allow("s3:GetObject", "*")), SetAsDefault=True)
        refused("AccessDenied", s3.list_objects_v2, Bucket=target)
        iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
        s3.list_objects_v2(Bucket=target)
        versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
        expect([(one["VersionId"], one["IsDefaultVersion"]) for one in versions] == [("v2", False), ("v1", True)], str(versions))
        document = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"]
        expect(document["Statement"][0]["Action"] == "s3:ListBucket", str(document))
        refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
        holders = iam.list_entities_for_policy(PolicyArn=arn)
        expect([one["UserName"] for one in holders["PolicyUsers"]] == [user.name], str(holders))
        iam.detach_user_policy(UserName=user.name, PolicyArn=arn)
        iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
        iam.delete_policy(PolicyArn=arn)
        refused("NoSuchEntity", iam.get_policy, PolicyArn=arn)


@job
def a_role_assumed_by_an_application():
    iam, role = service("iam"), unique("role")
    with fresh_bucket() as name, Person(allow("sts:AssumeRole", f"arn:aws:iam::{account()}:role/*")) as application:
        trust = policy({"Effect": "Allow", "Principal": {"AWS": application.arn}, "Action": "sts:AssumeRole"})
        made = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)["Role"]
        iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=policy(allow("s3:*", "*")))
        sts = application.client("sts")
        session = sts.assume_role(RoleArn=made["Arn"], RoleSessionName="batch-1", DurationSeconds=900)
        credentials = session["Credentials"]
        temporary = [credentials[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
        s3 = service("s3", *temporary)
        s3.put_object(Bucket=name, Key="by-role", Body=b"x")
        refused("AccessDenied", application.client("s3").list_objects_v2, Bucket=name)
        identity = service("sts", *temporary).get_caller_identity()
        expect(identity["Arn"] == session["AssumedRoleUser"]["Arn"], str(identity))
        expect(identity["UserId"] == f"{made['RoleId']}:batch-1", str(identity))
        url = s3.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "by-role"}, ExpiresIn=60)
        expect(urllib.request.urlopen(url).read() == b"x", "a presigned URL of a session")
        less = sts.assume_role(
            RoleArn=made["Arn"], RoleSessionName="less", Policy=policy(allow("s3:GetObject", f"arn:aws:s3:::{name}/*"))
        )["Credentials"]
        limited = service("s3", less["AccessKeyId"], less["SecretAccessKey"], less["SessionToken"])
        limited.get_object(Bucket=name, Key="by-role")
        refused("AccessDenied", limited.put_object, Bucket=name, Key="k", Body=b"")
        time.sleep(1.1)
        revoked = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"DateLessThan": {"aws:TokenIssueTime": now()}}}
        iam.put_role_policy(RoleName=role, PolicyName="AWSRevokeOlderSessions", PolicyDocument=policy(revoked))
        refused("AccessDenied", s3.get_object, Bucket=name, Key="by-role")
        iam.delete_role_policy(RoleName=role, PolicyName="AWSRevokeOlderSessions")
        s3.get_object(Bucket=name, Key="by-role")
        iam.delete_role_policy(RoleName=role, PolicyName="p")
        iam.delete_role(RoleName=role)
        for call in (s3.get_object, limited.get_object):
            try:
                call(Bucket=name, Key="by-role")
                raise AssertionError("the session outlived its role")
            except ClientError as error:
                code = error.response["Error"]["Code"]
                expect(code in ("InvalidToken", "InvalidAccessKeyId", "AccessDenied"), str(error))


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


@job
def a_presigned_url_by_a_user_may_what_the_user_may():
    with fresh_bucket() as name, Person(allow("s3:GetObject", f"arn:aws:s3:::{name}/open/*")) as user:
        for key in ("open/a", "closed/b"):
            client().put_object(Bucket=name, Key=key, Body=b"bytes")
        s3 = user.client("s3")
        url = s3.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "open/a"})
        expect(urllib.request.urlopen(url).read() == b"bytes", "what the user may read")
        closed = s3.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "closed/b"})
        try:
            urllib.request.urlopen(closed)
            raise AssertionError("read what the user may not")
        except urllib.error.HTTPError as error:
            expect(error.code == 403, str(error))


@job
def session_tokens_and_federation_tokens():
    with fresh_bucket() as name, Person(allow(["s3:ListBucket", "sts:GetFederationToken"], "*")) as user:
        sts = user.client("sts")
        own = sts.get_session_token(DurationSeconds=900)["Credentials"]
        temporary = service("s3", own["AccessKeyId"], own["SecretAccessKey"], own["SessionToken"])
        temporary.list_objects_v2(Bucket=name)
        without = service("s3", own["AccessKeyId"], own["SecretAccessKey"])
        refused("InvalidAccessKeyId", without.list_objects_v2, Bucket=name)
        altered = own["SessionToken"][:-2] + ("AA" if own["SessionToken"][-2:] != "AA" else "BB")
        forged = service("s3", own["AccessKeyId"], own["SecretAccessKey"], altered)
        refused("InvalidToken", forged.list_objects_v2, Bucket=name)
        all_of_it = policy(allow("s3:*", "*"))
        guest = sts.get_federation_token(Name="guest", Policy=all_of_it, DurationSeconds=900)
        credentials = guest["Credentials"]
        federated = service("s3", credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])
        federated.list_objects_v2(Bucket=name)
        refused("AccessDenied", federated.put_object, Bucket=name, Key="k", Body=b"")
        expect(guest["FederatedUser"]["Arn"].endswith(":federated-user/guest"), str(guest["FederatedUser"]))
        info = service("sts").get_access_key_info(AccessKeyId=credentials["AccessKeyId"])
        expect(info["Account"] == account(), str(info))


@job
def the_simulator_says_what_requests_meet():
    with fresh_bucket() as name, Person(allow("s3:GetObject", f"arn:aws:s3:::{name}/a/*")) as user:
        results = user.iam.simulate_principal_policy(
            PolicySourceArn=user.arn,
            ActionNames=["s3:GetObject"],
            ResourceArns=[f"arn:aws:s3:::{name}/a/1", f"arn:aws:s3:::{name}/b/1"],
        )["EvaluationResults"]
        decisions = [one["EvalDecision"] for one in results]
        expect(decisions == ["allowed", "implicitDeny"], str(results))


@job
def paginators_see_everything_once():
    iam, path = service("iam"), f"/{unique('path')}/"
    names = sorted(unique("page") for _ in range(7))
    for one in names:
        iam.create_user(UserName=one, Path=path)
    try:
        pages = iam.get_paginator("list_users").paginate(PathPrefix=path, PaginationConfig={"PageSize": 3})
        found = [[user["UserName"] for user in page["Users"]] for page in pages]
        expect([len(page) for page in found] == [3, 3, 1] and sum(found, []) == names, str(found))
        details = iam.get_paginator("get_account_authorization_details").paginate(Filter=["User"])
        expect(set(names) <= {user["UserName"] for page in details for user in page["UserDetailList"]}, "all of them")
    finally:
        for one in names:
            iam.delete_user(UserName=one)


@job
def errors_have_the_codes_of_aws():
    iam = service("iam")
    with Person() as user:
        refused("EntityAlreadyExists", iam.create_user, UserName=user.name.upper())
        refused("MalformedPolicyDocument", iam.put_user_policy, UserName=user.name, PolicyName="p", PolicyDocument="{}")
        refused("ValidationError", iam.create_user, UserName="no/slash")
        refused("NoSuchEntity", iam.get_user, UserName="nobody-of-this-name")
        refused("DeleteConflict", iam.delete_user, UserName=user.name)
        refused("AccessDenied", user.client("iam").list_users)
        refused("InvalidClientTokenId", service("iam", "AKIAAAAAAAAAAAAAAAAA", "x").list_users)
        refused("SignatureDoesNotMatch", service("sts", user.key["AccessKeyId"], "wrong").get_caller_identity)
