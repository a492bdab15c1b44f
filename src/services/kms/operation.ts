import type { Ask } from "../../auth/access.ts";
import type { KeyUse } from "../../keyring/access.ts";
import type { HeldKmsKey } from "../../metadata/keyring/keys.ts";
import type { JsonResult } from "../../protocols/aws-json/answer.ts";
import type { JsonValue } from "../../protocols/aws-json/document.ts";
import { validationException } from "../../protocols/aws-json/error.ts";
import { type Fields, type Input, readFields, required } from "../../protocols/aws-json/fields.ts";
import type { KmsCall } from "./model/call.ts";
import * as fields from "./model/fields.ts";
import { askFor, findKeys, type KeyTarget, type Naming, requireKey } from "./model/targets.ts";

export type JsonInput = { readonly [name: string]: JsonValue };

export interface Definition<F extends Fields, T> {
  readonly fields: F;
  /** Reads what it is about. Must not tell whether something exists that the caller may not know of. */
  target(call: KmsCall, input: Input<F>): T | Promise<T>;
  /** What the caller must be allowed, all of it. `action`: `kms:` and the operation's name. */
  asks(call: KmsCall, input: Input<F>, about: { target: T; action: string }): readonly Ask[];
  /** Does it: the caller may. */
  run(call: KmsCall, input: Input<F>, target: T): Promise<JsonResult | null>;
}

/** An operation without the types of its input. */
export interface KmsOperation {
  /** `action`: `kms:CreateKey`. */
  run(call: KmsCall, action: string, input: JsonInput): Promise<JsonResult | null>;
}

/** Makes an operation of its definition: input → target → permission → run. Nothing is changed before the permission is given. */
export function operation<F extends Fields, T>(definition: Definition<F, T>): KmsOperation {
  return {
    async run(call, action, input) {
      const read = readFields(input, definition.fields);
      if (!read.ok) throw validationException(read.message);
      const target = await definition.target(call, read.input);
      call.caller.demand(definition.asks(call, read.input, { target, action }));
      return definition.run(call, read.input, target);
    },
  };
}

type WithKeyId<F extends Fields> = F & { readonly KeyId: typeof requiredKeyId };
const requiredKeyId = required(fields.keyId);

export interface KeyDefinition<F extends Fields> {
  /** Besides KeyId. */
  readonly fields: F;
  readonly naming?: Naming;
  /** What else the decision depends on. */
  use?(input: Input<WithKeyId<F>>): Omit<KeyUse, "region" | "action">;
  run(call: KmsCall, input: Input<WithKeyId<F>>, held: HeldKmsKey): Promise<JsonResult | null>;
}

/** An operation on the one key that KeyId names. */
export function keyOperation<F extends Fields>(definition: KeyDefinition<F>): KmsOperation {
  type All = WithKeyId<F>;
  return operation<All, KeyTarget>({
    fields: { ...definition.fields, KeyId: requiredKeyId } as All,
    async target(call, input) {
      const keyId = (input as { readonly KeyId: string }).KeyId;
      const [target] = await findKeys(call, [keyId], definition.naming ?? {});
      return target as KeyTarget;
    },
    asks: (call, input, { target, action }) => [askFor(call, target, { ...definition.use?.(input), action })],
    run: (call, input, target) => definition.run(call, input, requireKey(call, target)),
  });
}
