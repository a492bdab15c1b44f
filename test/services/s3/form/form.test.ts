import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { S3Error } from "../../../../src/services/s3/errors/error.ts";
import { delimiterMarker, parseBoundary } from "../../../../src/services/s3/form/delimiter.ts";
import { FormFile, type SizeRange } from "../../../../src/services/s3/form/form-file.ts";
import { FORM_DATA_MAX_BYTES, readFormHead } from "../../../../src/services/s3/form/form-head.ts";
import { formBody, type Part } from "../../../support/form.ts";
import { piecesOf } from "./pieces.ts";

const anySize: SizeRange = { minBytes: 0, maxBytes: Number.MAX_SAFE_INTEGER };

interface ReadForm {
  fields: Record<string, string>;
  fileName: string | null;
  file: Buffer;
  /** The bound that was given for the size of the file. */
  boundBytes: number;
}

interface Reading {
  cuts?: readonly number[];
  range?: SizeRange;
  /** Content-Length, where it is not what comes. */
  sizeBytes?: number;
}

async function read(boundary: string, body: Uint8Array, reading: Reading = {}): Promise<ReadForm> {
  const { cuts = [], range = anySize, sizeBytes = body.length } = reading;
  const pieces = piecesOf(body, cuts);
  const marker = delimiterMarker(boundary);
  const head = await readFormHead(pieces, marker);
  const file = new FormFile({ pieces, marker, sizeBytes }, head, range);
  const got: Buffer[] = [];
  for (let piece = await file.next(); piece !== null; piece = await file.next()) got.push(Buffer.from(piece));
  const fields = Object.fromEntries([...head.fields].map(([name, { value }]) => [name, value]));
  return { fields, fileName: head.fileName, file: Buffer.concat(got), boundBytes: file.sizeBytes };
}

async function refusalOf(reading: Promise<unknown>) {
  const error = await reading.then(
    () => expect.fail("the form was not refused"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof S3Error)) throw error;
  return { code: error.code, details: error.details };
}
const malformed = { code: "MalformedPOSTRequest", details: {} };

/** `${filename}`, which is no template of this language. */
const variable = "$".concat("{filename}");
const browserForm: Part[] = [
  { name: "key", body: `a/${variable}` },
  { name: "Content-Type", body: "text/plain" },
  { name: "x-amz-meta-ä", body: "ü" },
  { name: "empty" },
  { name: "file", filename: "b c.txt", type: "text/html", body: "line\r\n--\r\n--x\r\nlast" },
];
const browserFields = { key: `a/${variable}`, "content-type": "text/plain", "x-amz-meta-ä": "ü", empty: "" };

