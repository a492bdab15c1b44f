// Replaces src/drives/open.ts: drives that keep the first large shard in memory, and drop
// everything else.
import type { DriveSpec } from "../../../src/drives/config.ts";
import type { Drive, ShardReader, ShardWriter } from "../../../src/drives/drive.ts";
import { MemoryDrive } from "../../../src/drives/memory.ts";

export * from "../../../src/drives/open.ts";

export function openDrives(specs: readonly DriveSpec[]): Drive[] {
  return specs.map((spec) => {
    const drive = new MemoryDrive(spec);
    const put = drive.put.bind(drive);
    drive.put = (key, sizeBytes) => (drive.shards.size === 0 ? put(key, sizeBytes) : dropped);
    drive.get = async (key, range) => {
      const bytes = drive.shards.get(key);
      return bytes ? reader(bytes.subarray(range?.offset ?? 0)) : null;
    };
    return drive;
  });
}

const nothing = async () => {};
const dropped: ShardWriter = { write: nothing, close: nothing, abort: nothing };

function reader(bytes: Uint8Array): ShardReader {
  let at = 0;
  return {
    async read(length, spare) {
      const view = spare && spare.byteLength >= length ? new Uint8Array(spare, 0, length) : new Uint8Array(length);
      view.set(bytes.subarray(at, at + length));
      at += length;
      return view;
    },
    cancel: nothing,
  };
}
