/** Where a policy is to be kept, which decides what it must and must not contain. */
export type PolicyPlace =
  /** An inline policy of a user, group or role. */
  | { readonly kind: "identity" }
  /** A managed policy, also one that is used as permissions boundary: only these must be of version 2012-10-17. */
  | { readonly kind: "managed" }
  | { readonly kind: "session" }
  /** Who may assume a role. */
  | { readonly kind: "trust" }
  | { readonly kind: "bucket"; readonly bucket: string }
  /** The policy of a queue, topic or key, by the resource's ARN. */
  | { readonly kind: "resource"; readonly arn: string };

/** Everything that can be wrong with the text of a policy, as data. Values that come from the text are cut to 256 characters. */
export type PolicyFailure =
  | SyntaxFailure
  | ElementFailure
  | PrincipalFailure
  | ActionFailure
  | ResourceFailure
  | ConditionFailure
  | SizeFailure;

export type SyntaxFailure =
  /** No JSON object, or JSON nested more deeply than a policy can be. `offset` counts UTF-16 units. */
  | { readonly kind: "notJson"; readonly offset: number }
  /** White space before the first brace. */
  | { readonly kind: "leadingSpace" }
  /** The same name twice in one object. */
  | { readonly kind: "duplicateKey"; readonly key: string };

export type ElementFailure =
  | { readonly kind: "missingElement"; readonly element: string }
  | { readonly kind: "unknownElement"; readonly element: string }
  /** Of a kind of value that the element cannot have. */
  | { readonly kind: "wrongType"; readonly element: string }
  /** An empty list or object. */
  | { readonly kind: "emptyElement"; readonly element: string }
  /** Principal in an identity policy; Resource in a trust policy. */
  | { readonly kind: "prohibitedElement"; readonly element: string }
  /** Action and NotAction, Resource and NotResource, Principal and NotPrincipal. */
  | { readonly kind: "exclusiveElements"; readonly elements: readonly [string, string] }
  | { readonly kind: "unknownVersion"; readonly version: string }
  /** A managed policy of 2008-10-17, or without a version. */
  | { readonly kind: "oldVersion" }
  | { readonly kind: "unknownEffect"; readonly effect: string }
  | { readonly kind: "malformedSid"; readonly sid: string }
  | { readonly kind: "repeatedSid"; readonly sid: string };

export type PrincipalFailure =
  | { readonly kind: "invalidPrincipal"; readonly type: string; readonly value: string }
  /** NotPrincipal with Effect Allow. */
  | { readonly kind: "allowNotPrincipal" };

export type ActionFailure =
  /** Without a service in front, or with more than one colon. */
  | { readonly kind: "malformedAction"; readonly action: string; readonly problem: "noVendor" | "vendor" | "colons" }
  /** An action that the place's service does not have. */
  | { readonly kind: "foreignAction"; readonly action: string }
  /** A bucket's action on objects alone, or an object's on the bucket alone. */
  | { readonly kind: "actionWithoutResource" };

export type ResourceFailure =
  | { readonly kind: "malformedResource"; readonly resource: string }
  | { readonly kind: "unknownPartition"; readonly resource: string; readonly partition: string }
  | { readonly kind: "wildcardVendor"; readonly resource: string }
  /** In an ARN of IAM, which has no regions. */
  | { readonly kind: "regionInResource"; readonly resource: string }
  /** An ARN of IAM of no known type. */
  | { readonly kind: "unknownIamResource"; readonly resource: string }
  /** Another bucket's, queue's or topic's. */
  | { readonly kind: "foreignResource"; readonly resource: string }
  /** `${` without an end, or something between that is no variable. */
  | { readonly kind: "malformedVariable"; readonly text: string };

export type ConditionFailure =
  | { readonly kind: "unknownOperator"; readonly operator: string }
  /** In a bucket policy: a key that S3 does not have. */
  | { readonly kind: "unknownConditionKey"; readonly key: string }
  /** In a bucket policy: a key that no action of the statement has. */
  | { readonly kind: "foreignConditionKey"; readonly key: string }
  /** A number, date, Boolean, address, ARN or base64 text that is none. */
  | {
      readonly kind: "malformedConditionValue";
      readonly operator: string;
      readonly key: string;
      readonly value: string;
    };

/** `limit` in the unit of the constants in `limits.ts`. */
export type SizeFailure = { readonly kind: "tooLarge"; readonly limit: number };

export type ParsedPolicy<T> =
  | { readonly ok: true; readonly policy: T }
  | { readonly ok: false; readonly failure: PolicyFailure };
