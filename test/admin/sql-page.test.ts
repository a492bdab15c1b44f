import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createOwnApp } from "../../src/admin/own-app.ts";
import { sqlPages } from "../../src/admin/sql-page.ts";
import { Authenticator } from "../../src/auth/authenticator.ts";
import { CLIENT_PATIENCE } from "../../src/edge/client-patience.ts";
import { openQueries } from "../../src/query/open-queries.ts";
import { visibleBucket } from "../../src/services/s3/gate/visible-rows.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { putObject } from "../../src/store/write/write.ts";
import { readDocument, section } from "../docs/document.ts";
import { allowing, People, type Person, rootVariables } from "../support/people.ts";
import { bodyOf, openTestStore, type TestStore } from "../support/store.ts";

let rig: TestStore;
let people: People;
let app: ReturnType<typeof createOwnApp>;
type Key = Pick<Person, "accessKeyId" | "secret">;
const root: Key = { accessKeyId: rootVariables.SHERD_ACCESS_KEY_ID, secret: rootVariables.SHERD_SECRET_ACCESS_KEY };

async function put(
  bucket: string,
  key: string,
  more: { tags?: [string, string][]; user?: Record<string, string> } = {},
) {
  const attributes = { system: { contentType: "text/plain" }, user: more.user ?? {} };
  await putObject(rig.store, {
    bucket,
    key,
    attributes,
    storageClass: "STANDARD",
    body: bodyOf(new Uint8Array(key.length)),
    ...(more.tags && { tags: more.tags }),
  });
}

beforeAll(async () => {
  rig = await openTestStore();
  people = new People(rig.store);
  const queries = openQueries({ SHERD_SQL_QUERIES: "2" }, [rig.store], people.keys.sealer);
  app = createOwnApp(rig.store, sqlPages(queries, visibleBucket), {
    authenticator: new Authenticator(people.keys.ring),
    patience: CLIENT_PATIENCE,
    clientAddress: { from: "connection" },
    clock: rig.store.clock,
  });
  const owner = "3fc6b54705736df6ff6010111bd81893a6f6b1f4ddc2b58c344e4f32415f5a96";
  for (const name of ["holiday", "private"]) await createBucket(rig.store, { name, owner, region: "us-east-1" });
  for (const key of ["home/bob/1", "home/bob/2", "home/alice/1", "top"]) {
    await put("holiday", key, { tags: [["team", "film"]], user: { by: "me" } });
  }
  await put("private", "secret");
});
afterAll(() => rig.dispose());

async function ask(key: Key | null, body: unknown) {
  const authorization = key && `Basic ${Buffer.from(`${key.accessKeyId}:${key.secret}`).toString("base64")}`;
  const init = { method: "POST", body: JSON.stringify(body), headers: { ...(authorization && { authorization }) } };
  return app.fetch(new Request("http://sherd.test/-/sql", init));
}
async function rows(key: Key, query: string, more: object = {}) {
  const answer = await ask(key, { query, ...more });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(text);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
const KEYS = "SELECT bucket, key FROM objects";

describe("who may ask", () => {
  test("nobody without a key, and no user without sherd:Query", async () => {
    expect((await ask(null, { query: KEYS })).status).toBe(401);
    expect((await ask(await people.user(allowing("s3:*")), { query: KEYS })).status).toBe(403);
  });

  test("a user sees what they may list, and columns that they may read", async () => {
    const policy = {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "sherd:Query", Resource: "*" },
        {
          Effect: "Allow",
          Action: "s3:ListBucket",
          Resource: "arn:aws:s3:::holiday",
          Condition: { StringLike: { "s3:prefix": "home/bob/*" } },
        },
        { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::holiday/home/bob/1*" },
      ],
    };
    const bob = await people.user(JSON.stringify(policy));
    expect(await rows(bob, "SELECT key, content_type AS type, metadata ->> 'by' AS by, tags FROM objects")).toEqual([
      { key: "home/bob/1", type: "text/plain", by: "me", tags: null },
      { key: "home/bob/2", type: null, by: null, tags: null },
    ]);
    expect(await rows(bob, "SELECT count(*) AS n FROM objects")).toEqual([{ n: 2 }]);
    expect(await rows(bob, "SELECT count(*) AS n FROM versions")).toEqual([{ n: 0 }]);
    expect(await rows(bob, "SELECT bucket FROM buckets")).toEqual([{ bucket: "holiday" }]);
    expect(await (await ask(bob, { query: "SELECT * FROM drives" })).json()).toMatchObject({
      error: { code: "AccessDenied" },
    });
    expect((await ask(bob, { query: "SELECT * FROM drives" })).status).toBe(403);
  });

  test("another account sees nothing of the first, not even by its name", async () => {
    const foreigner = await people.account("foreigner");
    const foreign = { accessKeyId: foreigner.accessKeyId, secret: foreigner.secretAccessKey };
    expect(await rows(foreign, KEYS)).toEqual([]);
    expect(await rows(foreign, `${KEYS} WHERE bucket = 'holiday'`)).toEqual([]);
    expect(await rows(foreign, KEYS, { buckets: ["holiday"] })).toEqual([]);
    expect((await ask(foreign, { query: "SELECT * FROM blobs" })).status).toBe(403);
  });

  test("root sees all, and the store's own tables", async () => {
    expect(await rows(root, "SELECT bucket, count(*) AS n FROM objects GROUP BY bucket ORDER BY bucket")).toEqual([
      { bucket: "holiday", n: 4 },
      { bucket: "private", n: 1 },
    ]);
    expect(await rows(root, "SELECT count(*) AS n FROM blobs")).toEqual([{ n: 0 }]);
  });
});

