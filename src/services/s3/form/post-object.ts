import type { Answer } from "../../../edge/answer.ts";
import { element, plainDocument } from "../../../protocols/rest-xml/write.ts";
import type { Handler } from "../handler.ts";
import { objectLocation } from "../objects/location.ts";
import { putObject } from "../objects/put-object.ts";

interface Uploaded {
  readonly bucket: string;
  readonly key: string;
  /** In quotes. */
  readonly etag: string;
}

/**
 * PostObject, the upload by an HTML form. It does what PutObject does with the same headers, and
 * answers as the form asks (`success_action_redirect`, by its old name `redirect`, or
 * `success_action_status`).
 */
export const postObject: Handler = async (call) => {
  const { bucket, key, payload } = call;
  if (payload.form === undefined) throw new Error("PostObject without a form");
  const { fields } = payload.form;
  const { headers: written = {} } = await putObject(call);
  const uploaded = { bucket, key, etag: written.ETag ?? "" };
  const redirect = redirectTarget(fields.get("success_action_redirect") ?? fields.get("redirect"), uploaded);
  if (redirect !== null) return { status: 303, headers: { ...written, Location: redirect } };
  // S3 writes the slashes of the key as %2F here.
  const location = objectLocation(call.headers, bucket, "") + encodeURIComponent(key);
  const headers = { ...written, Location: location };
  return success(fields.get("success_action_status")?.value ?? "", uploaded, headers);
};

function success(wanted: string, { bucket, key, etag }: Uploaded, headers: Record<string, string>): Answer {
  switch (wanted) {
    case "200":
      return { status: 200, headers };
    case "201": {
      const location = element("Location", headers.Location);
      const elements = [location, element("Bucket", bucket), element("Key", key), element("ETag", etag)];
      return { status: 201, headers, body: plainDocument("PostResponse", ...elements) };
    }
    default:
      return { status: 204, headers };
  }
}

/**
 * The URL with facts about the upload added to its query, or null if no browser could be sent to
 * it.
 */
function redirectTarget(field: { value: string } | undefined, { bucket, key, etag }: Uploaded): string | null {
  const text = field?.value.trim() ?? "";
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  const added = new URLSearchParams({ bucket, key, etag }).toString();
  url.search = url.search === "" ? added : `${url.search}&${added}`;
  return url.href;
}
