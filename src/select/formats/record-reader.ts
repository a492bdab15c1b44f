import type { FieldBytes } from "../evaluate/compile.ts";
import type { Getter } from "../evaluate/functions.ts";
import type { Path } from "../sql/ast.ts";
import type { Value } from "../value.ts";

/** A record as a whole: what `*` stands for. */
export interface WholeRecord {
  readonly names: readonly string[];
  readonly values: readonly Value[];
}

/** Records of an input, one after another. `step` is synchronous, because there are millions of them. */
export interface RecordReader {
  /** Must resolve before anything else is asked: reads headers and footers. */
  open(): Promise<void>;
  /** Reads on when `step` finds no more. False at the end of the input. */
  fill(): Promise<boolean>;
  /** Moves to the next record of what is in memory. False if there is none. */
  step(): boolean;
  /** A getter of the current record. Throws for a path that no record can have. */
  resolve(path: Path): Getter;
  readonly bytes?: FieldBytes;
  /** Whether the field is a floating-point number in every record. Absent: it never is. */
  isFloat?(path: Path): boolean;
  /** To be called before the first `step` if `*` is selected. */
  needWhole(): void;
  whole(): WholeRecord;
  /** The current record as JSON on one line, if it came as that. */
  wholeJson?(): string | null;
  readonly coerces: boolean;
}
