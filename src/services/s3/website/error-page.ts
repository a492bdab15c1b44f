/** Contents of a website's error page. */
export interface ErrorPage {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, string>>;
  readonly requestId: string;
  readonly hostId: string;
  /** The error document was requested and could not be read. */
  readonly errorDocumentFailed?: { readonly code: string; readonly message: string };
}

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  412: "Precondition Failed",
  416: "Requested Range Not Satisfiable",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** The HTML of an error, in the layout of S3's website endpoints. */
export function errorPage(page: ErrorPage): string {
  const { status, code, message, details, requestId, hostId, errorDocumentFailed } = page;
  const title = `${status} ${REASONS[status] ?? "Error"}`;
  const told = { Code: code, Message: message, ...details, RequestId: requestId, HostId: hostId };
  const second = errorDocumentFailed
    ? `<h3>The error document of this website could not be shown</h3>\n${list({ Code: errorDocumentFailed.code, Message: errorDocumentFailed.message })}`
    : "";
  return `<!DOCTYPE html>\n<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n${list(told)}${second}<hr>\n</body>\n</html>\n`;
}

function list(entries: Readonly<Record<string, string>>): string {
  const items = Object.entries(entries).map(([name, value]) => `<li>${escaped(name)}: ${escaped(value)}</li>\n`);
  return `<ul>\n${items.join("")}</ul>\n`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
