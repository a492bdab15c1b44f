import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { firstAccount, roleArn } from "../../../src/auth/principal.ts";
import { deleteEntity, makeEntity } from "../../support/entities.ts";
import { allow, KmsRig } from "./support/kms.ts";

const FIRST = "AIDAFIRSTANNOFALL";
const SECOND = "AIDASECONDANNAFTER";
const ROLE = "AROATHEROLEOFTHIS";
const ann = `arn:aws:iam::${firstAccount.accountId}:user/ann`;
const role = roleArn(firstAccount.accountId, "/", "worker");

let rig: KmsRig;
beforeAll(async () => {
  rig = await KmsRig.open();
});
afterAll(() => rig.dispose());

const annAs = (uniqueId: string) => rig.caller({ kind: "user", ...firstAccount, arn: ann, name: "ann", uniqueId });
const reborn = () => makeEntity(rig.test, { kind: "user", name: "ann", id: SECOND });
const born = async () => {
  await deleteEntity(rig.test, SECOND);
  await makeEntity(rig.test, { kind: "user", name: "ann", id: FIRST });
};
const policyFor = (AWS: string | string[]) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      allow("kms:*", "*", { Principal: { AWS: firstAccount.accountId } }),
      allow(["kms:Encrypt", "kms:GetKeyPolicy"], "*", { Principal: { AWS } }),
    ],
  });
const status = async (uniqueId: string, KeyId: string) =>
  (await rig.call(annAs(uniqueId), "Encrypt", { KeyId, Plaintext: "YQ==" })).status;

test.each(["CreateKey", "PutKeyPolicy"])("a policy of %s means the user who has the name then", async (operation) => {
  await born();
  const Policy = policyFor(ann);
  const made = await rig.ok("CreateKey", operation === "CreateKey" ? { Policy } : {});
  const { KeyId } = made.KeyMetadata;
  if (operation === "PutKeyPolicy") await rig.ok("PutKeyPolicy", { KeyId, Policy });
  expect(await status(FIRST, KeyId)).toBe(200);
  expect((await rig.ok("GetKeyPolicy", { KeyId })).Policy).toBe(Policy);
  await reborn();
  expect(await status(SECOND, KeyId)).toBe(400);
  expect((await rig.ok("GetKeyPolicy", { KeyId })).Policy).toBe(policyFor(FIRST));
  await rig.ok("PutKeyPolicy", { KeyId, Policy });
  expect([await status(SECOND, KeyId), await status(FIRST, KeyId)]).toEqual([200, 400]);
});

test("a policy may name a unique id, a role, and whom there is not", async () => {
  await makeEntity(rig.test, { kind: "role", name: "worker", id: ROLE });
  const Policy = policyFor([role, SECOND, `${ann}-of-tomorrow`]);
  const { KeyId } = (await rig.ok("CreateKey", { Policy })).KeyMetadata;
  const rows = await rig.test.d1.batch<{ policy: string }>([
    rig.test.d1.prepare("SELECT policy FROM kms_keys WHERE id = ?1").bind(KeyId),
  ]);
  expect(rows[0]?.results[0]?.policy).toBe(policyFor([ROLE, SECOND, `${ann}-of-tomorrow`]));
});

test("a grant means the user who has the name then", async () => {
  await born();
  const KeyId = await rig.key();
  const asked = { KeyId, GranteePrincipal: ann, RetiringPrincipal: ann, Operations: ["Encrypt"], Name: "once" };
  const { GrantId } = await rig.ok("CreateGrant", asked);
  expect((await rig.ok("CreateGrant", asked)).GrantId).toBe(GrantId);
  expect(await status(FIRST, KeyId)).toBe(200);
  const shown = { GrantId, GranteePrincipal: ann, RetiringPrincipal: ann };
  expect((await rig.ok("ListGrants", { KeyId, GranteePrincipal: ann })).Grants).toMatchObject([shown]);
  expect((await rig.ok("ListRetirableGrants", { RetiringPrincipal: ann })).Grants).toMatchObject([shown]);
  await reborn();
  expect(await status(SECOND, KeyId)).toBe(400);
  expect((await rig.call(annAs(SECOND), "RetireGrant", { KeyId, GrantId })).status).toBe(400);
  expect((await rig.ok("ListGrants", { KeyId, GranteePrincipal: ann })).Grants).toEqual([]);
  expect((await rig.ok("ListRetirableGrants", { RetiringPrincipal: ann })).Grants).toEqual([]);
  const deleted = { GrantId, GranteePrincipal: FIRST, RetiringPrincipal: FIRST };
  expect((await rig.ok("ListGrants", { KeyId })).Grants).toMatchObject([deleted]);
  expect((await rig.call(annAs(FIRST), "RetireGrant", { KeyId, GrantId })).status).toBe(200);
});

test("both principals of a grant are looked for in one round trip", async () => {
  await born();
  await makeEntity(rig.test, { kind: "user", name: "bob", id: "AIDABOBFORTHEGRANT" });
  const bob = ann.replace(/ann$/, "bob");
  const KeyId = await rig.key();
  const named = vi.spyOn(rig.test.store.metadata.identities.entities, "named");
  await rig.ok("CreateGrant", { KeyId, GranteePrincipal: ann, RetiringPrincipal: bob, Operations: ["Encrypt"] });
  expect(named).toHaveBeenCalledTimes(1);
  named.mockRestore();
  const { Grants } = await rig.ok("ListGrants", { KeyId });
  expect(Grants).toMatchObject([{ GranteePrincipal: ann, RetiringPrincipal: bob }]);
});

test("a grant for whom there is not is for whoever gets the name", async () => {
  const KeyId = await rig.key();
  const later = `${ann}-later`;
  await rig.ok("CreateGrant", { KeyId, GranteePrincipal: later, RetiringPrincipal: later, Operations: ["Encrypt"] });
  await makeEntity(rig.test, { kind: "user", name: "ann-later", id: "AIDAANNWHOCAMELATER" });
  expect((await rig.ok("ListGrants", { KeyId, GranteePrincipal: later })).Grants).toHaveLength(1);
  expect((await rig.ok("ListRetirableGrants", { RetiringPrincipal: later })).Grants).toHaveLength(1);
});
