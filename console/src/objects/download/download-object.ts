import type { AwsClient } from "../../aws/client.ts";
import { nameOf } from "../../aws/keys.ts";
import { type ObjectRef, shareLink } from "../../aws/s3/objects.ts";

/** The browser has to begin in this time; then the download may take as long as it likes. */
const LINK_SECONDS = 60;

/** Saves one object: the browser downloads it by a presigned link, so nothing of it passes through the page. */
export async function downloadObject(client: AwsClient, ref: ObjectRef): Promise<void> {
  const name = nameOf(ref.key).replace(/\/$/, "");
  const link = document.createElement("a");
  link.href = await shareLink(client, ref, { expiresSeconds: LINK_SECONDS, saveAs: name });
  link.download = name;
  link.rel = "noopener noreferrer";
  link.click();
}
