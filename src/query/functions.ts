/** Where a function may stand. */
type FunctionKind = "scalar" | "aggregate" | "window";

export interface FunctionRule {
  readonly kind: FunctionKind;
  readonly min: number;
  readonly max: number;
  /** SQL of it from the SQL of its arguments. Absent: the function of the same name. */
  render?(args: readonly string[]): string;
}

const scalar = (min: number, max = min, render?: FunctionRule["render"]): FunctionRule => ({
  kind: "scalar",
  min,
  max,
  ...(render && { render }),
});
const aggregate = (min: number, max = min): FunctionRule => ({ kind: "aggregate", min, max });
const window = (min: number, max = min): FunctionRule => ({ kind: "window", min, max });
const call = (name: string) => (args: readonly string[]) => `${name}(${args.join(", ")})`;
const MANY = 32;

/**
 * Every function that a query may call; whatever is not here is refused. Left out on purpose: what makes long values of nothing
 * (printf, format, zeroblob, randomblob), what differs from call to call (random), what reaches outside (load_extension, fts5's own).
 */
export const FUNCTIONS: ReadonlyMap<string, FunctionRule> = new Map(
  Object.entries({
    abs: scalar(1),
    coalesce: scalar(2, MANY),
    concat: scalar(1, MANY, (args) => `(${args.map((arg) => `coalesce(${arg}, '')`).join(" || ")})`),
    hex: scalar(1),
    ifnull: scalar(2),
    iif: scalar(3),
    instr: scalar(2),
    length: scalar(1),
    lower: scalar(1),
    ltrim: scalar(1, 2),
    max: { kind: "aggregate", min: 1, max: MANY },
    min: { kind: "aggregate", min: 1, max: MANY },
    nullif: scalar(2),
    quote: scalar(1),
    replace: scalar(3),
    round: scalar(1, 2),
    rtrim: scalar(1, 2),
    sign: scalar(1),
    substr: scalar(2, 3),
    substring: scalar(2, 3, call("substr")),
    trim: scalar(1, 2),
    typeof: scalar(1),
    unicode: scalar(1),
    upper: scalar(1),
    ceil: scalar(1),
    ceiling: scalar(1),
    floor: scalar(1),
    trunc: scalar(1),
    ln: scalar(1),
    log: scalar(1, 2),
    log10: scalar(1),
    log2: scalar(1),
    exp: scalar(1),
    mod: scalar(2),
    pow: scalar(2),
    power: scalar(2),
    sqrt: scalar(1),
    date: scalar(1, 8),
    time: scalar(1, 8),
    datetime: scalar(1, 8),
    julianday: scalar(1, 8),
    unixepoch: scalar(1, 8),
    strftime: scalar(2, 8),
    json: scalar(1),
    json_array: scalar(0, MANY),
    json_array_length: scalar(1, 2),
    json_extract: scalar(2, MANY),
    json_object: scalar(0, MANY),
    json_type: scalar(1, 2),
    json_valid: scalar(1),
    json_quote: scalar(1),
    avg: aggregate(1),
    count: aggregate(0, 1),
    group_concat: aggregate(1, 2),
    json_group_array: aggregate(1),
    json_group_object: aggregate(2),
    string_agg: aggregate(2),
    sum: aggregate(1),
    total: aggregate(1),
    cume_dist: window(0),
    dense_rank: window(0),
    first_value: window(1),
    lag: window(1, 3),
    last_value: window(1),
    lead: window(1, 3),
    nth_value: window(2),
    ntile: window(1),
    percent_rank: window(0),
    rank: window(0),
    row_number: window(0),
    // Names that people bring from Trino.
    approx_distinct: { kind: "aggregate", min: 1, max: 1, render: ([arg]) => `count(DISTINCT ${arg})` },
    arbitrary: { kind: "aggregate", min: 1, max: 1, render: call("min") },
    count_if: { kind: "aggregate", min: 1, max: 1, render: ([arg]) => `sum(CASE WHEN ${arg} THEN 1 ELSE 0 END)` },
    element_at: scalar(2, 2, ([from, name]) => `(${from} ->> ${name})`),
    strpos: scalar(2, 2, call("instr")),
    to_unixtime: scalar(1, 1, call("unixepoch")),
    from_unixtime: scalar(1, 1, ([seconds]) => `datetime(${seconds}, 'unixepoch')`),
    now: scalar(0, 0, () => "datetime('now')"),
    year: scalar(1, 1, ([at]) => `CAST(strftime('%Y', ${at}) AS INTEGER)`),
    month: scalar(1, 1, ([at]) => `CAST(strftime('%m', ${at}) AS INTEGER)`),
    day: scalar(1, 1, ([at]) => `CAST(strftime('%d', ${at}) AS INTEGER)`),
    hour: scalar(1, 1, ([at]) => `CAST(strftime('%H', ${at}) AS INTEGER)`),
    minute: scalar(1, 1, ([at]) => `CAST(strftime('%M', ${at}) AS INTEGER)`),
    second: scalar(1, 1, ([at]) => `CAST(strftime('%S', ${at}) AS INTEGER)`),
  } satisfies Record<string, FunctionRule>),
);

/** Seconds of Trino's units of time. Months and years are counted by their calendar. */
const UNIT_SECONDS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3_600,
  day: 86_400,
  week: 604_800,
};

/** SQL of `date_diff('day', from, to)`, or null if the unit is not one of these. */
export function dateDiff(unit: string, from: string, to: string): string | null {
  const seconds = UNIT_SECONDS[unit];
  if (seconds !== undefined) return `((unixepoch(${to}) - unixepoch(${from})) / ${seconds})`;
  return null;
}

/** SQL of `date_add('day', count, to)`, or null. */
export function dateAdd(unit: string, count: string, to: string): string | null {
  if (!["second", "minute", "hour", "day", "month", "year"].includes(unit)) return null;
  return `datetime(${to}, CAST(${count} AS INTEGER) || ' ${unit}s')`;
}

/** SQL of `date_trunc('day', at)`, or null. */
export function dateTrunc(unit: string, at: string): string | null {
  const forms: Readonly<Record<string, string>> = {
    second: "%Y-%m-%d %H:%M:%S",
    minute: "%Y-%m-%d %H:%M:00",
    hour: "%Y-%m-%d %H:00:00",
    day: "%Y-%m-%d 00:00:00",
    month: "%Y-%m-01 00:00:00",
    year: "%Y-01-01 00:00:00",
  };
  const form = forms[unit];
  return form === undefined ? null : `strftime('${form}', ${at})`;
}
