import type { PolicyPrincipal } from "../../../../src/auth/policy/principal.ts";

export const accountA = "111111111111";
export const accountB = "222222222222";
export const canonicalA = "a".repeat(64);

const tags = new Map([["team", "blue"]]);

export const root: PolicyPrincipal = {
  kind: "root",
  arn: `arn:aws:iam::${accountA}:root`,
  accountId: accountA,
  canonicalId: canonicalA,
};

export const alice: PolicyPrincipal = {
  kind: "user",
  arn: `arn:aws:iam::${accountA}:user/alice`,
  accountId: accountA,
  canonicalId: canonicalA,
  name: "alice",
  uniqueId: "AIDAALICEALICEALICE11",
  tags,
};

export const deploySession: PolicyPrincipal = {
  kind: "roleSession",
  arn: `arn:aws:sts::${accountA}:assumed-role/deploy/run-7`,
  accountId: accountA,
  canonicalId: canonicalA,
  roleArn: `arn:aws:iam::${accountA}:role/team/deploy`,
  roleUniqueId: "AROADEPLOYDEPLOYDEP11",
  sessionName: "run-7",
  tags,
};

export const federatedAlice: PolicyPrincipal = {
  kind: "federatedUser",
  arn: `arn:aws:sts::${accountA}:federated-user/alice`,
  accountId: accountA,
  canonicalId: canonicalA,
  name: "alice",
  issuerArn: `arn:aws:iam::${accountA}:user/alice`,
};

export const logDelivery: PolicyPrincipal = { kind: "service", service: "logging.s3.amazonaws.com" };
export const anonymous: PolicyPrincipal = { kind: "anonymous" };