describe("pages", () => {
  async function pages(query: string, size: number) {
    const all: unknown[][] = [];
    for (let token: string | null = null, count = 0; count < 20; count++) {
      const answer: Response = await ask(root, { query, rows: size, ...(token !== null && { token }) });
      all.push(
        (await answer.text())
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line).key),
      );
      token = answer.headers.get("x-sherd-next-token");
      if (token === null) break;
    }
    return all;
  }

  test.each([
    ["SELECT key FROM objects", [["home/alice/1", "home/bob/1"], ["home/bob/2", "top"], ["secret"]]],
    ["SELECT key FROM objects LIMIT 3 OFFSET 1", [["home/bob/1", "home/bob/2"], ["top"]]],
    ["SELECT key FROM objects ORDER BY key DESC", [["top", "secret"], ["home/bob/2", "home/bob/1"], ["home/alice/1"]]],
    ["SELECT key FROM objects ORDER BY key DESC LIMIT 3 OFFSET 1", [["secret", "home/bob/2"], ["home/bob/1"]]],
    [
      "SELECT key, count(*) FROM objects GROUP BY key",
      [["home/alice/1", "home/bob/1"], ["home/bob/2", "secret"], ["top"]],
    ],
    ["SELECT key FROM objects LIMIT 0", [[]]],
  ])("%s", async (query, expected) => {
    expect(await pages(query, 2)).toEqual(expected);
  });

  test("a token is of one query and one account", async () => {
    const token = (await ask(root, { query: KEYS, rows: 1 })).headers.get("x-sherd-next-token");
    const other = await ask(root, { query: `${KEYS} `, rows: 1, token });
    expect(await other.json()).toMatchObject({ error: { code: "InvalidToken" } });
    expect((await ask(root, { query: KEYS, token: "x" })).status).toBe(400);
  });
});

describe("formats", () => {
  const query = "SELECT key, size, size / 2.0 AS half, NULL AS none, key FROM objects WHERE bucket = 'private'";

  test("JSON lines and CSV", async () => {
    expect(await (await ask(root, { query })).text()).toBe(
      '{"key":"secret","size":6,"half":3,"none":null,"key_2":"secret"}\n',
    );
    expect(await (await ask(root, { query, format: "csv" })).text()).toBe(
      "key,size,half,none,key_2\r\nsecret,6,3,,secret\r\n",
    );
    const odd = `SELECT 'a"b,c' AS x, '' AS y, 'two' || char_of AS z`.replace(" || char_of", "");
    expect(await (await ask(root, { query: odd, format: "csv" })).text()).toBe('x,y,z\r\n"a""b,c","",two\r\n');
  });

  test("Parquet", async () => {
    const answer = await ask(root, { query: `${KEYS} ORDER BY key`, format: "parquet" });
    expect(answer.headers.get("content-type")).toBe("application/vnd.apache.parquet");
    const read = await parquetReadObjects({ file: await answer.arrayBuffer() });
    expect(read).toHaveLength(5);
    expect(read[0]).toEqual({ bucket: "holiday", key: "home/alice/1" });
  });
});

describe("requests that cannot be", () => {
  test.each([
    ["no JSON", "x"],
    ["a list", []],
    ["no query", {}],
    ["a member that is not there", { query: KEYS, limit: 3 }],
    ["a format that is not there", { query: KEYS, format: "xml" }],
    ["no rows", { query: KEYS, rows: 0 }],
    ["parameters that are no values", { query: KEYS, parameters: [{}] }],
    ["too many buckets", { query: KEYS, buckets: Array(101).fill("a") }],
    ["nothing but words", { query: "give me everything" }],
  ])("%s: 400", async (_, body) => {
    const answer = await ask(root, body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: expect.any(String), message: expect.any(String) } });
  });

  test("a syntax error says where it is, in UTF-16 code units", async () => {
    const query = "SELECT '😀' FROM objects WHERE bucket = = 1";
    const answer = await ask(root, { query });
    expect(answer.status).toBe(400);
    const { error } = (await answer.json()) as { error: { code: string; position: number; hint: string } };
    expect(error).toMatchObject({ code: "SyntaxError", hint: expect.stringContaining("expected") });
    expect(error.position).toBe(query.lastIndexOf("="));
  });
});

test("EXPLAIN says how many rows would be read", async () => {
  const [explained] = await rows(
    root,
    "EXPLAIN SELECT key FROM objects WHERE bucket = 'holiday' AND key GLOB 'home/bob/*'",
  );
  expect(explained).toMatchObject({ rows: 2, counted: "at most", runsInSteps: true, allowed: 20_000_000 });
  const [joined] = await rows(root, "EXPLAIN SELECT count(*) FROM objects a, objects b");
  expect(joined).toMatchObject({ runsInSteps: false, allowed: 1_000_000 });
  expect(joined.rows).toBeGreaterThanOrEqual(25);
});

describe("the questions of docs/sql.md", () => {
  const questions = [
    ...section(readDocument("docs/sql.md"), "## Ten questions").matchAll(/```sql\n([\s\S]*?)```/g),
  ].map(([, sql = ""]) => sql);

  test("are ten", () => expect(questions).toHaveLength(10));

  test.each(questions)("%s", async (question) => {
    expect(Array.isArray(await rows(root, question))).toBe(true);
  });
});
