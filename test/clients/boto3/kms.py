"""KMS as programs use it: keys, aliases, contexts, data keys, rotation, grants, pages, errors."""

from harness import job
from identities import Person, allow, expect, refused, service, unique


def fresh_key(kms, **parameters):
    return kms.create_key(**parameters)["KeyMetadata"]


@job
def keys_aliases_and_contexts():
    kms = service("kms")
    key = fresh_key(kms, Description="of a client's job", Tags=[{"TagKey": "team", "TagValue": "blue"}])
    alias = f"alias/{unique('job')}"
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    expect(kms.describe_key(KeyId=alias)["KeyMetadata"]["Arn"] == key["Arn"], "the alias names another key")
    context = {"dept": "blue", "Ä": "ö"}
    sealed = kms.encrypt(KeyId=alias, Plaintext=b"secret", EncryptionContext=context)["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context)
    expect(opened["Plaintext"] == b"secret" and opened["KeyId"] == key["Arn"], "another text or key")
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=sealed)
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=b"nonsense")
    data = kms.generate_data_key(KeyId=alias, KeySpec="AES_256")
    expect(len(data["Plaintext"]) == 32, "the data key's length")
    kms.rotate_key_on_demand(KeyId=key["KeyId"])
    expect(kms.decrypt(CiphertextBlob=data["CiphertextBlob"])["Plaintext"] == data["Plaintext"], "after a rotation")
    rotations = list(kms.get_paginator("list_key_rotations").paginate(KeyId=key["KeyId"]))
    expect(len(rotations[0]["Rotations"]) == 1, "one rotation")
    moved = kms.re_encrypt(CiphertextBlob=sealed, SourceEncryptionContext=context, DestinationKeyId=key["KeyId"])
    expect(kms.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"] == b"secret", "re-encrypted")
    kms.delete_alias(AliasName=alias)
    refused("NotFoundException", kms.describe_key, KeyId=alias)


@job
def states_and_pages():
    kms = service("kms")
    key = fresh_key(kms)["KeyId"]
    kms.disable_key(KeyId=key)
    refused("DisabledException", kms.encrypt, KeyId=key, Plaintext=b"a")
    kms.enable_key(KeyId=key)
    deletion = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)["DeletionDate"]
    expect(deletion > kms.describe_key(KeyId=key)["KeyMetadata"]["CreationDate"], "the time of deletion")
    refused("KMSInvalidStateException", kms.encrypt, KeyId=key, Plaintext=b"a")
    kms.cancel_key_deletion(KeyId=key)
    pages = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 1})
    expect(key in [entry["KeyId"] for page in pages for entry in page["Keys"]], "the key is in no page")
    refused("UnsupportedOperationException", kms.create_key, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")


@job
def users_and_grants():
    kms = service("kms")
    key = fresh_key(kms)["KeyId"]
    with Person() as ann:
        mine = ann.client("kms")
        refused("AccessDeniedException", mine.generate_data_key, KeyId=key, KeySpec="AES_256")
        grant = kms.create_grant(KeyId=key, GranteePrincipal=ann.arn, Operations=["GenerateDataKey"])
        mine.generate_data_key(KeyId=key, KeySpec="AES_256", GrantTokens=[grant["GrantToken"]])
        refused("AccessDeniedException", mine.encrypt, KeyId=key, Plaintext=b"a")
        kms.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
        refused("AccessDeniedException", mine.generate_data_key, KeyId=key, KeySpec="AES_256")
        ann.allow(allow("kms:Encrypt", "*", Condition={"StringEquals": {"kms:EncryptionContext:dept": "blue"}}))
        mine.encrypt(KeyId=key, Plaintext=b"a", EncryptionContext={"dept": "blue"})
        refused("AccessDeniedException", mine.encrypt, KeyId=key, Plaintext=b"a")
