import { describe, expect, it } from "vitest";
import {
  checkSubscriptionPolicy,
  delaySeconds,
  deliveryPolicyOf,
  parseSubscriptionPolicy,
  parseTopicPolicy,
} from "../../src/topics/delivery-policy.ts";

function delays(healthyRetryPolicy: object): (number | null)[] {
  const { retry } = parseSubscriptionPolicy(JSON.stringify({ healthyRetryPolicy }));
  return Array.from({ length: retry.numRetries + 1 }, (_, at) => delaySeconds(retry, at + 1));
}

describe("delivery policies", () => {
  it("repeat three times after 20 seconds unless they say otherwise", () => {
    expect(delays({})).toEqual([20, 20, 20, null]);
  });

  it("have four phases", () => {
    const phases = { numRetries: 8, numNoDelayRetries: 1, numMinDelayRetries: 2, numMaxDelayRetries: 1 };
    expect(delays({ ...phases, minDelayTarget: 10, maxDelayTarget: 50 })).toEqual([
      0,
      10,
      10,
      20,
      30,
      40,
      50,
      50,
      null,
    ]);
  });

  it.each(["arithmetic", "exponential", "geometric"])(
    "rise by %s steps from the smallest to the largest delay",
    (backoffFunction) => {
      const rising = delays({ numRetries: 5, minDelayTarget: 10, maxDelayTarget: 100, backoffFunction }).slice(
        0,
        5,
      ) as number[];
      expect(rising.at(-1)).toBe(100);
      expect(rising).toEqual([...rising].sort((a, b) => a - b));
      expect(rising[0]).toBeLessThan(30);
    },
  );

  it.each([
    [{ healthyRetryPolicy: { numRetries: -1 } }, "numRetries must be a whole number between 0 and 100"],
    [{ healthyRetryPolicy: { minDelayTarget: 30, maxDelayTarget: 20 } }, "maxDelayTarget must be greater"],
    [{ healthyRetryPolicy: { numRetries: 1, numNoDelayRetries: 2 } }, "numRetries must be at least the sum"],
    [
      { healthyRetryPolicy: { numRetries: 100, maxDelayTarget: 3600 } },
      "Total retry time must not be greater than 3600 seconds",
    ],
    [{ healthyRetryPolicy: { backoffFunction: "random" } }, "backoffFunction must be one of"],
    [{ throttlePolicy: { maxReceivesPerSecond: 0 } }, "maxReceivesPerSecond must be a whole number"],
    [{ requestPolicy: { headerContentType: "text/plain\r\nx: y" } }, "headerContentType is not supported"],
    [{ other: 1 }, "Unexpected JSON member: other"],
  ])("refuse %j", (policy, message) => {
    expect(() => parseSubscriptionPolicy(JSON.stringify(policy))).toThrow(message);
  });

  it.each([true, "true", 1])("refuse the member guaranteed with %j, which kept ones may have", (guaranteed) => {
    const policy = JSON.stringify({ guaranteed, healthyRetryPolicy: { numRetries: 1 } });
    expect(() => checkSubscriptionPolicy(policy)).toThrow("guaranteed is not supported");
    expect(deliveryPolicyOf(undefined, policy).retry.numRetries).toBe(1);
  });

  it.each([{}, { guaranteed: false }, { guaranteed: null }])("take %j", (policy) => {
    expect(() => checkSubscriptionPolicy(JSON.stringify(policy))).not.toThrow();
  });

  it("of a topic hold where the subscription has none, or may have none", () => {
    const topic = (more: object) => JSON.stringify({ http: { defaultHealthyRetryPolicy: { numRetries: 7 }, ...more } });
    const own = JSON.stringify({ healthyRetryPolicy: { numRetries: 1 } });
    expect(deliveryPolicyOf(topic({}), undefined).retry.numRetries).toBe(7);
    expect(deliveryPolicyOf(topic({}), own).retry.numRetries).toBe(1);
    expect(deliveryPolicyOf(topic({ disableSubscriptionOverrides: true }), own).retry.numRetries).toBe(7);
    expect(() => parseTopicPolicy("{}")).toThrow("http must be a JSON object");
  });
});
