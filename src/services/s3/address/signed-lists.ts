import { joinLists, type SignedForm } from "../../../auth/sigv4/canonical-request.ts";

/**
 * The headers of a request as its client has signed them. The platform joins repeated headers with
 * a comma and a space, S3 with a comma. If that form was signed, that form is stored.
 */
export function withSignedLists(headers: Headers, form: SignedForm | undefined): Headers {
  if (form === undefined || form.joinedHeaders.length === 0) return headers;
  const signed = new Headers(headers);
  for (const name of form.joinedHeaders) signed.set(name, joinLists(headers.get(name) ?? ""));
  return signed;
}
