const HEADER = "x-amz-bypass-governance-retention";

/** Whether to bypass retention in governance mode; undefined if the request does not say. */
export function parseBypassGovernance(headers: Headers): boolean | undefined {
  const text = headers.get(HEADER);
  return text === null ? undefined : text.trim().toLowerCase() === "true";
}
