import { assumeRole } from "./assume/assume-role.ts";
import { assumeRoleWithWebIdentity } from "./assume/assume-role-with-web-identity.ts";
import { getFederationToken } from "./federate/get-federation-token.ts";
import { getSessionToken } from "./federate/get-session-token.ts";
import { getAccessKeyInfo } from "./identify/get-access-key-info.ts";
import { getCallerIdentity } from "./identify/get-caller-identity.ts";
import type { StsOperation } from "./operation.ts";

/** Every operation of STS that AWS has (API version 2011-06-15, as the SDKs of November 2026 know it). */
export type StsOperationName =
  | "AssumeRole"
  | "AssumeRoleWithSAML"
  | "AssumeRoleWithWebIdentity"
  | "AssumeRoot"
  | "DecodeAuthorizationMessage"
  | "GetAccessKeyInfo"
  | "GetCallerIdentity"
  | "GetDelegatedAccessToken"
  | "GetFederationToken"
  | "GetScopedCredentials"
  | "GetSessionToken"
  | "GetWebIdentityToken";

/** A missing row does not compile. Null: it is not built, which is answered by name. */
export const operations: Readonly<Record<StsOperationName, StsOperation | null>> = {
  AssumeRole: assumeRole,
  AssumeRoleWithSAML: null,
  AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity,
  AssumeRoot: null,
  DecodeAuthorizationMessage: null,
  GetAccessKeyInfo: getAccessKeyInfo,
  GetCallerIdentity: getCallerIdentity,
  GetDelegatedAccessToken: null,
  GetFederationToken: getFederationToken,
  GetScopedCredentials: null,
  GetSessionToken: getSessionToken,
  GetWebIdentityToken: null,
};
