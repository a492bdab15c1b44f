import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { QueryRefused } from "../../src/query/failure.ts";
import { readWords } from "../../src/query/words.ts";

describe("what MATCH looks for", () => {
  test.each([
    ["film", '"film"'],
    ["Film 2026", '("Film" AND "2026")'],
    ["film AND 2026", '("film" AND "2026")'],
    ["film OR sound 2026", '("film" OR ("sound" AND "2026"))'],
    ["film NOT draft", '("film" NOT "draft")'],
    ["film AND NOT draft 2026", '(("film" AND "2026") NOT "draft")'],
    ["(film OR sound) NOT (a OR b)", '(("film" OR "sound") NOT ("a" OR "b"))'],
    ['"a long take" holi', '("a long take" AND "holi")'],
    ['"say ""hi"" now"', '"say ""hi"" now"'],
    ["and or not", '("and" AND "or" AND "not")'],
    ["a:b -c ^d {e} NEAR", '("a:b" AND "-c" AND "^d" AND "{e}" AND "NEAR")'],
  ])("%s", (text, fts) => {
    expect(readWords(text).fts).toBe(fts);
  });

  test.each([
    ["", "InvalidQuery"],
    ["   ", "InvalidQuery"],
    ["NOT a", "InvalidQuery"],
    ["a OR", "InvalidQuery"],
    ["a AND AND b", "InvalidQuery"],
    ["(a", "InvalidQuery"],
    ["a)", "InvalidQuery"],
    ["()", "InvalidQuery"],
    ['"a', "InvalidQuery"],
    ["* a", "InvalidQuery"],
    ["---", "InvalidQuery"],
    ['""', "InvalidQuery"],
    ["holiday*", "NotAllowed"],
    ['"img holiday"*', "NotAllowed"],
    [`"${"e ".repeat(33)}"`, "LimitExceeded"],
    ["e-".repeat(33), "LimitExceeded"],
    [`${"a ".repeat(33)}`, "LimitExceeded"],
    [`${"(".repeat(11)}a${")".repeat(11)}`, "LimitExceeded"],
    ["a".repeat(1_001), "LimitExceeded"],
  ])("%s is refused", (text, code) => {
    expect(() => readWords(text)).toThrow(expect.objectContaining({ code }));
  });

  test.each([
    ["film OR film NOT 'x", ["film", "film", "x"]],
    ['"img_0042 (2)" a-b', ["img", "0042", "2", "a", "b"]],
    ["e\u0301te\u0301 \u00e9t\u00e9 日本語", ["e\u0301te\u0301", "\u00e9t\u00e9", "日本語"]],
    ["\u0915\u093f", ["\u0915"]],
  ])("words of %s are those of FTS5", (text, terms) => {
    expect(readWords(text).terms).toEqual(terms);
    const database = new DatabaseSync(":memory:");
    database.exec("CREATE VIRTUAL TABLE t USING fts5(x, tokenize='unicode61 remove_diacritics 2')");
    database.exec("CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance')");
    const words = database.prepare("SELECT count(*) AS n FROM v");
    database.prepare("INSERT INTO t (x) VALUES (?)").run(terms.join(" "));
    expect(words.get()).toEqual({ n: terms.length });
    database.close();
  });

  test("no letter is one word here and two for FTS5", () => {
    const database = new DatabaseSync(":memory:");
    database.exec("CREATE VIRTUAL TABLE t USING fts5(x, tokenize='unicode61 remove_diacritics 2')");
    database.exec("CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance')");
    const texts = Array.from({ length: 0xac00 }, (_, code) => code)
      .filter((code) => code > 127 && (code < 0x3100 || (code >= 0xa480 && code < 0xac00)))
      .map((code) => `e${String.fromCodePoint(code)}e`)
      .filter((text) => /[\p{L}\p{N}\p{M}]/u.test(text.slice(1, -1)));
    const added = database.prepare("INSERT INTO t (x) VALUES (?)");
    // Those that are one word here: FTS5 has as many.
    const whole = texts.filter((text) => readWords(text).terms.length === 1);
    expect(whole.length).toBeGreaterThan(5_000);
    added.run(whole.join(" "));
    expect(database.prepare("SELECT count(*) AS n FROM v").get()).toEqual({ n: whole.length });
    database.close();
  });

  test("whatever is read, FTS5 understands", () => {
    const database = new DatabaseSync(":memory:");
    database.exec("CREATE VIRTUAL TABLE t USING fts5(key, tags, content='', contentless_delete=1)");
    database.exec("INSERT INTO t (rowid, key, tags) VALUES (1, 'a/film.jpg', 'team film')");
    const ask = database.prepare("SELECT count(*) FROM t WHERE t MATCH ?");
    const piece = fc.oneof(
      fc.constantFrom("film", "AND", "OR", "NOT", "(", ")", '"a b"', "NEAR", "key:", "^a", "+", "-x", "{key}:a", "'"),
      fc.string({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        let fts: string;
        try {
          fts = readWords(pieces.join(" ")).fts;
        } catch (error) {
          expect(error).toBeInstanceOf(QueryRefused);
          return;
        }
        expect(ask.all(fts).length).toBe(1);
        expect(ask.all(`{key} : (${fts})`).length).toBe(1);
      }),
      { numRuns: 3_000 },
    );
    database.close();
  });
});
