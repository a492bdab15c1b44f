import { type Aggregate, hasAggregate, makeAggregate, readsRecord } from "./evaluate/aggregates.ts";
import { compile, type Scope, truth } from "./evaluate/compile.ts";
import type { Getter } from "./evaluate/functions.ts";
import { SelectFailure } from "./failure.ts";
import type { RecordReader } from "./formats/record-reader.ts";
import type { ResultWriter } from "./output/result-writer.ts";
import type { Projection, Statement } from "./sql/ast.ts";

/** A statement that is bound to a reader. */
export interface BoundQuery {
  /** Whether WHERE lets the current record pass. */
  readonly passes: () => boolean;
  /** Takes the current record in: writes what is selected of it, or adds it to the aggregates. */
  readonly take: (writer: ResultWriter) => void;
  /** Writes what the aggregates came to; null: there are none. */
  readonly finish: ((writer: ResultWriter) => void) | null;
}

/** Binds the names of a statement to an open reader. Throws for names that are not there, and for a mix of aggregates and fields. */
export function bindQuery({ projections, where }: Statement, reader: RecordReader, nowMs: number): BoundQuery {
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
  };
  const condition = where === null ? null : compile(where, scope);
  const passes = condition === null ? () => true : () => truth(condition()) === true;
  if (projections === null) {
    reader.needWhole();
    return { passes, take: (writer) => writeWhole(reader, writer), finish: null };
  }
  const isAggregate = projections.some(({ expression }) => hasAggregate(expression));
  if (isAggregate && projections.some(({ expression }) => readsRecord(expression))) {
    throw new SelectFailure("UnsupportedSqlStructure", "Fields beside aggregates.");
  }
  const collecting: Scope = {
    ...scope,
    aggregate: ({ name, operand }) => {
      const aggregate = makeAggregate(name, operand === null ? null : compile(operand, scope), reader.coerces);
      aggregates.push(aggregate);
      return () => aggregate.result();
    },
  };
  const getters = projections.map(({ expression }) => compile(expression, isAggregate ? collecting : scope));
  const names = projections.map(nameOf);
  const write = (writer: ResultWriter) => writer.write(names, valuesOf(getters));
  if (!isAggregate) return { passes, take: write, finish: null };
  const take = () => {
    for (const aggregate of aggregates) aggregate.add();
  };
  return { passes, take, finish: write };
}

function valuesOf(getters: readonly Getter[]) {
  return getters.map((getter) => getter());
}

function writeWhole(reader: RecordReader, writer: ResultWriter): void {
  const text = writer.isJson ? reader.wholeJson?.() : null;
  if (text !== null && text !== undefined) {
    writer.writeText(text);
    return;
  }
  const { names, values } = reader.whole();
  writer.write(names, values);
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
