import type { Answer } from "../../../edge/answer.ts";

/**
 * Permissions of an object's document that shares its origin with the server's own pages: it may
 * run scripts, but as a page of an origin of its own. So it can neither read those pages nor pass
 * for one of them.
 */
const SANDBOX =
  "sandbox allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox allow-modals allow-downloads " +
  "allow-pointer-lock allow-presentation allow-top-navigation-by-user-activation";

/** Types that browsers show as documents with scripts: HTML, SVG and any XML. */
const SCRIPTABLE = /^\s*(text\/(html|xml|xsl)|application\/(xml|xhtml\+xml)|[\w.-]+\/[\w.+-]*\+xml|multipart\/)/i;
/**
 * A value with one type. For any other value, browsers inspect the bytes, and may find HTML; of a
 * list they use the last type (WHATWG Fetch, "extract a MIME type").
 */
const KNOWN = /^\s*(?!unknown\/unknown|application\/unknown)[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(;[^,]*)?$/i;

/**
 * The answer, in a sandbox (Content Security Policy, Level 3, "sandbox") if it is an object that a
 * browser may show as a document. PDF is excluded: the sandbox would disable Chromium's viewer, and
 * a PDF runs no script in the page's origin.
 */
export function inSandbox(answer: Answer): Answer {
  const type = answer.headers?.["Content-Type"];
  if (type === undefined || typeof answer.body === "string" || (KNOWN.test(type) && !SCRIPTABLE.test(type)))
    return answer;
  return { ...answer, headers: { ...answer.headers, "Content-Security-Policy": SANDBOX } };
}
