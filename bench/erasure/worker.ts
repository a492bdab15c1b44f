// The Worker for workerd's rows. Its clock stands still while it computes, so the caller measures
// the time.

import kernel from "../../src/erasure/kernel.wasm";
import type { Case } from "./cases.ts";
import { type Preparation, prepareNative, preparePlainXor, prepareSherd, type Round } from "./rounds.ts";
import plainXor from "./sweep.wasm";

let preparations: Promise<Record<string, Preparation>> | null = null;
let prepared: { key: string; round: Round | null } | null = null;

async function prepareAll(): Promise<Record<string, Preparation>> {
  return { sherd: await prepareSherd(kernel), native: prepareNative, plain: await preparePlainXor(plainXor) };
}

export default {
  async fetch(request: Request): Promise<Response> {
    const { implementation, work, rounds } = (await request.json()) as {
      implementation: string;
      work: Case;
      rounds: number;
    };
    preparations ??= prepareAll();
    const key = JSON.stringify([implementation, work]);
    if (prepared?.key !== key) prepared = { key, round: (await preparations)[implementation]?.(work) ?? null };
    const { round } = prepared;
    if (round === null) return new Response(null, { status: 404 });
    for (let i = 0; i < rounds; i++) {
      const pending = round();
      if (pending) await pending;
    }
    return new Response(null, { status: 204 });
  },
};
