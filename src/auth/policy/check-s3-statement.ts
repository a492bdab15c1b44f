import type { Condition } from "./condition.ts";
import type { PolicyFailure } from "./failure.ts";
import { quoted, Refused } from "./refused.ts";
import { actionsOfS3Key, s3Actions } from "./s3-catalog.ts";
import type { Statement } from "./statement.ts";

const noVariables = () => undefined;

/**
 * Checks that a statement of a bucket policy can apply to something: each action is one of S3's and is done to a kind of resource
 * that the statement names, and each condition key is one that such an action has. Throws `Refused`.
 */
export function checkS3Statement(statement: Statement, bucket: string): void {
  const { actions, resources, conditions } = statement;
  const meant = new Set<string>();
  for (const pattern of actions.patterns) {
    const known = [...s3Actions.keys()].filter((action) => pattern.matches(action, noVariables));
    if (known.length === 0) refuse({ kind: "foreignAction", action: quoted(pattern.source) });
    for (const action of known) meant.add(action);
  }
  if (!actions.not && resources !== null && !resources.not) checkReach(statement, bucket);
  const covered = actions.not ? [...s3Actions.keys()].filter((action) => !meant.has(action)) : [...meant];
  for (const condition of conditions) checkKey(condition, covered);
}

function refuse(failure: PolicyFailure): never {
  throw new Refused(failure);
}

function checkReach({ actions, resources }: Statement, bucket: string): void {
  const tails = (resources?.patterns ?? []).map(({ source }) => source.slice(source.lastIndexOf(":::") + 3));
  const reachesObjects = tails.some((tail) => /[/*?]/.test(tail));
  const reachesBucket = resources?.patterns.some(
    (pattern, index) =>
      !tails[index]?.includes("/") &&
      (tails[index]?.includes("${") || pattern.matches(bucketResource(bucket), noVariables)),
  );
  for (const pattern of actions.patterns) {
    const applies = [...s3Actions].some(
      ([action, kind]) =>
        pattern.matches(action, noVariables) &&
        ((kind === "bucket" && reachesBucket) || (kind === "object" && reachesObjects)),
    );
    if (!applies) refuse({ kind: "actionWithoutResource" });
  }
}

function bucketResource(bucket: string) {
  return {
    text: `arn:aws:s3:::${bucket}`,
    arn: { partition: "aws", service: "s3", region: "", accountId: "", resource: bucket },
  };
}

/** Keys of other services than S3 are those of identity providers and the like, which come with the caller. */
function checkKey({ key }: Condition, covered: readonly string[]): void {
  const lower = key.toLowerCase();
  if (!lower.startsWith("s3:")) {
    if (!/^[a-z0-9][a-z0-9.-]*[:/]./.test(lower)) refuse({ kind: "unknownConditionKey", key: quoted(key) });
    return;
  }
  const having = actionsOfS3Key(lower);
  if (having === undefined) refuse({ kind: "unknownConditionKey", key: quoted(key) });
  if (having !== null && !covered.some((action) => having.has(action))) {
    refuse({ kind: "foreignConditionKey", key: quoted(key) });
  }
}
