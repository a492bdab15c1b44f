import { describe, expect, it } from "vitest";
import { outwaitContinue } from "../../src/edge/wait-for-continue.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";

const OLD = "Boto3/1.43.62 md/Botocore#1.43.62 ua/2.1 os/linux lang/python#3.11.7";
const EXPECTED = { expect: "100-continue", "content-length": "0" };

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
  it.each([
    OLD,
    "Botocore/1.43.76 ua/2.1",
    "Botocore/1.9.200 ua/2.1",
    "Botocore/0.110.0 ua/2.1",
    "aws-cli/1.46.2 md/Botocore#1.43.62 ua/2.1",
    "aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1",
  ])("makes %s wait with an empty body for longer than it waits for a 100", async (userAgent) => {
    expect(await waits({ ...EXPECTED, "user-agent": userAgent })).toBe(true);
  });

  it.each([
    "Botocore/1.43.77 ua/2.1",
    "Botocore/1.44.8 ua/2.1",
    "Boto3/1.44.8 md/Botocore#1.44.8 ua/2.1",
    "Botocore/2.0.0",
    "aiobotocore/3.10.0 md/Botocore#1.43.62 ua/2.1",
    "curl/8.0",
  ])("answers %s at once", async (userAgent) => {
    expect(await waits({ ...EXPECTED, "user-agent": userAgent })).toBe(false);
  });

  it.each([
    { "content-length": "0", "user-agent": OLD },
    { expect: "100-continue", "content-length": "5", "user-agent": OLD },
  ] as Record<string, string>[])("makes nobody wait who does not wait himself: %o", async (headers) => {
    expect(await waits(headers)).toBe(false);
  });
});
