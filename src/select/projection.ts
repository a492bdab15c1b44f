import { type Aggregate, hasAggregate, makeAggregate, readsRecord } from "./evaluate/aggregates.ts";
import { compile, type Scope, truth } from "./evaluate/compile.ts";
import { SelectFailure } from "./failure.ts";
import type { RecordReader } from "./formats/record-reader.ts";
import type { ResultWriter } from "./output/result-writer.ts";
import type { Projection, Statement } from "./sql/ast.ts";
import { Paused, type Work } from "./work.ts";

/** A statement that is bound to a reader. */
export interface BoundQuery {
  /**
   * Evaluates the current record: writes what is selected of it, or adds it to the aggregates. "paused": it is to be called again, after others had
   * their turn.
   */
  readonly take: (writer: ResultWriter) => "paused" | "passed" | "left out";
  /** Writes what the aggregates came to, in as many calls; null: there are none. */
  readonly finish: ((writer: ResultWriter) => "paused" | "passed" | "left out") | null;
}

/** Binds the names of a statement to an open reader. Throws for names that are not there, and for a mix of aggregates and fields. */
export function bindQuery(
  { projections, where }: Statement,
  reader: RecordReader,
  { nowMs, work }: { readonly nowMs: number; readonly work: Work },
): BoundQuery {
  const aggregates: Aggregate[] = [];
  const scope: Scope = {
    resolve: (path) => reader.resolve(path),
    aggregate: () => {
      throw new SelectFailure("UnsupportedSqlStructure", "Aggregates belong into the SELECT list.");
    },
    ...(reader.bytes && { bytes: reader.bytes }),
    isFloat: (path) => reader.isFloat?.(path) ?? false,
    coerces: reader.coerces,
    nowMs,
    work,
  };
  const condition = where === null ? null : compile(where, scope);
  const passes = condition === null ? [] : [() => truth(condition()) === true];
  if (projections === null) {
    reader.needWhole();
    return { take: inSteps([...passes, (writer) => writeWhole(reader, writer)], work), finish: null };
  }
  const isAggregate = projections.some(({ expression }) => hasAggregate(expression));
  if (isAggregate && projections.some(({ expression }) => readsRecord(expression))) {
    throw new SelectFailure("UnsupportedSqlStructure", "Fields beside aggregates.");
  }
  const held = { length: 0 };
  const collecting: Scope = {
    ...scope,
    aggregate: ({ name, operand }) => {
      const value = operand === null ? null : compile(operand, scope);
      const aggregate = makeAggregate(name, value, { coerces: reader.coerces, work, held });
      aggregates.push(aggregate);
      return () => aggregate.result();
    },
  };
  const columns = projections.map((projection, index): Step => {
    const name = nameOf(projection, index);
    const getter = compile(projection.expression, isAggregate ? collecting : scope);
    return (writer) => writer.add(name, getter());
  });
  const write: Step[] = [...columns, (writer) => writer.end()];
  if (!isAggregate) return { take: inSteps([...passes, ...write], work), finish: null };
  const collect = aggregates.map((aggregate) => () => aggregate.add());
  return { take: inSteps([...passes, ...collect], work), finish: inSteps(write, work) };
}

/** A part of what is done with a record. It leaves nothing behind if it pauses. It returns false if the record is left out. */
type Step = (writer: ResultWriter) => unknown;

/** One step after another, of which a call does as many as fit into a turn. */
function inSteps(steps: readonly Step[], work: Work): BoundQuery["take"] {
  let next = 0;
  return (writer) => {
    try {
      for (; next < steps.length; next += 1) {
        if (next > 0 && work.isTurnOver) return "paused";
        if ((steps[next] as Step)(writer) === false) {
          next = 0;
          return "left out";
        }
      }
    } catch (error) {
      if (error instanceof Paused) return "paused";
      throw error;
    }
    next = 0;
    return "passed";
  };
}

function writeWhole(reader: RecordReader, writer: ResultWriter): void {
  const text = writer.isJson ? reader.wholeJson?.() : null;
  if (text !== null && text !== undefined) {
    writer.writeText(text);
    return;
  }
  const { names, values } = reader.whole();
  for (let index = 0; index < names.length; index += 1) writer.add(names[index] as string, values[index]);
  writer.end();
}

/** The name of a column in JSON: its alias, the last name of its path, or `_N`. */
function nameOf({ expression, alias }: Projection, index: number): string {
  if (alias !== null) return alias;
  if (expression.kind === "path") {
    const last = expression.steps.at(-1);
    if (last === undefined) return expression.root.text;
    if (last.kind === "name") return last.name.text;
  }
  return `_${index + 1}`;
}
