import type { Ask } from "../../auth/access.ts";
import type { ContextValue } from "../../auth/policy/request.ts";
import type { TagRow } from "../../metadata/rows.ts";
import type { QueryResult } from "../../protocols/aws-query/answer.ts";
import { validationError } from "../../protocols/aws-query/error.ts";
import { type Fields, type Input, readFields } from "../../protocols/aws-query/fields.ts";
import type { QueryNode } from "../../protocols/aws-query/parameters.ts";
import { parseIamArn } from "./model/arns.ts";
import type { IamCall } from "./model/call.ts";

/** What an operation is about: what its permission is asked for. */
export interface Target {
  /** The resource of the ask; `*` if it is about no one resource. */
  readonly arn: string;
  /** Of the user, role, policy or provider if it exists: `aws:ResourceTag`. */
  readonly tags?: readonly TagRow[];
  /** The permissions boundary of the user or role: `iam:PermissionsBoundary`, unless the request sets another one. */
  readonly boundary?: string | null;
}

export interface Definition<F extends Fields, T extends Target> {
  readonly fields: F;
  /** Reads what it is about. A target that does not exist has an ARN all the same: permission comes first. */
  target(call: IamCall, input: Input<F>): T | Promise<T>;
  /** Actions besides the operation's own: tags given on creation. */
  also?(input: Input<F>): readonly string[];
  /** Does it: the caller may. */
  run(call: IamCall, input: Input<F>, target: T): Promise<QueryResult | null>;
}

/** An operation without the types of its parameters. */
export interface IamOperation {
  /** `action`: `iam:CreateUser`. */
  run(call: IamCall, action: string, parameters: QueryNode): Promise<QueryResult | null>;
}

/** Makes an operation of its definition: parameters → target → permission → run. Nothing is changed before the permission is given. */
export function operation<F extends Fields, T extends Target>(definition: Definition<F, T>): IamOperation {
  return {
    async run(call, action, parameters) {
      const read = readFields(parameters, definition.fields);
      if (!read.ok) throw validationError(read.message);
      const target = await definition.target(call, read.input);
      const actions = [action, ...(definition.also?.(read.input) ?? [])];
      call.caller.demand(actions.map((one) => askFor(one, read.input, target)));
      return definition.run(call, read.input, target);
    },
  };
}

function askFor(action: string, input: Readonly<Record<string, unknown>>, target: Target): Ask {
  const context = contextOf(input, target);
  // An ARN that names another account is that account's: its policies would have to agree, and IAM's resources have none.
  const owner = parseIamArn(target.arn)?.accountId;
  const resourceAccountId = owner !== undefined && /^\d{12}$/.test(owner) ? owner : null;
  return { action, resource: target.arn, resourceAccountId, context: (key) => context.get(key) };
}

/** IAM's condition keys, by their names in lower case ("Condition keys for AWS Identity and Access Management"). */
function contextOf(input: Readonly<Record<string, unknown>>, target: Target): ReadonlyMap<string, ContextValue> {
  const context = new Map<string, ContextValue>();
  for (const [key, value] of target.tags ?? []) {
    context.set(`aws:resourcetag/${key.toLowerCase()}`, value);
    context.set(`iam:resourcetag/${key.toLowerCase()}`, value);
  }
  const tags = (input.Tags ?? []) as readonly { Key: string; Value: string }[];
  const keys = [...tags.map(({ Key }) => Key), ...((input.TagKeys ?? []) as readonly string[])];
  for (const { Key, Value } of tags) context.set(`aws:requesttag/${Key.toLowerCase()}`, Value);
  if (keys.length > 0) context.set("aws:tagkeys", keys);
  if (typeof input.PolicyArn === "string") context.set("iam:policyarn", input.PolicyArn);
  const boundary = input.PermissionsBoundary ?? target.boundary;
  if (typeof boundary === "string") context.set("iam:permissionsboundary", boundary);
  return context;
}
