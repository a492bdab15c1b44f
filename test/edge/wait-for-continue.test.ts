import { describe, expect, it } from "vitest";
import { outwaitContinue } from "../../src/edge/wait-for-continue.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";

const AWS_CLI = "aws-cli/1.46.2 md/Botocore#1.43.62";

async function waits(headers: Record<string, string>): Promise<boolean> {
  const clock = new ManualClock();
  let over = false;
  void outwaitContinue(new Request("http://localhost/", { method: "PUT", headers }), clock).then(() => {
    over = true;
  });
  await settle();
  const waited = !over;
  await clock.advance(1_100);
  expect(over).toBe(true);
  return waited;
}

describe("outwaitContinue", () => {
  it("makes an old botocore wait with an empty body for longer than it waits for a 100", async () => {
    expect(await waits({ expect: "100-continue", "content-length": "0", "user-agent": AWS_CLI })).toBe(true);
  });

  it.each([
    { "content-length": "0", "user-agent": AWS_CLI },
    { expect: "100-continue", "content-length": "5", "user-agent": AWS_CLI },
    { expect: "100-continue", "content-length": "0", "user-agent": "curl/8.0" },
  ] as Record<string, string>[])("makes nobody else wait: %o", async (headers) => {
    expect(await waits(headers)).toBe(false);
  });
});
