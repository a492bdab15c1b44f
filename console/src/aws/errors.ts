/** An answer of one of AWS's services that is no success, in any of their forms. */
export class AwsError extends Error {
  /** `AccessDenied`, `NoSuchKey`; `NetworkError` if there was no answer. */
  readonly code: string;
  /** 0 if there was no answer. */
  readonly status: number;
  readonly requestId: string | null;
  /** Region that the server signs for, if the error names one. */
  readonly region: string | null;

  constructor(facts: {
    code: string;
    message: string;
    status: number;
    requestId?: string | null;
    region?: string | null;
  }) {
    super(facts.message);
    this.name = "AwsError";
    this.code = facts.code;
    this.status = facts.status;
    this.requestId = facts.requestId ?? null;
    this.region = facts.region ?? null;
  }
}

/** Reads the error of an answer: XML of S3, XML of the query protocol, JSON, or the plain text of Sherd's own pages. */
export async function errorOf(response: Response): Promise<AwsError> {
  const text = await response.text().catch(() => "");
  return parseError(text, response.status, response.headers);
}

export function parseError(text: string, status: number, headers: Pick<Headers, "get">): AwsError {
  const element = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? null;
  const headerCode = headers.get("x-amzn-errortype") ?? headers.get("x-amzn-query-error");
  const requestId = headers.get("x-amz-request-id") ?? headers.get("x-amzn-requestid") ?? element("RequestId");
  const json = parsedJson(text);
  const jsonCode = typeof json?.__type === "string" ? json.__type.replace(/^.*#/, "") : null;
  const jsonMessage = [json?.message, json?.Message, json?.error].find((value) => typeof value === "string");
  const code = element("Code") ?? jsonCode ?? headerCode?.split(/[;:]/)[0] ?? codeOfStatus(status);
  const message = unescapeXml(element("Message") ?? "") || jsonMessage || text.trim().slice(0, 500) || `HTTP ${status}`;
  return new AwsError({ code, message, status, requestId, region: element("Region") });
}

/** HEAD has no body, so its status alone tells. */
function codeOfStatus(status: number): string {
  const codes: Readonly<Record<number, string>> = {
    304: "NotModified",
    400: "BadRequest",
    401: "Unauthorized",
    403: "AccessDenied",
    404: "NotFound",
    405: "MethodNotAllowed",
    412: "PreconditionFailed",
    416: "InvalidRange",
    501: "NotImplemented",
    503: "SlowDown",
  };
  return codes[status] ?? `HTTP ${status}`;
}

function parsedJson(text: string): Record<string, unknown> | null {
  if (!text.startsWith("{")) return null;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}

function unescapeXml(text: string): string {
  const named: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (found, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return named[name] ?? found;
  });
}
