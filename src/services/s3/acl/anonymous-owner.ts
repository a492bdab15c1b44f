import type { ObjectOwner } from "../../../store/types.ts";

/** The owner that S3 gives to what an anonymous caller writes: nobody's account. */
export const ANONYMOUS_OWNER: ObjectOwner = { id: "65a011a29cdf8ec533ec3d1ccaae921c", account: "" };
