import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { operationNames } from "../../src/services/s3/operation-name.ts";
import { operationsNotIn, type Reviewed, reviewedFrom, type ServiceModel, whatIsNew } from "./model.ts";

const model: ServiceModel = {
  operations: { PutThing: {}, PutOldThing: { deprecated: true } },
  shapes: {
    PutThingRequest: {
      type: "structure",
      members: {
        Bucket: { location: "uri", locationName: "Bucket" },
        Size: { location: "header", locationName: "x-size" },
      },
    },
    Kind: { type: "string", enum: ["A", "B"] },
    NoSuchThing: { type: "structure", members: {}, exception: true, error: { httpStatusCode: 404 } },
    Text: { type: "string" },
  },
};
const known = reviewedFrom("1.0.0", model);

describe("a service model", () => {
  it("has nothing new in what was looked at", () => {
    expect(whatIsNew(known, reviewedFrom("1.0.1", model))).toEqual([]);
    expect(known.shapes).toEqual({
      Kind: ["A", "B"],
      NoSuchThing: ["status 404"],
      PutThingRequest: ["uri Bucket", "header x-size"],
    });
  });

  it("has new operations, members, values and errors", () => {
    const { shapes, operations } = model;
    const later: ServiceModel = {
      operations: { ...operations, GetThing: {} },
      shapes: {
        ...shapes,
        Kind: { type: "string", enum: ["A", "B", "C"] },
        Rule: { type: "structure", members: { Hold: {} } },
        ThingGone: { type: "structure", exception: true },
      },
    };
    expect(whatIsNew(known, reviewedFrom("2.0.0", later))).toEqual([
      "operation GetThing",
      "Kind: C",
      "Rule: Hold",
      "ThingGone: status 400",
    ]);
  });

  it("has operations that the table must have, but for deprecated ones", () => {
    expect(operationsNotIn(new Set(), model)).toEqual(["PutThing"]);
    expect(operationsNotIn(new Set(["PutThing"]), model)).toEqual([]);
  });
});

it("every operation that was looked at has a name here, but for those that have a successor", () => {
  const reviewed = JSON.parse(readFileSync(join(import.meta.dirname, "reviewed.json"), "utf8")) as Reviewed;
  const names: readonly string[] = operationNames;
  const replaced = ["GetBucketLifecycle", "GetBucketNotification", "PutBucketLifecycle", "PutBucketNotification"];
  expect(reviewed.operations.filter((name) => !names.includes(name))).toEqual(replaced);
});
