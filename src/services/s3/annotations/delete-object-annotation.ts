import { deleteAnnotation } from "../../../store/annotations/annotations.ts";
import type { Handler } from "../handler.ts";
import { versionOf } from "../objects/version-id.ts";
import { objectVersionHeader } from "./answer-headers.ts";
import { annotationCondition } from "./condition.ts";
import { annotationNameOf } from "./name.ts";

/** DeleteObjectAnnotation: permanent, and successful if there is none of the name. */
export const deleteObjectAnnotation: Handler = async ({ bucket, key, query, headers, store }) => {
  const object = { bucket, key, ...versionOf(query) };
  const name = annotationNameOf(query);
  const { versionId } = await deleteAnnotation(store, object, { name, ...annotationCondition(headers) });
  return { status: 204, headers: objectVersionHeader(versionId) };
};