describe("a form", () => {
  test("is read wherever it is cut into two", async () => {
    const body = formBody("x-boundary", browserForm);
    for (let cut = 0; cut <= body.length; cut++) {
      expect(await read("x-boundary", body, { cuts: [cut] })).toEqual({
        fields: browserFields,
        fileName: "b c.txt",
        file: Buffer.from("line\r\n--\r\n--x\r\nlast"),
        boundBytes: 19 + 2,
      });
    }
  });

  test("is read byte by byte", async () => {
    const body = formBody("x-boundary", browserForm);
    const cuts = Array.from({ length: body.length }, (_, index) => index);
    expect(await read("x-boundary", body, { cuts })).toMatchObject({
      fields: browserFields,
      file: Buffer.from("line\r\n--\r\n--x\r\nlast"),
    });
  });

  // Files made of what delimiters are made of, cut anywhere, followed by anything that may follow a file.
  test("gives any file as it is", async () => {
    const scrap = fc.constantFrom(
      "\r",
      "\n",
      "-",
      "--",
      "b",
      "bo",
      "bob",
      "\r\n",
      "\r\n--",
      "\r\n--bo",
      "\r\n--bobx",
      "x",
      " ",
    );
    const file = fc.array(scrap, { maxLength: 30 }).map((scraps) => scraps.join(""));
    const after = fc.constantFrom("", "\r\n", "\r\nepilogue\r\n--bob\r\n", " \t\r\n");
    const later = fc.constantFrom<Part[]>(
      [],
      [{ name: "submit", body: "Upload" }],
      [{ name: "file", body: "another" }],
    );
    await fc.assert(
      fc.asyncProperty(file, after, later, fc.array(fc.nat(400)), async (text, epilogue, more, cuts) => {
        // A file that holds a whole delimiter is no file of this boundary: a sender chooses another.
        fc.pre(!/\r\n--bob(--|[ \t]*\r\n)/.test(`\r\n${text}\r\n--bo`));
        const body = formBody("bob", [{ name: "key", body: "k" }, { name: "file", body: text }, ...more], epilogue);
        const got = await read("bob", body, { cuts });
        expect(got.file.toString()).toBe(text);
        expect(got.fields).toEqual({ key: "k" });
        expect(got.boundBytes).toBeGreaterThanOrEqual(text.length);
      }),
      { numRuns: 500 },
    );
  });

  test("may have an empty file, and a file without a name", async () => {
    expect(await read("b", formBody("b", [{ name: "file", filename: "" }]))).toMatchObject({
      fileName: "",
      file: Buffer.alloc(0),
    });
    expect((await read("b", formBody("b", [{ name: "FILE", body: "x" }]))).fileName).toBeNull();
  });

  test("may begin with a line break or a preamble, and have white space after a boundary", async () => {
    for (const preamble of ["\r\n", "This is a form.\r\n", "--bb\r\n"]) {
      const body = Buffer.concat([Buffer.from(preamble), formBody("b", browserForm)]);
      expect((await read("b", body)).fields).toEqual(browserFields);
    }
    const padded = formBody("b", browserForm).toString().replaceAll("--b\r\n", "--b \t\r\n");
    expect((await read("b", Buffer.from(padded))).fields).toEqual(browserFields);
  });

  test("joins fields of one name by commas, whatever their case", async () => {
    const parts = [
      { name: "x-amz-meta-tag", body: "Ninja" },
      { name: "X-Amz-Meta-Tag", body: "Stallman" },
      { name: "file" },
    ];
    expect((await read("b", formBody("b", parts))).fields).toEqual({ "x-amz-meta-tag": "Ninja,Stallman" });
  });

  test("may hold another form", async () => {
    for (const inner of ["bb", "ab", "b0-", "B"]) {
      const nested = formBody(inner, [{ name: "key", body: "inner" }]);
      const body = formBody("b", [
        { name: "key", body: "outer" },
        { name: "file", body: nested },
      ]);
      const got = await read("b", body);
      expect([got.fields.key, got.file.equals(nested)]).toEqual(["outer", true]);
    }
  });

  test("ends its file at the first delimiter, as any reader of forms must", async () => {
    const nested = formBody("b", [{ name: "key", body: "inner" }]);
    const body = formBody("b", [{ name: "file", body: Buffer.concat([Buffer.from("x\r\n"), nested]) }]);
    expect((await read("b", body)).file.toString()).toBe("x");
  });
});

