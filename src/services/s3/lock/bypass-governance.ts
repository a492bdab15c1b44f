const HEADER = "x-amz-bypass-governance-retention";

/** Whether retention in governance mode is to be passed over; undefined where the request says nothing of it. */
export function parseBypassGovernance(headers: Headers): boolean | undefined {
  const text = headers.get(HEADER);
  return text === null ? undefined : text.trim().toLowerCase() === "true";
}
