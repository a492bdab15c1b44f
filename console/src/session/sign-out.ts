import { signOutPage } from "./oidc.ts";
import { currentSession, signOut, tellSignInError } from "./session.ts";

/** What the reader asks for: signs out here at once, and then at the provider by which the reader came, if it takes part. */
export async function signOutEverywhere(): Promise<void> {
  const signedInBy = currentSession()?.signedInBy ?? null;
  signOut();
  if (signedInBy === null) return;
  try {
    const page = await signOutPage(signedInBy);
    // The reader may have signed in again meanwhile.
    if (page !== null && currentSession() === null) location.assign(page);
  } catch (error) {
    tellSignInError(error);
  }
}
