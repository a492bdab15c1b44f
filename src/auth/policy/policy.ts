import type { Statement } from "./statement.ts";

/** A parsed and compiled policy. Immutable, apart from a bounded memory of which statements concern which action. */
export interface Policy {
  /** As it was stored. */
  readonly source: string;
  readonly version: PolicyVersion;
  readonly id: string | null;
  readonly statements: readonly Statement[];
  /** The statements whose Action or NotAction covers an action (in lower case), in their order. */
  statementsFor(action: string): readonly Statement[];
}

export type PolicyVersion = "2008-10-17" | "2012-10-17";

/** More than the actions of any one service, less than what a caller could make up for the simulator. */
const rememberedActionsMax = 256;

export class CompiledPolicy implements Policy {
  readonly source: string;
  readonly version: PolicyVersion;
  readonly id: string | null;
  readonly statements: readonly Statement[];
  private readonly byAction = new Map<string, readonly Statement[]>();

  constructor({ source, version, id, statements }: Omit<Policy, "statementsFor">) {
    this.source = source;
    this.version = version;
    this.id = id;
    this.statements = statements;
  }

  statementsFor(action: string): readonly Statement[] {
    const known = this.byAction.get(action);
    if (known !== undefined) return known;
    const found = this.statements.filter((statement) => coversAction(statement, action));
    if (this.byAction.size < rememberedActionsMax) this.byAction.set(action, found);
    return found;
  }
}

function coversAction({ actions }: Statement, action: string): boolean {
  return actions.patterns.some((pattern) => pattern.matches(action, noVariables)) !== actions.not;
}

const noVariables = () => undefined;
