/**
 * Whether nobody on the way can answer for the host of a URL: HTTPS, or plain HTTP to a loopback address, which only a server on the
 * same machine can mean.
 */
export function isTrustedUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || (protocol === "http:" && /^(127\.0\.0\.1|localhost|\[::1\])$/.test(hostname));
}
