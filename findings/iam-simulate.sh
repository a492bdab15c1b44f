#!/bin/sh
# @cloud-copilot/iam-simulate 0.1.173: three answers that differ from AWS's documentation, on valid policies.
#
# 1. IpAddress with a prefix of /0 matches only the address itself. CIDR notation (RFC 4632), which AWS's documentation of the operator
#    refers to, has every address of the family in it. With /1 the answer is right.
# 2. ${$}, ${*} and ${?} stand for the characters in StringLike, but not in StringEquals, where AWS's "Variables and tags" allows them too.
# 3. runUnsafeSimulation throws a TypeError if there is any resource policy; runSimulation answers for the same simulation.
#
# Exits 1 if any of it is no longer so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @cloud-copilot/iam-simulate@0.1.173
cat > run.mjs <<'JS'
import { runSimulation, runUnsafeSimulation } from "@cloud-copilot/iam-simulate";

const simulation = (Condition, contextVariables, more = {}) => ({
  request: {
    principal: "arn:aws:iam::111111111111:user/alice",
    action: "s3:GetObject",
    resource: { resource: "arn:aws:s3:::holiday/a", accountId: "111111111111" },
    contextVariables,
  },
  identityPolicies: [
    { name: "p", policy: { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*", Condition }] } },
  ],
  serviceControlPolicies: [],
  resourceControlPolicies: [],
  ...more,
});
const ask = async (...from) => (await runSimulation(simulation(...from), {})).overallResult;
const address = { "aws:SourceIp": "203.0.113.7" };
const agent = { "aws:UserAgent": "$x" };
const resourcePolicy = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::holiday/*" }],
};

const seen = {
  "IpAddress 0.0.0.0/0": await ask({ IpAddress: { "aws:SourceIp": "0.0.0.0/0" } }, address),
  "IpAddress 128.0.0.0/1": await ask({ IpAddress: { "aws:SourceIp": "128.0.0.0/1" } }, address),
  "StringEquals ${$}x": await ask({ StringEquals: { "aws:UserAgent": "${$}x" } }, agent),
  "StringLike ${$}x": await ask({ StringLike: { "aws:UserAgent": "${$}x" } }, agent),
  "runSimulation, resource policy": await ask({}, {}, { resourcePolicy }),
};
try {
  seen["runUnsafeSimulation, resource policy"] = runUnsafeSimulation(simulation({}, {}, { resourcePolicy }), {});
} catch (error) {
  seen["runUnsafeSimulation, resource policy"] = error.constructor.name;
}
const expected = {
  "IpAddress 0.0.0.0/0": "ImplicitlyDenied",
  "IpAddress 128.0.0.0/1": "Allowed",
  "StringEquals ${$}x": "ImplicitlyDenied",
  "StringLike ${$}x": "Allowed",
  "runSimulation, resource policy": "Allowed",
  "runUnsafeSimulation, resource policy": "TypeError",
};
console.log(seen);
for (const [what, answer] of Object.entries(expected)) {
  if (seen[what] !== answer) {
    console.error(`${what}: ${seen[what]}, not ${answer}`);
    process.exitCode = 1;
  }
}
JS
node run.mjs
