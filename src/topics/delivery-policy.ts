/** How deliveries to http and https endpoints are repeated: "Amazon SNS message delivery retries" in the SNS Developer Guide. */
export interface RetryPolicy {
  readonly minDelayTarget: number;
  readonly maxDelayTarget: number;
  readonly numRetries: number;
  readonly numNoDelayRetries: number;
  readonly numMinDelayRetries: number;
  readonly numMaxDelayRetries: number;
  readonly backoffFunction: "arithmetic" | "exponential" | "geometric" | "linear";
}

export interface DeliveryPolicy {
  readonly retry: RetryPolicy;
  /** Null: no limit. */
  readonly receivesPerSecondMax: number | null;
  readonly contentType: string;
  /** Of a topic: subscriptions' own policies do not count. */
  readonly disablesOverrides: boolean;
}

const DEFAULT: DeliveryPolicy = {
  retry: {
    ...{ minDelayTarget: 20, maxDelayTarget: 20, numRetries: 3, numNoDelayRetries: 0, numMinDelayRetries: 0 },
    ...{ numMaxDelayRetries: 0, backoffFunction: "linear" },
  },
  receivesPerSecondMax: null,
  contentType: "text/plain; charset=UTF-8",
  disablesOverrides: false,
};

/** To queues: 100,015 times over 23 days, as that page says of endpoints that AWS manages. */
export const TO_QUEUES: RetryPolicy = {
  ...{ minDelayTarget: 1, maxDelayTarget: 20, numRetries: 100_015, numNoDelayRetries: 3, numMinDelayRetries: 2 },
  ...{ numMaxDelayRetries: 100_000, backoffFunction: "exponential" },
};

/** Seconds that all retries of a policy together may take. */
const TOTAL_SECONDS_MAX = 3_600;

/** Content types that a policy may ask for. */
const CONTENT_TYPES = new Set([
  ...["application/json", "application/xml", "application/octet-stream", "application/x-www-form-urlencoded"],
  ...[
    "application/x-amz-json-1.0",
    "application/x-amz-json-1.1",
    "text/plain",
    "text/css",
    "text/csv",
    "text/html",
    "text/xml",
  ],
]);

/** Why a delivery policy is not taken, in words for a client. */
export class DeliveryPolicyProblem extends Error {}

type JsonObject = Readonly<Record<string, unknown>>;

/** What holds for a subscription: its own policy, else the one of its topic, else AWS's default. Both were checked when they were put. */
export function deliveryPolicyOf(topic: string | undefined, subscription: string | undefined): DeliveryPolicy {
  const ofTopic = topic === undefined ? DEFAULT : parseTopicPolicy(topic);
  return subscription === undefined || ofTopic.disablesOverrides
    ? ofTopic
    : parseSubscriptionPolicy(subscription, ofTopic);
}

/** Reads the DeliveryPolicy of a topic. Throws `DeliveryPolicyProblem`. */
export function parseTopicPolicy(text: string): DeliveryPolicy {
  const document = objectOf(text);
  only(document, ["http"]);
  const http = member(document, "http");
  only(http, [
    "defaultHealthyRetryPolicy",
    "disableSubscriptionOverrides",
    "defaultThrottlePolicy",
    "defaultRequestPolicy",
  ]);
  if (!["boolean", "undefined"].includes(typeof http.disableSubscriptionOverrides)) {
    throw new DeliveryPolicyProblem("disableSubscriptionOverrides must be a boolean");
  }
  const { defaultHealthyRetryPolicy: retry, defaultThrottlePolicy: throttle, defaultRequestPolicy: request } = http;
  return {
    ...policyOf({ retry, throttle, request }, DEFAULT),
    disablesOverrides: http.disableSubscriptionOverrides === true,
  };
}

/** Checks one that is put. What would be kept and not followed is refused. Throws `DeliveryPolicyProblem`. */
export function checkSubscriptionPolicy(text: string): void {
  const { guaranteed } = objectOf(text);
  if (guaranteed !== undefined && guaranteed !== null && guaranteed !== false) {
    throw new DeliveryPolicyProblem("guaranteed is not supported");
  }
  parseSubscriptionPolicy(text);
}

/** The same of a subscription. `above`: what it does not say. */
export function parseSubscriptionPolicy(text: string, above: DeliveryPolicy = DEFAULT): DeliveryPolicy {
  const document = objectOf(text);
  only(document, ["healthyRetryPolicy", "sicklyRetryPolicy", "throttlePolicy", "requestPolicy", "guaranteed"]);
  if (document.sicklyRetryPolicy) throw new DeliveryPolicyProblem("sicklyRetryPolicy is not supported");
  return policyOf(
    { retry: document.healthyRetryPolicy, throttle: document.throttlePolicy, request: document.requestPolicy },
    above,
  );
}

function policyOf(
  { retry, throttle, request }: { retry: unknown; throttle: unknown; request: unknown },
  above: DeliveryPolicy,
): DeliveryPolicy {
  return {
    disablesOverrides: false,
    retry: retry === undefined || retry === null ? above.retry : readRetry(asObject("healthyRetryPolicy", retry)),
    receivesPerSecondMax:
      throttle === undefined || throttle === null
        ? above.receivesPerSecondMax
        : wholeNumber(asObject("throttlePolicy", throttle), "maxReceivesPerSecond", [1, 100_000]),
    contentType:
      request === undefined || request === null
        ? above.contentType
        : readContentType(asObject("requestPolicy", request)),
  };
}