describe("a form is refused", () => {
  const refused = (body: Uint8Array | string, reading?: Reading) => refusalOf(read("b", Buffer.from(body), reading));
  const noFile = { code: "InvalidArgument", details: { ArgumentName: "file", ArgumentValue: "0" } };

  test("without a file", async () => {
    expect(await refused(formBody("b", [{ name: "key", body: "k" }]))).toEqual(noFile);
    expect(await refused(formBody("b", []))).toEqual(noFile);
  });

  test("where it is cut off, at every byte", async () => {
    const body = formBody("b", browserForm, "");
    for (let length = 0; length < body.length; length++) {
      const { code } = await refused(body.subarray(0, length), { sizeBytes: body.length });
      expect(["MalformedPOSTRequest", "IncompleteBody"]).toContain(code);
      expect((await refused(body.subarray(0, length))).code).toBe("MalformedPOSTRequest");
    }
  });

  test("where only what follows the file is cut off", async () => {
    for (const epilogue of ["\r\n", "\r\nepilogue"]) {
      const body = formBody("b", browserForm, epilogue);
      for (let left = 1; left <= epilogue.length; left++) {
        const cut = body.subarray(0, body.length - left);
        for (const cuts of [[], [cut.length - 5]]) {
          expect(await refused(cut, { sizeBytes: body.length, cuts })).toEqual({ code: "IncompleteBody", details: {} });
        }
      }
    }
  });

  test("where nothing in it is a delimiter", async () => {
    for (const body of ["", "x", "--b", "--c\r\n", "-b\r\n\r\n", "--b\n\n--b--"])
      expect(await refused(body)).toEqual(malformed);
    expect(await refused("x".repeat(FORM_DATA_MAX_BYTES + 1))).toMatchObject({ code: "MaxPostPreDataLengthExceeded" });
  });

  test.each([
    ["no head", ""],
    ["no disposition", "Content-Type: text/plain"],
    ["another disposition", 'Content-Disposition: attachment; name="key"'],
    ["a disposition without a name", "Content-Disposition: form-data"],
    ["an empty name", 'Content-Disposition: form-data; name=""'],
    ["two names", 'Content-Disposition: form-data; name="key"; name="file"'],
    ["two dispositions", 'Content-Disposition: form-data; name="key"\r\nContent-Disposition: form-data; name="file"'],
    ["an open quote", 'Content-Disposition: form-data; name="key'],
    ["something between parameters", 'Content-Disposition: form-data; name="key" x; filename="y"'],
    ["a header that is none", 'Content-Disposition: form-data; name="key"\r\nno header'],
    ["a folded header", 'Content-Disposition: form-data;\r\n name="key"'],
    ["bare line feeds", 'Content-Disposition: form-data; name="key"\nX: y'],
  ])("for a part with %s", async (_, head) => {
    expect(await refused(formBody("b", [{ head, body: "k" }, { name: "file" }]))).toEqual(malformed);
  });

  test("for what is not UTF-8", async () => {
    const head = 'Content-Disposition: form-data; name="key"; filename="';
    for (const part of [{ name: "key", body: Buffer.from([0xff]) }]) {
      expect(await refused(formBody("b", [part, { name: "file" }]))).toEqual(malformed);
    }
    const named = Buffer.concat([Buffer.from(`--b\r\n${head}`), Buffer.from([0xc3]), Buffer.from('"\r\n\r\n')]);
    expect(await refused(Buffer.concat([named, formBody("b", [{ name: "file" }])]))).toEqual(malformed);
  });

  test("for a part in an encoding that would have to be undone", async () => {
    const head = 'Content-Disposition: form-data; name="file"\r\nContent-Transfer-Encoding: ';
    expect(await refused(formBody("b", [{ head: `${head}base64` }]))).toMatchObject({ code: "NotImplemented" });
    expect((await read("b", formBody("b", [{ head: `${head}Binary`, body: "x" }]))).file.toString()).toBe("x");
  });

  test("for more than 20 KB before the file, in values or in heads, and for no less", async () => {
    const before = formBody("b", [{ name: "key" }, { name: "file" }], "").length - "\r\n--b--".length;
    const room = FORM_DATA_MAX_BYTES - before;
    const sized = (bytes: number) =>
      formBody("b", [
        { name: "key", body: "k".repeat(bytes) },
        { name: "file", body: "x" },
      ]);
    for (const cuts of [[], [FORM_DATA_MAX_BYTES], [1, 5000, FORM_DATA_MAX_BYTES - 1]]) {
      expect((await read("b", sized(room), { cuts })).file.toString()).toBe("x");
      expect(await refused(sized(room + 1), { cuts })).toEqual({
        code: "MaxPostPreDataLengthExceeded",
        details: { MaxPostPreDataLengthBytes: "20480" },
      });
    }
    const head = `Content-Disposition: form-data; name="key"\r\nX: ${"y".repeat(FORM_DATA_MAX_BYTES)}`;
    expect((await refused(formBody("b", [{ head }, { name: "file" }]))).code).toBe("MaxPostPreDataLengthExceeded");
  });

  test("for more than 20 KB after the file", async () => {
    const followed = (bytes: number) => formBody("b", [{ name: "file", body: "x" }], `\r\n${"y".repeat(bytes)}`);
    expect((await read("b", followed(FORM_DATA_MAX_BYTES - 2))).file.toString()).toBe("x");
    expect(await refused(followed(FORM_DATA_MAX_BYTES - 1))).toEqual(malformed);
  });
});

