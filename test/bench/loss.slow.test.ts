import { describe, expect, it, test } from "vitest";
import { type Assumptions, type DriveSet, lossOf, lossTable, placements, SETS } from "../../bench/loss.ts";
import { readDocument } from "../docs/document.ts";

const NEVER: Assumptions = {
  driveLoss: 0.1,
  domainLoss: 0,
  shardDamage: 0,
  detectHours: 0,
  repairHours: 1e12,
  findHours: 1e12,
};
const six = SETS[0] as DriveSet;

function binomialTail(n: number, more: number, p: number): number {
  const choose = (k: number): number => (k === 0 ? 1 : (choose(k - 1) * (n - k + 1)) / k);
  let sum = 0;
  for (let k = more + 1; k <= n; k++) sum += choose(k) * p ** k * (1 - p) ** (n - k);
  return sum;
}

describe("the probability of loss", () => {
  it("is binomial where nothing is repaired", () => {
    const { blobLoss, someLoss } = lossOf(six, NEVER);
    expect(blobLoss).toBeCloseTo(binomialTail(6, 2, 0.1), 9);
    expect(someLoss).toBeCloseTo(binomialTail(6, 2, 0.1), 9);
  });

  it("is the drive's where there is one, and the domain's where all are in it", () => {
    const one = SETS.at(-1) as DriveSet;
    expect(lossOf(one, NEVER).blobLoss).toBeCloseTo(0.1, 9);
    const together = { ...six, domains: Array(6).fill("account") as string[] };
    expect(lossOf(together, { ...NEVER, driveLoss: 0, domainLoss: 0.02 }).blobLoss).toBeCloseTo(0.02, 9);
  });

  it("falls with the square of the time of repair, for m = 2", () => {
    const given = { ...NEVER, driveLoss: 0.01, repairHours: 24 };
    const rate = -Math.log1p(-0.01);
    const repairs = 8766 / 24;
    const byHand = (6 * 5 * 4 * rate ** 3) / (repairs * 2 * repairs);
    expect(lossOf(six, given).blobLoss / byHand).toBeCloseTo(1, 1);
    const tenth = lossOf(six, { ...given, repairHours: 2.4 }).blobLoss;
    expect(lossOf(six, given).blobLoss / tenth).toBeGreaterThan(90);
  });

  it("counts the time until a loss is noticed as well as that of its repair", () => {
    const given = { ...NEVER, driveLoss: 0.01, repairHours: 24 };
    const seen = lossOf(six, { ...given, detectHours: 24 }).blobLoss;
    expect(seen).toBeCloseTo(lossOf(six, { ...given, repairHours: 48 }).blobLoss, 12);
  });

  it("counts shards that are damaged until they are found", () => {
    const given = { ...NEVER, driveLoss: 0, shardDamage: 0.01, findHours: 360 };
    const rate = -Math.log1p(-0.01);
    const byHand = (6 * 5 * 4 * rate ** 3) / (2 * (8766 / 360) ** 2);
    expect(lossOf(six, given).blobLoss / byHand).toBeGreaterThan(0.8);
    expect(lossOf(six, given).blobLoss / byHand).toBeLessThan(1);
    expect(lossOf(six, given).someLoss).toBe(0);
  });

  it("takes the placement as it is: no provider has more shards of a blob than may be lost", () => {
    const providers = SETS.find(({ name }) => name === "three providers") as DriveSet;
    for (const { drives } of placements(providers)) {
      const atCloudflare = drives.filter((drive) => providers.domains[drive] === "cloudflare");
      expect(atCloudflare).toHaveLength(2);
    }
    expect(lossOf(providers, { ...NEVER, driveLoss: 0, domainLoss: 0.01, repairHours: 24 }).someLoss).toBeLessThan(
      1e-5,
    );
  });
});

test("the table of docs/durability.md is what the command prints", () => {
  expect(readDocument("docs/durability.md")).toContain(`<!-- loss -->\n${lossTable()}\n<!-- /loss -->`);
});
