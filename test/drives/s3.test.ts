import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { describe, test } from "vitest";
import { DriveError, type DriveFault } from "../../src/drives/drive.ts";
import { S3Drive } from "../../src/drives/s3.ts";
import { assertFails, freshKey } from "./contract.ts";

interface Sent {
  method: string;
  url: URL;
  headers: Headers;
  body: unknown;
}

/** A drive whose provider gives these answers in turn, and what was sent to it. */
function rig(...answers: (() => Response)[]): { drive: S3Drive; sent: Sent[] } {
  const sent: Sent[] = [];
  const traits = { name: "far", domain: "far", class: "both", shardBytesMax: 1e9 } as const;
  const bucket = {
    endpoint: "https://s3.example.com/base",
    region: "eu-central-1",
    bucket: "shards",
    prefix: "deep/down/",
    accessKeyId: "AKIDEXAMPLE",
    secretAccessKey: "very-secret-key",
  };
  const fetch = async (url: string, init: RequestInit) => {
    sent.push({ method: init.method!, url: new URL(url), headers: new Headers(init.headers), body: init.body });
    strictEqual(init.redirect, "manual");
    return answers[sent.length - 1]!();
  };
  const clock = { now: () => Date.UTC(2026, 10, 21, 12, 30, 45, 678) };
  return { drive: new S3Drive(traits, bucket, { clock, fetch }), sent };
}

const error = (status: number, code: string) => () =>
  new Response(
    status === 304 ? null : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>No</Message></Error>`,
    {
      status,
    },
  );

const xml = (body: string) => () => new Response(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`);

const NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

function listed(keys: string[], tail: string): string {
  const contents = keys
    .map((key, index) => `<Contents><Key>${key}</Key><Size>${100 + index}</Size></Contents>`)
    .join("");
  return `<ListBucketResult ${NS}><Name>shards</Name>${contents}${tail}</ListBucketResult>`;
}

