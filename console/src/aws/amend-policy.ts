interface PolicyDocument {
  Version?: string;
  Statement?: Statement | Statement[];
}

/** A statement with an id, by which it is found again. */
export interface Statement {
  Sid: string;
  [member: string]: unknown;
}

/** The policy with this statement in the place of that of the same `Sid`; the others stay as they are. `""`: there was no policy. */
export function amendPolicy(policy: string, statement: Statement): string {
  const before = policy === "" ? {} : (JSON.parse(policy) as PolicyDocument);
  const others = [before.Statement ?? []].flat().filter(({ Sid }) => Sid !== statement.Sid);
  return JSON.stringify({ Version: "2012-10-17", ...before, Statement: [...others, statement] });
}
