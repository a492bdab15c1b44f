/** What the client calls this server: the host of its request, and https if a proxy in front says so. */
export function originOf(request: Request): string {
  const url = new URL(request.url);
  const isSecure = url.protocol === "https:" || request.headers.get("x-forwarded-proto") === "https";
  return `${isSecure ? "https" : "http"}://${request.headers.get("host") ?? url.host}`;
}
