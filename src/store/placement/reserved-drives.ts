import { decorate } from "../../drives/decorate.ts";
import { type Drive, DriveError, type ShardWriter } from "../../drives/drive.ts";
import type { Host } from "../host.ts";
import { hasRoom } from "./require-space.ts";
import { SNAPSHOT_PREFIX } from "./shard-key.ts";

/**
 * The drive, which refuses shards that would leave its disk less than the reserve, according to the
 * host's last report. It accepts shards of snapshots, because deleted bytes are freed only after a
 * later snapshot.
 */
export function withReserve(drive: Drive, host: Host): Drive {
  return decorate(drive, {
    put: (key, sizeBytes) => {
      const state = key.startsWith(SNAPSHOT_PREFIX) ? null : host.known();
      return state && !hasRoom(state, drive.name, sizeBytes) ? fullWriter(drive.name) : drive.put(key, sizeBytes);
    },
  });
}

function fullWriter(drive: string): ShardWriter {
  const refuse = async () => {
    throw new DriveError(drive, "full", "its disk has no more left than its reserve");
  };
  return { write: refuse, close: refuse, abort: async () => {} };
}
