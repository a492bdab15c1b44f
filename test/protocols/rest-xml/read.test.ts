import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { child, childrenOf, childText, readXml } from "../../../src/protocols/rest-xml/read.ts";
import { element, xmlDocument } from "../../../src/protocols/rest-xml/write.ts";
import { anyText } from "../../support/any-text.ts";

const read = (text: string, root = "Delete") => readXml(Buffer.from(text), root);
const malformed = expect.objectContaining({ name: "MalformedXml" });

describe("well-formed documents", () => {
  test("elements, text, references and CDATA", () => {
    const root = read(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\n' +
        "  <Object><Key> a&amp;b&#x1;&#13;&lt;&quot;&apos;&gt; </Key></Object>\n" +
        "  <Object><Key><![CDATA[x<&amp;]]>y&#228;</Key></Object><Quiet/>\n</Delete>\n",
    );
    const keys = childrenOf(root, "Object").map((object) => childText(object, "Key"));
    expect(keys).toEqual([" a&b\x01\r<\"'> ", "x<&amp;yä"]);
    expect(childText(root, "Quiet")).toBe("");
    expect(childText(root, "Absent")).toBeUndefined();
  });

  test("prefixes, attributes, comments and a byte order mark do not matter", () => {
    const root = read(
      '\ufeff<s3:Delete xmlns:s3="x"><!-- <Key>no</Key> --><s3:Key a="b">1<!-- 2 -->3</s3:Key></s3:Delete>',
    );
    expect(root.children).toEqual([{ name: "Key", text: "13", children: [] }]);
  });

  test("line ends are read as XML says", () => {
    expect(childText(read("<Delete><Key>a\r\nb\rc</Key></Delete>"), "Key")).toBe("a\nb\nc");
  });

  test("what we write, we read", () => {
    const text = anyText({ maxLength: 50 });
    fc.assert(
      fc.property(text, (key) => {
        fc.pre(!/[\0\ufffe\uffff]/.test(key));
        const root = read(xmlDocument("Delete", element("Key", key)));
        expect(childText(root, "Key")).toBe(key);
      }),
    );
  });
});

describe("what is refused as MalformedXml", () => {
  test.each([
    ["nothing", ""],
    ["no markup", "hello"],
    ["another root", "<Other/>"],
    ["two roots", "<Delete/><Delete/>"],
    ["an end missing", "<Delete><Key>1</Key>"],
    ["a wrong end", "<Delete></Delet>"],
    ["a DTD", '<!DOCTYPE Delete SYSTEM "file:///etc/passwd"><Delete/>'],
    ["an entity bomb", '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Delete>&b;</Delete>'],
    ["an unknown entity", "<Delete><Key>&a;</Key></Delete>"],
    ["an entity named like a method", "<Delete><Key>&constructor;</Key></Delete>"],
    ["a bare ampersand", "<Delete><Key>a & b</Key></Delete>"],
    ["U+0000 by reference", "<Delete><Key>&#0;</Key></Delete>"],
    ["a surrogate by reference", "<Delete><Key>&#xd800;</Key></Delete>"],
    ["a number beyond Unicode", "<Delete><Key>&#x110000;</Key></Delete>"],
    ["too deep", `<Delete>${"<a>".repeat(40)}${"</a>".repeat(40)}</Delete>`],
    ["a prototype", "<Delete><__proto__>1</__proto__></Delete>"],
    ["a constructor", "<Delete><constructor>1</constructor></Delete>"],
    ["JSON", '{"Delete":{}}'],
  ])("%s", (_, text) => {
    expect(() => read(text)).toThrow(malformed);
  });

  test("bytes that are not UTF-8", () => {
    expect(() => readXml(Buffer.from([0x3c, 0x44, 0xff, 0x2f, 0x3e]), "Delete")).toThrow(malformed);
    expect(() => readXml(Buffer.from("<Delete/>", "utf16le"), "Delete")).toThrow(malformed);
  });

  test("one of a kind given twice, or elements where text should be", () => {
    const root = read("<Delete><Quiet>true</Quiet><Quiet>true</Quiet><Key><a/></Key></Delete>");
    expect(() => child(root, "Quiet")).toThrow(malformed);
    expect(() => childText(root, "Key")).toThrow(malformed);
  });

  test("any text is read or refused, and nothing else is thrown", () => {
    const markup = fc.constantFrom(
      "<",
      ">",
      "/",
      "Delete",
      "<Delete>",
      "</Delete>",
      "&",
      ";",
      "#x",
      "<![CDATA[",
      "]]>",
      "<!--",
      "-->",
      "<?",
      "?>",
      '"',
      "=",
      " a",
      "\0",
    );
    fc.assert(
      fc.property(fc.array(markup, { maxLength: 30 }), (pieces) => {
        try {
          read(pieces.join(""));
        } catch (error) {
          expect(error).toEqual(malformed);
        }
      }),
    );
  });
});
