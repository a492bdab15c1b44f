import { canonicalIdOf, type Principal } from "../../../auth/principal.ts";
import type { Answer } from "../../../edge/answer.ts";
import type { RawUrl } from "../../../edge/raw-url.ts";
import type { Exchange } from "../../../edge/service.ts";
import { readXml } from "../../../protocols/rest-xml/read.ts";
import { readAccountBlock, setAccountBlock } from "../../../store/buckets/bucket-configuration.ts";
import type { StoreContext } from "../../../store/context.ts";
import { readBody } from "../body/request-body.ts";
import { S3Error } from "../errors/error.ts";
import { parsePublicAccessBlock, publicAccessDocument } from "./public-access-block.ts";

/*
 * The public access block of a whole account: three operations of S3 Control, an API of its own at the same signing name. Follows "Amazon
 * S3 Control" in the S3 API reference.
 */

const PATH = "/v20180820/configuration/publicAccessBlock";
const ACCOUNT = "x-amz-account-id";
const BODY_BYTES_MAX = 64 * 1024;
const ROOT = "PublicAccessBlockConfiguration";

/**
 * Whether a request is one of them. They have the account in a header, and requests for an object
 * with this path do not.
 */
export function isAccountBlock({ rawPath }: RawUrl, headers: Headers): boolean {
  return rawPath === PATH && headers.has(ACCOUNT);
}

/** Throws AccessRefused, AccessDenied for another account, NoSuchPublicAccessBlockConfiguration, MalformedXML. */
export async function answerAccountBlock(exchange: Exchange, store: StoreContext): Promise<Answer> {
  const { request } = exchange;
  const { owner, act } = authorised(exchange);
  switch (act) {
    case "GET": {
      const block = await readAccountBlock(store, owner);
      if (block === null) throw new S3Error("NoSuchPublicAccessBlockConfiguration");
      return { status: 200, body: publicAccessDocument(block) };
    }
    case "PUT": {
      const { signature } = exchange;
      const length = request.headers.get("content-length");
      const contentLengthBytes = length !== null && /^\d{1,15}$/.test(length) ? Number(length) : null;
      const payload = { ...signature, pieces: exchange.pieces, contentLengthBytes };
      const body = await readBody({ payload, headers: request.headers, store }, BODY_BYTES_MAX);
      await setAccountBlock(store, owner, parsePublicAccessBlock(readXml(body, ROOT)));
      return { status: 200 };
    }
    case "DELETE":
      await setAccountBlock(store, owner, null);
      return { status: 204 };
  }
}

const ACTS = {
  GET: { name: "GetPublicAccessBlock", action: "s3:GetAccountPublicAccessBlock" },
  PUT: { name: "PutPublicAccessBlock", action: "s3:PutAccountPublicAccessBlock" },
  DELETE: { name: "DeletePublicAccessBlock", action: "s3:PutAccountPublicAccessBlock" },
} as const;

/** The account and the operation, if the caller has permission. */
function authorised(exchange: Exchange): { owner: string; act: keyof typeof ACTS } {
  const { request, caller } = exchange;
  const method = request.method;
  if (!Object.hasOwn(ACTS, method)) throw new S3Error("MethodNotAllowed", undefined, { Method: method });
  const act = method as keyof typeof ACTS;
  exchange.operation = ACTS[act].name;
  caller.demand([{ action: ACTS[act].action, resource: "*", resourceAccountId: null }]);
  if (request.headers.get(ACCOUNT) !== accountOf(caller.principal)) throw new S3Error("AccessDenied");
  return { owner: canonicalIdOf(caller.principal), act };
}

function accountOf(principal: Principal): string | null {
  return "accountId" in principal ? principal.accountId : null;
}
