import { decorate, decorateReader, decorateWriter } from "../../src/drives/decorate.ts";
import { type Drive, DriveError, type DriveFault } from "../../src/drives/drive.ts";

/** One call on a drive, or one step of a writer or reader. */
export interface DriveCall {
  drive: string;
  kind: "write" | "close" | "get" | "read" | "head" | "delete" | "list";
  /** Null for `list`; the first key for `delete`. */
  key: string | null;
}

/** What a call does instead of what it should. */
export type Fault =
  /** It fails and has no effect. */
  | { kind: "fail"; fault: DriveFault }
  /** It takes effect, and fails all the same: the answer was lost. */
  | { kind: "fail-after"; fault: DriveFault }
  /** It never ends, and has no effect. */
  | { kind: "hang" }
  /** `close` succeeds and stores nothing; `delete` succeeds and deletes nothing. */
  | { kind: "lose" }
  /** `get` and `head` find nothing; `list` lists nothing. */
  | { kind: "absent" }
  /** One bit of the bytes written or read is flipped, in the byte at this offset (modulo the length). */
  | { kind: "corrupt"; at: number }
  /** `read` finds that the bytes have ended. */
  | { kind: "truncate" };

/** Decides for each call, in the order of calls, what goes wrong with it. Null: nothing. */
export type FaultPlan = (call: DriveCall) => Fault | null;

/** A drive that does what `plan` says. With a plan that depends on nothing but its calls, a run can be repeated exactly. */
export function withFaults(drive: Drive, plan: FaultPlan): Drive {
  const name = drive.name;
  const act = <T>(call: Omit<DriveCall, "drive">, run: () => Promise<T>, instead?: () => T) =>
    perform(name, { fault: plan({ ...call, drive: name }), run, instead });
  return decorate(drive, {
    put: (key, sizeBytes) => {
      const writer = drive.put(key, sizeBytes);
      return decorateWriter(writer, {
        write: (bytes) => {
          const fault = plan({ drive: name, kind: "write", key });
          const run = () => writer.write(fault?.kind === "corrupt" ? flipped(bytes, fault.at) : bytes);
          return perform(name, { fault, run });
        },
        close: () =>
          act(
            { kind: "close", key },
            () => writer.close(),
            () => void writer.abort(),
          ),
      });
    },
    get: async (key, range) => {
      const reader = await act(
        { kind: "get", key },
        () => drive.get(key, range),
        () => null,
      );
      if (!reader) return null;
      return decorateReader(reader, {
        read: async (length) => {
          const fault = plan({ drive: name, kind: "read", key });
          const bytes = await perform(name, { fault, run: () => reader.read(length) });
          return fault?.kind === "corrupt" ? flipped(bytes, fault.at) : bytes;
        },
      });
    },
    head: (key) =>
      act(
        { kind: "head", key },
        () => drive.head(key),
        () => null,
      ),
    delete: (keys) =>
      act(
        { kind: "delete", key: keys[0] ?? null },
        () => drive.delete(keys),
        () => {},
      ),
    list: (page) =>
      act(
        { kind: "list", key: null },
        () => drive.list(page),
        () => ({ shards: [] }),
      ),
  });
}

export interface NthCall {
  plan: FaultPlan;
  /** Whether there was an n-th call: a loop over n = 1, 2, 3 … ends when there was none. */
  fired(): boolean;
}

/** A plan under which the n-th call that matches goes wrong, from 1, and no other. */
export function nthCall(n: number, fault: Fault, matches: (call: DriveCall) => boolean = () => true): NthCall {
  let seen = 0;
  const plan = (call: DriveCall) => {
    if (!matches(call)) return null;
    seen += 1;
    return seen === n ? fault : null;
  };
  return { plan, fired: () => seen >= n };
}

interface Performance<T> {
  fault: Fault | null;
  run: () => Promise<T>;
  /** The result of `lose` and `absent`, where the call has one. */
  instead?: (() => T) | undefined;
}

async function perform<T>(drive: string, { fault, run, instead }: Performance<T>): Promise<T> {
  switch (fault?.kind) {
    case "fail":
      throw new DriveError(drive, fault.fault, "made to fail");
    case "fail-after":
      await run();
      throw new DriveError(drive, fault.fault, "made to fail afterwards");
    case "hang":
      return new Promise(() => {});
    case "truncate":
      throw new DriveError(drive, "short", "made to end early");
    case "lose":
    case "absent":
      return instead ? instead() : run();
    default:
      return run();
  }
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  if (copy.length > 0) copy[at % copy.length]! ^= 1;
  return copy;
}
