import type { ObjectOwner } from "../../../store/types.ts";

/** S3's owner of objects that anonymous callers write: nobody's account. */
export const ANONYMOUS_OWNER: ObjectOwner = { id: "65a011a29cdf8ec533ec3d1ccaae921c", account: "" };
