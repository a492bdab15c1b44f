/** The part of botocore's service model that is compared. Its format: https://github.com/boto/botocore/tree/develop/botocore/data */
export interface ServiceModel {
  readonly operations: Readonly<Record<string, { deprecated?: boolean }>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

interface Shape {
  readonly type: string;
  readonly members?: Readonly<Record<string, Member>>;
  readonly enum?: readonly string[];
  readonly error?: { readonly httpStatusCode?: number };
  readonly exception?: boolean;
}

interface Member {
  readonly location?: string;
  readonly locationName?: string;
}

/** What somebody has looked at: by shape its members as they go over the wire, or its values. */
export interface Reviewed {
  /** Of botocore. */
  readonly version: string;
  readonly operations: readonly string[];
  readonly shapes: Readonly<Record<string, readonly string[]>>;
}

/** All of a model that a later one may have more of. Documentation is left out. */
export function reviewedFrom(version: string, { operations, shapes }: ServiceModel): Reviewed {
  const entries = Object.entries(shapes).flatMap(([name, shape]): [string, string[]][] => {
    if (shape.enum) return [[name, [...shape.enum]]];
    if (shape.exception) return [[name, [`status ${shape.error?.httpStatusCode ?? 400}`]]];
    return shape.members ? [[name, Object.entries(shape.members).map(([member, of]) => wireName(member, of))]] : [];
  });
  return { version, operations: Object.keys(operations).sort(), shapes: Object.fromEntries(entries.sort(byName)) };
}

function wireName(member: string, { location, locationName = member }: Member): string {
  return location === undefined ? locationName : `${location} ${locationName}`;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** What `found` has that `known` has not, a line each: operations, members of requests, answers and documents, values, errors. */
export function whatIsNew(known: Reviewed, found: Reviewed): string[] {
  const operations = found.operations.filter((name) => !known.operations.includes(name));
  const members = Object.entries(found.shapes).flatMap(([name, all]) => {
    const before = known.shapes[name] ?? [];
    return all.filter((member) => !before.includes(member)).map((member) => `${name}: ${member}`);
  });
  return [...operations.map((name) => `operation ${name}`), ...members];
}

/** Operations of the model that the table of docs/api.md lacks. Deprecated ones have a successor of another name. */
export function operationsNotIn(table: ReadonlySet<string>, { operations }: ServiceModel): string[] {
  return Object.entries(operations)
    .filter(([name, { deprecated = false }]) => !deprecated && !table.has(name))
    .map(([name]) => name);
}
