/**
 * SQL over a row of versions: whether its lock protects it. A legal hold always does. Retention does until its date, and an event
 * hold for as long as it is on; with retention in governance mode neither does if `bypass` is 1. `now` and `bypass` are SQL.
 */
export function isProtected(now: string, bypass: string): string {
  return `(legal_hold = 1 OR ((coalesce(retain_until_ms, 0) > ${now} OR coalesce(event_hold ->> '$.status', '') = 'ON')
    AND (retain_mode = 'COMPLIANCE' OR ${bypass} = 0)))`;
}
