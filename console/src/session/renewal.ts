import { AwsError } from "../aws/errors.ts";
import { renew } from "./oidc.ts";
import { renewSession, type Session, signOut } from "./session.ts";

/** Before temporary credentials end, so that nothing that is under way meets their end. */
const EARLY_MS = 5 * 60_000;
const LOOK_MS = 5_000;

/**
 * Renews temporary credentials in time if the provider has given what that takes, and otherwise signs out when they end. A provider that does
 * not answer is asked again until then. Returns what stops it.
 */
export function watchExpiry(session: Session): () => void {
  const { expiresMs, renewal } = session;
  if (expiresMs === null) return () => {};
  let isRenewing = false;
  let hasFailed = renewal === null;
  const look = async () => {
    const now = Date.now();
    if (now >= expiresMs) return signOut("expired");
    if (renewal === null || hasFailed || isRenewing || now < expiresMs - EARLY_MS) return;
    isRenewing = true;
    try {
      renewSession(session, await renew(renewal));
    } catch (error) {
      // What was refused will be refused again; without an answer it may be another time.
      hasFailed = error instanceof AwsError && error.status !== 0;
    } finally {
      isRenewing = false;
    }
  };
  void look();
  const timer = setInterval(() => void look(), LOOK_MS);
  const end = setTimeout(() => void look(), expiresMs - Date.now());
  return () => {
    clearInterval(timer);
    clearTimeout(end);
  };
}
