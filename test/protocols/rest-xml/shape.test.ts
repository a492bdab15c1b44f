import { expect, test } from "vitest";
import { MalformedXml, readXml } from "../../../src/protocols/rest-xml/read.ts";
import { requireShape } from "../../../src/protocols/rest-xml/shape.ts";

const shape = { List: { Item: { Name: "text" } }, Status: "text" } as const;
const check = (inner: string) => requireShape(readXml(Buffer.from(`<Root>${inner}</Root>`), "Root"), shape);

test.each(["", "<Status>x</Status>", "<List/>", "<List><Item><Name>a</Name></Item><Item/></List><Status/>"])(
  "%j holds what it may",
  (inner) => check(inner),
);

test.each([
  "<Other/>",
  "<status>x</status>",
  "<Status><Status/></Status>",
  "<List><Name>a</Name></List>",
  "<List><Item><Name>a</Name><More/></Item></List>",
  "<constructor/>",
])("%j holds what has no place there", (inner) => {
  expect(() => check(inner)).toThrow(MalformedXml);
});
