import type { LifecycleConfiguration } from "../lifecycle/configuration.ts";
import { LIFECYCLE_DOCUMENT, type ReadOptions, readLifecycle } from "../lifecycle/document.ts";
import { lifecycleFromJson } from "../lifecycle/json.ts";
import { LifecycleRefused } from "../lifecycle/refused.ts";
import { parsePlace, previewLifecycle } from "../maintenance/lifecycle/preview.ts";
import { MalformedXml, readXml } from "../protocols/rest-xml/read.ts";
import { storeOf } from "../store/buckets/databases.ts";
import type { StoreContext } from "../store/context.ts";
import { budgetOf } from "./call-budget.ts";
import { jsonPage, refusal } from "./json-page.ts";
import type { AskedPage, OwnPage, RenderedPage } from "./serve-page.ts";

/**
 * POST `/-/lifecycle-preview/BUCKET`: what the configuration in the body (AWS's XML, or the JSON that the AWS CLI takes) would do to the
 * bucket, or the one that it has, if there is no body. Changes nothing.
 */
export function lifecyclePages(store: StoreContext): Record<string, OwnPage> {
  const preview: OwnPage = {
    method: "POST",
    action: "sherd:PreviewLifecycle",
    isReadOnly: true,
    resource: ({ bucket = "" }) => `arn:aws:s3:::${bucket}`,
    render: (asked) => render(store, asked),
  };
  return { "lifecycle-preview/:bucket": preview };
}

async function render(
  first: StoreContext,
  { path: { bucket: name = "" }, query, body }: AskedPage,
): Promise<RenderedPage> {
  const store = await storeOf(first, name);
  const bucket = await store.metadata.buckets.find(name);
  if (!bucket) return refusal(404, `there is no bucket ${name}`);
  const text = query.get("from");
  const from = text === null ? null : parsePlace(text);
  if (text !== null && from === null) return refusal(400, "`from` is not what a preview gave as `next`");
  const configuration = body.length === 0 ? bucket.lifecycle : read(body, optionsOf(store, query));
  if (configuration === null) return refusal(404, "the bucket has no lifecycle configuration: send one as the body");
  if (configuration instanceof Error) return refusal(400, configuration.message);
  const budget = budgetOf(store);
  const asked = { bucket, configuration: configuration as LifecycleConfiguration, budget, from };
  return jsonPage(await previewLifecycle(store, asked));
}

function optionsOf({ settings }: StoreContext, query: URLSearchParams): ReadOptions {
  let unnamed = 0;
  return {
    dayMs: settings.lifecycleDaySeconds * 1000,
    // By its place, so that each call names it alike.
    newId: () => `unnamed-${++unnamed}`,
    isConfigured: (storageClass) => Object.hasOwn(settings.storageClasses, storageClass),
    minimumSize: query.get("transition-default-minimum-object-size"),
  };
}

/** The configuration in a body, or why it is none. */
function read(body: Uint8Array, options: ReadOptions): LifecycleConfiguration | Error {
  try {
    const isXml = new TextDecoder().decode(body.subarray(0, 64)).trimStart().startsWith("<");
    const root = isXml
      ? readXml(body, LIFECYCLE_DOCUMENT)
      : lifecycleFromJson(JSON.parse(new TextDecoder().decode(body)));
    return readLifecycle(root, options);
  } catch (error) {
    if (error instanceof LifecycleRefused) return error;
    if (error instanceof MalformedXml || error instanceof SyntaxError) {
      return new Error("the body is neither a LifecycleConfiguration in XML nor its JSON");
    }
    throw error;
  }
}
