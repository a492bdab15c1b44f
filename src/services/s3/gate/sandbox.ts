import type { Answer } from "../../../edge/answer.ts";

/**
 * What a document made of an object may do where it shares its origin with the server's own pages: run scripts, but as a page of an
 * origin of its own. So it cannot read those pages, nor pass for one of them.
 */
const SANDBOX =
  "sandbox allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox allow-modals allow-downloads " +
  "allow-pointer-lock allow-presentation allow-top-navigation-by-user-activation";

/** Types that browsers show as documents with scripts: HTML, SVG and any XML. */
const SCRIPTABLE = /^\s*(text\/(html|xml|xsl)|application\/(xml|xhtml\+xml)|[\w.-]+\/[\w.+-]*\+xml|multipart\/)/i;
/**
 * A value that is one type. Of any other, browsers look into the bytes, and may find HTML; of a list, they take the last one (WHATWG
 * Fetch, "extract a MIME type").
 */
const KNOWN = /^\s*(?!unknown\/unknown|application\/unknown)[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(;[^,]*)?$/i;

/**
 * The answer, in a sandbox (Content Security Policy, Level 3, "sandbox") if it is an object that a browser may show as a document.
 * PDF is none: the sandbox would keep Chromium's viewer away, and a PDF runs no script in the page's origin.
 */
export function inSandbox(answer: Answer): Answer {
  const type = answer.headers?.["Content-Type"];
  if (type === undefined || typeof answer.body === "string" || (KNOWN.test(type) && !SCRIPTABLE.test(type)))
    return answer;
  return { ...answer, headers: { ...answer.headers, "Content-Security-Policy": SANDBOX } };
}