function readRetry(given: JsonObject): RetryPolicy {
  only(given, Object.keys(DEFAULT.retry));
  const all = { ...DEFAULT.retry, ...given };
  const policy: RetryPolicy = {
    minDelayTarget: wholeNumber(all, "minDelayTarget", [1, TOTAL_SECONDS_MAX]),
    maxDelayTarget: wholeNumber(all, "maxDelayTarget", [1, TOTAL_SECONDS_MAX]),
    numRetries: wholeNumber(all, "numRetries", [0, 100]),
    numNoDelayRetries: wholeNumber(all, "numNoDelayRetries", [0, 100]),
    numMinDelayRetries: wholeNumber(all, "numMinDelayRetries", [0, 100]),
    numMaxDelayRetries: wholeNumber(all, "numMaxDelayRetries", [0, 100]),
    backoffFunction: all.backoffFunction,
  };
  if (!["arithmetic", "exponential", "geometric", "linear"].includes(policy.backoffFunction)) {
    throw new DeliveryPolicyProblem("backoffFunction must be one of arithmetic, exponential, geometric, linear");
  }
  if (policy.minDelayTarget > policy.maxDelayTarget) {
    throw new DeliveryPolicyProblem("maxDelayTarget must be greater than or equal to minDelayTarget");
  }
  const { numNoDelayRetries, numMinDelayRetries, numMaxDelayRetries, numRetries } = policy;
  if (numNoDelayRetries + numMinDelayRetries + numMaxDelayRetries > numRetries) {
    throw new DeliveryPolicyProblem("numRetries must be at least the sum of the retries of the phases");
  }
  const delays = Array.from({ length: numRetries }, (_, at) => delaySeconds(policy, at + 1) ?? 0);
  if (delays.reduce((sum, one) => sum + one, 0) > TOTAL_SECONDS_MAX) {
    throw new DeliveryPolicyProblem(`Total retry time must not be greater than ${TOTAL_SECONDS_MAX} seconds`);
  }
  return policy;
}

function readContentType(given: JsonObject): string {
  only(given, ["headerContentType"]);
  const type = given.headerContentType;
  const [essence = ""] = typeof type === "string" ? type.split(";", 1) : [];
  const isKnown = CONTENT_TYPES.has(essence.trim().toLowerCase());
  if (typeof type === "string" && isKnown && /^[\x20-\x7e]{1,100}$/.test(type)) return type;
  throw new DeliveryPolicyProblem("headerContentType is not supported");
}

/**
 * Seconds before the `retry`th retry (from 1). Null: there is none. Retries without delay come first, then those with the smallest
 * delay, then those whose delay rises, then those with the largest.
 */
export function delaySeconds(policy: RetryPolicy, retry: number): number | null {
  const { minDelayTarget: min, maxDelayTarget: max, numRetries } = policy;
  if (retry > numRetries) return null;
  const rising = numRetries - policy.numNoDelayRetries - policy.numMinDelayRetries - policy.numMaxDelayRetries;
  const inPhase = retry - policy.numNoDelayRetries - policy.numMinDelayRetries;
  if (retry <= policy.numNoDelayRetries) return 0;
  if (inPhase <= 0) return min;
  if (inPhase > rising) return max;
  return Math.round(min + (max - min) * growth(policy.backoffFunction, inPhase / rising));
}

/** How far a delay has risen from its smallest (0) to its largest (1), at a share of the retries whose delay rises. */
function growth(backoff: RetryPolicy["backoffFunction"], share: number): number {
  if (backoff === "linear") return share;
  if (backoff === "arithmetic") return share ** 2;
  return (2 ** ((backoff === "exponential" ? 10 : 4) * share) - 1) / (2 ** (backoff === "exponential" ? 10 : 4) - 1);
}

/** The policy as EffectiveDeliveryPolicy shows it. */
export function effectivePolicy(
  { retry, receivesPerSecondMax, contentType, disablesOverrides }: DeliveryPolicy,
  of: "topic" | "subscription",
): string {
  const throttle = receivesPerSecondMax === null ? null : { maxReceivesPerSecond: receivesPerSecondMax };
  const request = { headerContentType: contentType };
  return JSON.stringify(
    of === "topic"
      ? {
          http: {
            defaultHealthyRetryPolicy: retry,
            disableSubscriptionOverrides: disablesOverrides,
            ...(throttle && { defaultThrottlePolicy: throttle }),
            defaultRequestPolicy: request,
          },
        }
      : { healthyRetryPolicy: retry, throttlePolicy: throttle, requestPolicy: request, guaranteed: false },
  );
}

function objectOf(text: string): JsonObject {
  let value: unknown;
  try {
    value = text.length > 10_000 ? null : JSON.parse(text);
  } catch {
    value = null;
  }
  return asObject("DeliveryPolicy", value);
}

function asObject(name: string, value: unknown): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new DeliveryPolicyProblem(`${name} must be a JSON object`);
}

function member(document: JsonObject, name: string): JsonObject {
  return asObject(name, document[name]);
}

function only(document: JsonObject, names: readonly string[]): void {
  const unknown = Object.keys(document).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new DeliveryPolicyProblem(`Unexpected JSON member: ${unknown.slice(0, 64)}`);
}

function wholeNumber(document: JsonObject, name: string, [min, max]: readonly [number, number]): number {
  const value = document[name];
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new DeliveryPolicyProblem(`${name} must be a whole number between ${min} and ${max}`);
}
