import { describe, expect, it } from "vitest";
import { identifiedPrincipals, namedPrincipals, replacePrincipals } from "../../../src/auth/policy/principal-texts.ts";

const ANN = "arn:aws:iam::100000000001:user/team/ann";
const READER = "arn:aws:iam::200000000002:role/reader";
const ID = "AIDAABCDEFGHIJKLMNOPQ";

const policy = `{ "Version": "2012-10-17",
  "Statement": [
    {"Effect":"Allow","Principal":{"AWS":["${ANN}", "arn:aws:iam::100000000001:root", "${READER}"]},"Action":"s3:*",
     "Resource":"${ANN}","Condition":{"StringEquals":{"aws:PrincipalArn":"${ANN}"}}},
    {"Effect":"Deny","NotPrincipal":{"AWS":"${ANN}", "Service":"logging.s3.amazonaws.com"},"Action":"s3:*","Resource":"*"},
    {"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}
  ] }`;

describe("the principals of a policy", () => {
  it("are users and roles, each once", () => {
    expect(namedPrincipals(policy)).toEqual([
      { arn: ANN, accountId: "100000000001", kind: "user", name: "ann" },
      { arn: READER, accountId: "200000000002", kind: "role", name: "reader" },
    ]);
    expect(identifiedPrincipals(policy)).toEqual([]);
  });

  it("are replaced where they are principals, and nowhere else", () => {
    const bound = replacePrincipals(policy, new Map([[ANN, ID]]));
    expect(bound.split(ID)).toHaveLength(3);
    expect(bound.split(ANN)).toHaveLength(3);
    expect(identifiedPrincipals(bound)).toEqual([ID]);
    expect(replacePrincipals(bound, new Map([[ID, ANN]]))).toBe(policy);
  });

  it("are found however their text is escaped, and in nothing that is no policy", () => {
    const escaped = `{"Statement":{"Principal":{"AWS":"arn:aws:iam::100000000001:user\\u002fann"}}}`;
    expect(namedPrincipals(escaped)).toMatchObject([{ name: "ann" }]);
    for (const text of ["", "x", "[]", "1", '{"Statement":1}', '{"Statement":[{"Principal":{"AWS":{}}}]}']) {
      expect(namedPrincipals(text)).toEqual([]);
      expect(replacePrincipals(text, new Map([[ANN, ID]]))).toBe(text);
    }
  });
});
