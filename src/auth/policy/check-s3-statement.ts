import type { Condition } from "./condition.ts";
import type { PolicyFailure } from "./failure.ts";
import type { Pattern } from "./pattern.ts";
import { quoted, Refused } from "./refused.ts";
import type { RequestResource, ResourcePattern } from "./resource-pattern.ts";
import { actionsOfS3Key, type S3ResourceKind, s3Actions } from "./s3-catalog.ts";
import type { Statement } from "./statement.ts";

const noVariables = () => undefined;

/**
 * Checks that a statement of a bucket policy can apply to something: each action is one of S3's and is done to a kind of resource
 * that the statement names, and each condition key is one that such an action has. Throws `Refused`.
 */
export function checkS3Statement(statement: Statement, bucket: string): void {
  const { actions, resources, conditions } = statement;
  const distinct = new Map(actions.patterns.map((pattern) => [pattern.source, pattern]));
  const meant = [...distinct.values()].map(actionsMeant);
  if (!actions.not && resources !== null && !resources.not) checkReach(meant, resources.patterns, bucket);
  if (conditions.length === 0) return;
  const named = new Set(meant.flat());
  const covered = actions.not ? [...s3Actions.keys()].filter((action) => !named.has(action)) : [...named];
  for (const condition of conditions) checkKey(condition, covered);
}

function refuse(failure: PolicyFailure): never {
  throw new Refused(failure);
}

/** The actions of S3 that a pattern covers; at least one. */
function actionsMeant(pattern: Pattern): readonly string[] {
  const { source } = pattern;
  if (s3Actions.has(source)) return [source];
  const known = /[*?]/.test(source)
    ? [...s3Actions.keys()].filter((action) => pattern.matches(action, noVariables))
    : [];
  if (known.length === 0) refuse({ kind: "foreignAction", action: quoted(source) });
  return known;
}

/** Each entry of Action must have an action of a kind that the resources reach. */
function checkReach(
  meant: readonly (readonly string[])[],
  resources: readonly ResourcePattern[],
  bucket: string,
): void {
  const tails = resources.map(({ source }) => source.slice(source.indexOf(":::") + 3));
  const target = bucketResource(bucket);
  const reached: Record<S3ResourceKind, boolean> = {
    object: tails.some((tail) => /[/*?]/.test(tail)),
    bucket: resources.some((pattern, index) => {
      const tail = tails[index] as string;
      return !tail.includes("/") && (tail.includes("${") || pattern.matches(target, noVariables));
    }),
    other: false,
  };
  const applies = (action: string) => reached[s3Actions.get(action) as S3ResourceKind];
  if (!meant.every((actions) => actions.some(applies))) refuse({ kind: "actionWithoutResource" });
}

function bucketResource(bucket: string): RequestResource {
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
