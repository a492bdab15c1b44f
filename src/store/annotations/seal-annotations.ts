import type { AnnotationRow } from "../../metadata/annotations/annotation-rows.ts";
import type { ObjectEncryption } from "../../sealing/object-encryption.ts";
import type { ObjectKey } from "../../sealing/object-key.ts";
import { StoreError } from "../failure.ts";
import type { NewSealing } from "../sealed/new-sealing.ts";

/**
 * Checks that an object with this encryption (undefined: plain) can have annotations: requests for
 * them cannot carry a client's key, and AWS does not support them either. Throws `StoreError`
 * not-annotatable.
 */
export function requireAnnotatable(form: ObjectEncryption["form"] | undefined): void {
  if (form === "SSE-C") throw new StoreError({ kind: "not-annotatable" });
}

/**
 * The sealing that opens an annotation of a version; null: it is plain. Throws `StoreError`
 * sealed-shut if the key is lost.
 */
export function annotationKey({ layers }: Pick<AnnotationRow, "layers">, sealing: NewSealing | null): ObjectKey | null {
  if (layers === 0) return null;
  if (sealing?.key.layers === layers) return sealing.key;
  throw new StoreError({ kind: "sealed-shut", reason: "an annotation is encrypted otherwise than its object" });
}
