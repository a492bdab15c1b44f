import type { Answer } from "../../../edge/answer.ts";
import type { RawUrl } from "../../../edge/raw-url.ts";
import type { Exchange } from "../../../edge/service.ts";
import { child, readXml } from "../../../protocols/rest-xml/read.ts";
import { requireShape } from "../../../protocols/rest-xml/shape.ts";
import { element, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { changeBucketTags, readBucketTags } from "../../../store/buckets/bucket-tags.ts";
import type { StoreContext } from "../../../store/context.ts";
import { StoreError } from "../../../store/failure.ts";
import type { BucketName, Tags } from "../../../store/types.ts";
import { readBody } from "../body/request-body.ts";
import { S3Error } from "../errors/error.ts";
import type { RequestGate } from "../gate/gate.ts";
import { BUCKET_TAGS, checkTags, parseTagList, TAG_LIST_SHAPE } from "../tagging/tags.ts";

/*
 * Tags of resources, of which this server has buckets: three operations of S3 Control, an API of its own at the same signing name.
 * Follows "Amazon S3 Control" in the S3 API reference.
 */

const PATH = "/v20180820/tags/";
const ACCOUNT = "x-amz-account-id";
const BODY_BYTES_MAX = 64 * 1024;
const KEYS_MAX = 50;

/** The three operations, by method. */
export const RESOURCE_TAG_ACTS = {
  GET: { name: "ListTagsForResource", action: "s3:ListTagsForResource" },
  POST: { name: "TagResource", action: "s3:TagResource" },
  DELETE: { name: "UntagResource", action: "s3:UntagResource" },
} as const;

/**
 * Whether a request is one of them. They have the account in a header, and requests for an object
 * with this path do not.
 */
export function isResourceTags({ rawPath }: RawUrl, headers: Headers): boolean {
  return rawPath.startsWith(PATH) && headers.has(ACCOUNT);
}

/**
 * The request's headers for its gate: if the account in `x-amz-account-id` is not the caller's, it
 * must be the bucket owner's.
 */
export function tagHeaders(headers: Headers, callerAccount: string | null): Headers {
  const account = headers.get(ACCOUNT);
  if (account === null || account === callerAccount) return headers;
  const expecting = new Headers(headers);
  expecting.set("x-amz-expected-bucket-owner", account);
  return expecting;
}

/** The bucket in the request's ARN. Throws MethodNotAllowed, NoSuchResource for anything else. */
export function taggedBucket(exchange: Exchange): { bucket: BucketName; act: keyof typeof RESOURCE_TAG_ACTS } {
  const { request, url } = exchange;
  if (!Object.hasOwn(RESOURCE_TAG_ACTS, request.method)) {
    throw new S3Error("MethodNotAllowed", undefined, { Method: request.method });
  }
  const act = request.method as keyof typeof RESOURCE_TAG_ACTS;
  exchange.operation = RESOURCE_TAG_ACTS[act].name;
  const bucket = /^arn:aws:s3:::([^/*?]+)$/.exec(decoded(url.rawPath.slice(PATH.length)))?.[1];
  if (bucket === undefined) throw new S3Error("NoSuchResource");
  return { bucket, act };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) throw new S3Error("InvalidURI");
    throw error;
  }
}

interface TagCall {
  readonly exchange: Exchange;
  readonly query: URLSearchParams;
  readonly bucket: BucketName;
  readonly act: keyof typeof RESOURCE_TAG_ACTS;
  /** With the deciding gate. */
  readonly store: StoreContext;
  readonly gate: RequestGate;
}

/** Throws AccessRefused, NoSuchResource, MalformedXML, InvalidTag, BadRequest for too many tags. */
export async function answerResourceTags(call: TagCall): Promise<Answer> {
  const { bucket, store, gate } = call;
  try {
    switch (call.act) {
      case "GET": {
        const tags = (await readBucketTags(store, bucket)) ?? [];
        return { status: 200, body: xmlDocument("ListTagsForResourceResult", element("Tags", tags.map(tagElement))) };
      }
      case "POST": {
        const added = await readTags(call);
        gate.body.resourceTags = added;
        await changeBucketTags(store, bucket, (tags) => withTags(tags, added));
        return { status: 204 };
      }
      case "DELETE": {
        const keys = tagKeys(call.query);
        gate.body.resourceTagKeys = keys;
        await changeBucketTags(store, bucket, (tags) => tags.filter(([key]) => !keys.includes(key)));
        return { status: 204 };
      }
    }
  } catch (error) {
    if (error instanceof StoreError && error.failure.kind === "no-such-bucket") throw new S3Error("NoSuchResource");
    throw error;
  }
}

function tagElement([key, value]: Tags[number]) {
  return element("Tag", element("Key", key), element("Value", value));
}

async function readTags({ exchange, store }: TagCall): Promise<Tags> {
  const { request, signature } = exchange;
  const length = request.headers.get("content-length");
  const contentLengthBytes = length !== null && /^\d{1,15}$/.test(length) ? Number(length) : null;
  const payload = { ...signature, pieces: exchange.pieces, contentLengthBytes };
  const root = readXml(
    await readBody({ payload, headers: request.headers, store }, BODY_BYTES_MAX),
    "TagResourceRequest",
  );
  requireShape(root, { Tags: TAG_LIST_SHAPE });
  const list = child(root, "Tags");
  if (list === undefined) throw new S3Error("MalformedXML");
  return parseTagList(list, BUCKET_TAGS);
}

/** Existing tags keep their position. Throws BadRequest if there are too many. */
function withTags(tags: Tags, added: Tags): Tags {
  const changed = new Map([...tags, ...added]);
  const all = [...changed];
  checkTags(all, BUCKET_TAGS);
  return all;
}

function tagKeys(query: URLSearchParams): string[] {
  const keys = query.getAll("tagKeys");
  if (keys.length > 0 && keys.length <= KEYS_MAX && keys.every((key) => key.length >= 1 && key.length <= 128))
    return keys;
  throw new S3Error("InvalidRequest", `tagKeys must name 1 to ${KEYS_MAX} keys of 1 to 128 characters.`);
}
