import { describe, expect, it } from "vitest";
import { inSandbox } from "../../../../src/services/s3/gate/sandbox.ts";

const policyOf = (type: string) =>
  inSandbox({ status: 200, headers: { "Content-Type": type }, body: new Uint8Array(1) }).headers?.[
    "Content-Security-Policy"
  ];

describe("inSandbox", () => {
  it.each([
    "text/html",
    "TEXT/HTML; charset=utf-8",
    "application/xhtml+xml",
    "image/svg+xml",
    "text/xml",
    "application/xml",
    "application/atom+xml",
    "multipart/x-mixed-replace; boundary=x",
    "unknown/unknown",
    "application/unknown",
    "*/*",
    "",
    "nonsense",
    "image/png;a=b, text/html",
    "text/plain;charset=x,text/html",
    "image/png,text/html",
  ])("a document of type %j has an origin of its own", (type) => {
    expect(policyOf(type)).toMatch(/^sandbox allow-scripts /);
    expect(policyOf(type)).not.toContain("allow-same-origin");
  });

  it.each(["text/plain", "application/pdf", "image/png", "application/json", "binary/octet-stream", "text/css; x=y"])(
    "what is no document is answered as it is: %j",
    (type) => expect(policyOf(type)).toBeUndefined(),
  );
});
