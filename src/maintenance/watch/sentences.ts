import type { Examination } from "../../drives/examine.ts";

/**
 * A drive's problem and its remedy, in one sentence for the person who runs the server; null: there
 * is none.
 */
export function sentenceOf(drive: string, found: Examination): string | null {
  switch (found.kind) {
    case "ours":
    case "blank":
      return null;
    case "unreachable":
      return `drive ${drive} does not answer (${found.reason}): bring it back, or put an empty one in its place`;
    case "emptied":
      return `drive ${drive} was emptied: it is taken into use again, and what it held is healed from the other drives`;
    case "older":
      return (
        `drive ${drive} is an older copy of itself, of ${day(found.marker.madeMs)} or later: it is taken into use again, and what it ` +
        "lacks is healed from the other drives"
      );
    case "newer":
      return (
        `drive ${drive} is newer than the metadata, which were taken back to an earlier time: run "npm run verify" to see whether ` +
        "anything is missing"
      );
    case "swapped":
      return `in the place of drive ${drive} lies drive ${found.with}: put each drive in its own place`;
    case "foreign":
      return (
        `in the place of drive ${drive} lies a drive of another store (${found.store}): put the right one there, or let ` +
        `"npm run heal -- --drive ${drive} --adopt" take this one over, whose store then loses it`
      );
  }
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}