describe("requests of the S3 drive", () => {
  test("are signed, name the shard below the prefix, and forbid compression", async () => {
    const { drive, sent } = rig(error(404, "NoSuchKey"));
    strictEqual(await drive.get("01KAGX0000AAAAAAAAAAAAAAAA-03", { offset: 64, length: 100 }), null);
    const { url, headers, method } = sent[0]!;
    strictEqual(
      `${method} ${url.href}`,
      "GET https://s3.example.com/base/shards/deep/down/01KAGX0000AAAAAAAAAAAAAAAA-03",
    );
    strictEqual(headers.get("range"), "bytes=64-163");
    strictEqual(headers.get("accept-encoding"), "identity");
    strictEqual(headers.get("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
    strictEqual(headers.get("x-amz-date"), "20261121T123045Z");
    const authorization = headers.get("authorization")!;
    ok(authorization.startsWith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/eu-central-1/s3/aws4_request, "));
    ok(authorization.includes("SignedHeaders=host;x-amz-content-sha256;x-amz-date, "), authorization);
    ok(!headers.has("expect"));
  });

  test("send a small shard whole", async () => {
    const { drive, sent } = rig(() => new Response(null));
    const writer = drive.put(freshKey(), 5);
    await writer.write(new Uint8Array([1, 2, 3, 4, 5]));
    strictEqual(sent.length, 0);
    await writer.close();
    deepStrictEqual(sent[0]!.body, new Uint8Array([1, 2, 3, 4, 5]));
  });

  test("list from the last key, and go on by token only where a page has none of ours", async () => {
    const foreign = listed(
      ["deep/else"],
      "<IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b</NextContinuationToken>",
    );
    const keys = ["deep/down/01KAGX-00", "deep/down/01KAGX-01"];
    const { drive, sent } = rig(
      xml(foreign),
      xml(listed(keys, "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>")),
      xml(listed([], "<IsTruncated>false</IsTruncated>")),
    );
    const page = await drive.list({ limit: 2 });
    const shards = [
      { key: "01KAGX-00", sizeBytes: 100 },
      { key: "01KAGX-01", sizeBytes: 101 },
    ];
    deepStrictEqual(page, { shards, cursor: "01KAGX-01" });
    deepStrictEqual(await drive.list({ limit: 2, cursor: page.cursor! }), { shards: [] });
    const queries = sent.map(({ url }) => Object.fromEntries(url.searchParams));
    const common = { "list-type": "2", "max-keys": "2", prefix: "deep/down/" };
    deepStrictEqual(queries, [
      common,
      { ...common, "continuation-token": "a&b" },
      { ...common, "start-after": "deep/down/01KAGX-01" },
    ]);
  });

  test("delete many keys at once, or singly where the provider cannot", async () => {
    const one = rig(xml(`<DeleteResult ${NS}/>`));
    await one.drive.delete(["01KAGX00-00", "01KAGX00-01"]);
    strictEqual(one.sent[0]!.method, "POST");
    ok(String(one.sent[0]!.body).includes("<Key>deep/down/01KAGX00-01</Key>"));
    strictEqual(one.sent[0]!.headers.get("content-md5")!.length, 24);

    const gone = () => new Response(null, { status: 204 });
    const other = rig(error(501, "NotImplemented"), gone, error(404, "NoSuchKey"), gone, gone);
    await other.drive.delete(["01KAGX00-00", "01KAGX00-01"]);
    await other.drive.delete(["01KAGX00-02", "01KAGX00-03"]);
    deepStrictEqual(
      other.sent.map(({ method }) => method),
      ["POST", "DELETE", "DELETE", "DELETE", "DELETE"],
    );
  });
});

describe("failures of the S3 drive", () => {
  test.each<[number, string, DriveFault]>([
    [503, "SlowDown", "throttled"],
    [503, "ServiceUnavailable", "throttled"],
    [429, "TooManyRequests", "throttled"],
    [500, "InternalError", "unknown"],
    [502, "", "unknown"],
    [403, "SignatureDoesNotMatch", "refused"],
    [404, "NoSuchBucket", "refused"],
    [400, "RequestTimeout", "timeout"],
    [416, "InvalidRange", "short"],
    [507, "XMinioStorageFull", "full"],
    [307, "TemporaryRedirect", "refused"],
    [304, "", "refused"],
  ])("%s %s is told as such by get, list, delete and put", async (status, code, fault) => {
    const answer = error(status, code);
    await assertFails(rig(answer).drive.get(freshKey()), fault);
    await assertFails(rig(answer).drive.list({ limit: 1 }), fault);
    await assertFails(rig(answer).drive.delete([freshKey()]), fault);
    await assertFails(rig(answer).drive.delete([freshKey(), freshKey()]), fault);
    await assertFails(rig(answer).drive.put(freshKey(), 0).close(), fault);
  });

  test("no answer at all is unreachable, and no message tells the secret", async () => {
    const { drive } = rig(() => {
      throw new TypeError("connect ECONNREFUSED");
    });
    const failure = await drive.get(freshKey()).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    ok(failure instanceof DriveError);
    strictEqual(failure.fault, "unreachable");
    ok(!`${failure.stack}${failure.cause}`.includes("very-secret-key"));
  });

  test.each([
    ["no XML", "hello"],
    ["other XML", "<html><body>Log in</body></html>"],
    ["a list without IsTruncated", listed(["deep/down/01KAGX-00"], "")],
    [
      "a key without size",
      `<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</Key></Contents></ListBucketResult>`,
    ],
    ["a cut-off list", `<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>`],
    ["nothing", ""],
  ])("a list answered by %s is an error and not an empty page", async (_, body) => {
    await assertFails(rig(() => new Response(body)).drive.list({ limit: 10 }), "unknown");
  });

  test("entities are not expanded", async () => {
    const doctype = '<!DOCTYPE x [<!ENTITY a "01KAGX">]>';
    const body = listed(["deep/down/&a;"], "<IsTruncated>false</IsTruncated>");
    const answer = () => new Response(`<?xml version="1.0"?>${doctype}${body}`);
    const listing = await rig(answer)
      .drive.list({ limit: 10 })
      .catch(() => null);
    ok(listing === null || listing.shards.every(({ key }) => !key.includes("01KAGX")));
  });

  test("a list that never ends is given up", { tags: ["slow"] }, async () => {
    let sentBytes = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sentBytes += 1 << 20;
        controller.enqueue(new Uint8Array(1 << 20).fill(32));
      },
    });
    await assertFails(rig(() => new Response(endless)).drive.list({ limit: 10 }), "unknown");
    ok(sentBytes < 10 << 20);
  });

  test("a delete that leaves some keys fails", async () => {
    const left = "<Error><Key>deep/down/01KAGX00-01</Key><Code>InternalError</Code></Error>";
    const absent = "<Error><Key>deep/down/01KAGX00-00</Key><Code>NoSuchKey</Code></Error>";
    const keys = ["01KAGX00-00", "01KAGX00-01"];
    await assertFails(rig(xml(`<DeleteResult>${absent}${left}</DeleteResult>`)).drive.delete(keys), "unknown");
    await rig(xml(`<DeleteResult>${absent}</DeleteResult>`)).drive.delete(keys);
    await assertFails(rig(xml("<html/>")).drive.delete(keys), "unknown");
  });
});
