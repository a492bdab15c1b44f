import { gzipSync } from "node:zlib";
import { CreateBucketCommand, PutObjectCommand, type S3Client, SelectObjectContentCommand } from "@aws-sdk/client-s3";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { refusalOf } from "../refusal.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd?.stop());

type Input = ConstructorParameters<typeof SelectObjectContentCommand>[0];
const put = (Key: string, Body: string | Uint8Array) =>
  client.send(new PutObjectCommand({ Bucket: "bucket", Key, Body }));

async function select(
  Key: string,
  Expression: string,
  InputSerialization: Input["InputSerialization"],
): Promise<string> {
  const OutputSerialization = { JSON: {} };
  const input = {
    Bucket: "bucket",
    Key,
    Expression,
    ExpressionType: "SQL",
    InputSerialization,
    OutputSerialization,
  } as const;
  const { Payload = [] } = await client.send(new SelectObjectContentCommand(input));
  const kinds: string[] = [];
  let text = "";
  for await (const event of Payload) {
    kinds.push(Object.keys(event)[0] ?? "");
    text += Buffer.from(event.Records?.Payload ?? "").toString();
  }
  expect(kinds.slice(-2)).toEqual(["Stats", "End"]);
  return text;
}

test("the SDK reads the answer: CSV that is cut into stripes, gzip of several members, Parquet", {
  tags: ["slow"],
}, async () => {
  const rows = Array.from({ length: 60_000 }, (_, index) => `${index},name ${index % 7},"${index},x"\n`);
  const text = `id,name,note\n${rows.join("")}`;
  await put("a.csv", text);
  const csv = { CSV: { FileHeaderInfo: "USE" } } as const;
  const query = "SELECT COUNT(*) AS n, MAX(CAST(s.id AS INT)) AS most FROM S3Object s WHERE s.name = 'name 3'";
  const expected = '{"n":8571,"most":59993}\n';
  expect(await select("a.csv", query, csv)).toBe(expected);
  const half = text.indexOf("\n30000,") + 3;
  await put("a.csv.gz", Buffer.concat([gzipSync(text.slice(0, half)), gzipSync(text.slice(half))]));
  expect(await select("a.csv.gz", query, { ...csv, CompressionType: "GZIP" })).toBe(expected);
  const data = Array.from({ length: 10_000 }, (_, index) => index);
  const names = data.map((index) => `name ${index % 7}`);
  const columnData = [
    { name: "id", data },
    { name: "name", data: names },
  ];
  await put("a.parquet", new Uint8Array(parquetWriteBuffer({ columnData })));
  expect(await select("a.parquet", query, { Parquet: {} })).toBe('{"n":1429,"most":9999}\n');
});

test("a query that cannot be is an error of the SDK", async () => {
  await put("b.csv", "a\n1\n");
  expect(await refusalOf(select("b.csv", "SELECT x FROM S3Object", { CSV: { FileHeaderInfo: "USE" } }))).toMatchObject({
    status: 400,
    code: "MissingHeaderName",
  });
});
