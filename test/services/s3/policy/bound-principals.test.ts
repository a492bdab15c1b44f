import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { firstAccount } from "../../../../src/auth/principal.ts";
import { deleteEntity, type EntityRow, insertEntity } from "../../../../src/metadata/identities/entities.ts";
import { root, type S3Answer, type S3As, s3As, user } from "../../../support/s3-as.ts";
import { openTestStore, type TestStore } from "../../../support/store.ts";

const { accountId } = firstAccount;
const ARN = `arn:aws:iam::${accountId}:user/ann`;
const POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Principal: { AWS: [ARN] }, Action: "s3:PutObject", Resource: "arn:aws:s3:::box/*" },
});

let rig: TestStore;
let asRoot: S3As;
beforeEach(async () => {
  rig = await openTestStore({});
  asRoot = s3As(rig.store, root);
  await asRoot({ method: "PUT", path: "/box" });
});
afterEach(() => rig.dispose());

/** Anns are told apart by their ids. */
function ann(id: string): EntityRow {
  const role = { trust: null, description: null, maxSessionSeconds: null, usedMs: null, usedRegion: null };
  return { id, accountId, kind: "user", name: "ann", path: "/", createdMs: 0, tags: [], boundary: null, ...role };
}

async function change(statement: ReturnType<typeof insertEntity>): Promise<void> {
  const { accounts } = rig.store.metadata.identities;
  await accounts.change({ id: accountId, seen: (await accounts.epoch(accountId)) as number, nowMs: 0 }, [statement]);
}

function putAs(uniqueId: string): Promise<S3Answer> {
  const asked = user(firstAccount);
  return s3As(rig.store, { principal: { ...asked.principal, uniqueId } as typeof asked.principal })({
    method: "PUT",
    path: "/box/key",
    body: "x",
  });
}

describe("a bucket policy that names a user", () => {
  it("means the one that has the name when it is put, and no other of that name", async () => {
    await change(insertEntity(ann("AIDAFIRSTANNAAAAAAAAA")));
    expect((await asRoot({ method: "PUT", path: "/box?policy", body: POLICY })).status).toBe(204);
    expect((await asRoot({ path: "/box?policy" })).text).toBe(POLICY);
    expect((await putAs("AIDAFIRSTANNAAAAAAAAA")).status).toBe(200);
    expect((await putAs("AIDASECONDANNAAAAAAAA")).status).toBe(403);
    await change(deleteEntity("AIDAFIRSTANNAAAAAAAAA"));
    const shown = (await asRoot({ path: "/box?policy" })).text;
    expect(shown).toBe(POLICY.replace(ARN, "AIDAFIRSTANNAAAAAAAAA"));
    await change(insertEntity(ann("AIDASECONDANNAAAAAAAA")));
    expect((await asRoot({ path: "/box?policy" })).text).toBe(shown);
    expect((await putAs("AIDASECONDANNAAAAAAAA")).status).toBe(403);
    await asRoot({ method: "PUT", path: "/box?policy", body: POLICY });
    expect((await putAs("AIDASECONDANNAAAAAAAA")).status).toBe(200);
  });
});