describe("the size of the file", () => {
  const file = (bytes: number, epilogue?: string) =>
    formBody("b", [{ name: "file", body: Buffer.alloc(bytes, 0x61) }], epilogue);
  const within = (body: Uint8Array, minBytes: number, maxBytes: number, cuts: number[] = []) =>
    read("b", body, { cuts, range: { minBytes, maxBytes } });

  test.each(["", "\r\n", "\r\n\r\nmore"])("counts exactly, whatever follows it (%j)", async (epilogue) => {
    for (const size of [5, 10]) expect((await within(file(size, epilogue), 5, 10)).file).toHaveLength(size);
    expect(await refusalOf(within(file(11, epilogue), 5, 10))).toMatchObject({ code: "EntityTooLarge" });
    expect(await refusalOf(within(file(4, epilogue), 5, 10))).toEqual({
      code: "EntityTooSmall",
      details: { ProposedSize: "4", MinSizeAllowed: "5" },
    });
  });

  test("is told as it is where the form ends as usual", async () => {
    for (const size of [11, 100_000]) {
      expect(await refusalOf(within(file(size), 0, 10))).toEqual({
        code: "EntityTooLarge",
        details: { ProposedSize: String(size), MaxSizeAllowed: "10" },
      });
    }
  });

  test("refuses a body that is too large before it is read", async () => {
    const pieces = piecesOf(formBody("b", [{ name: "file", body: "x".repeat(50) }]), [60]);
    const marker = delimiterMarker("b");
    const head = await readFormHead(pieces, marker);
    const open = (sizeBytes: number, maxBytes: number) => () =>
      new FormFile({ pieces, marker, sizeBytes }, head, { minBytes: 0, maxBytes });
    expect(open(10_000_000, 1_000_000)).toThrow(/exceeds the maximum/);
    expect(open(6 * 1024 ** 3, Number.MAX_SAFE_INTEGER)).toThrow(/exceeds the maximum/);
    expect(open(head.fileOffsetBytes + 2, 10)).toThrow(/not well-formed/);
  });

  test("never needs more memory than a piece", async () => {
    const size = 300_000;
    const got = await within(
      file(size),
      size,
      size,
      Array.from({ length: 100 }, (_, index) => index * 3001),
    );
    expect(got.file.equals(Buffer.alloc(size, 0x61))).toBe(true);
  });
});

describe("the boundary of a Content-Type", () => {
  test.each([
    ["multipart/form-data; boundary=abc", "abc"],
    ["multipart/form-data; charset=utf-8; Boundary=abc; x=y", "abc"],
    ['multipart/form-data; boundary="a b"', "a b"],
    ['multipart/form-data; boundary="a\\"b"', 'a"b'],
    ["multipart/form-data;boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW", "----WebKitFormBoundary7MA4YWxkTrZu0gW"],
    [`multipart/form-data; boundary=${"x".repeat(70)}`, "x".repeat(70)],
    [`multipart/form-data; boundary=${"x".repeat(71)}`, null],
    ["multipart/form-data", null],
    ["multipart/form-data; boundary=", null],
    ['multipart/form-data; boundary=""', null],
    ['multipart/form-data; boundary="a "', null],
    ['multipart/form-data; boundary="a', null],
    ["multipart/form-data; boundary=ä", null],
    ["multipart/form-data; notboundary=abc", null],
  ])("%s", (contentType, boundary) => {
    expect(parseBoundary(contentType)).toBe(boundary);
  });
});

describe("the name of the file", () => {
  test.each([
    ['filename="a.txt"', "a.txt"],
    ['filename=""', ""],
    ["filename=a.txt", "a.txt"],
    ['filename="C:\\Program Files\\directory1\\file.txt"', "file.txt"],
    ['filename="C:\\folder\\"', ""],
    ['filename="/home/mary/a b.txt"', "a b.txt"],
    ['filename="say \\"hi\\".txt"', 'say "hi".txt'],
    ['filename="a%22b;c=d.txt"', "a%22b;c=d.txt"],
    ['filename="日本.txt"', "日本.txt"],
    ["filename*=utf-8''%E6%97%A5%E6%9C%AC.txt", "日本.txt"],
    ["filename=plain.txt; filename*=utf-8''other.txt", "plain.txt"],
    ["filename*=iso-8859-1''a.txt", null],
    ['FileName="a.txt"', "a.txt"],
    ["", null],
  ])("%s", async (parameter, fileName) => {
    const head = `content-disposition:Form-Data; name=file${parameter === "" ? "" : `; ${parameter}`}`;
    expect((await read("b", formBody("b", [{ head }]))).fileName).toBe(fileName);
  });
});
