import { randomBytes } from "node:crypto";
import type { Caller } from "../../../../src/auth/access.ts";
import { anonymousCaller } from "../../../../src/auth/caller.ts";
import { type OpenedSession, Sessions } from "../../../../src/auth/keys/sessions.ts";
import type { Service } from "../../../../src/edge/service.ts";
import { stsService } from "../../../../src/services/sts/service.ts";
import { type Answered, callService, IamRig, type Parameters } from "../../iam/support/iam.ts";

/** STS beside IAM over the same store. */
export class StsRig {
  readonly iam: IamRig;
  readonly sessions: Sessions;
  readonly service: Service;
  /** Addresses that the server has asked. */
  readonly requests: string[] = [];
  #instead: (() => Response) | null = null;

  private constructor(iam: IamRig) {
    this.iam = iam;
    this.sessions = new Sessions(iam.sealer, (count) => new Uint8Array(randomBytes(count)));
    const { identities, clock } = iam;
    const outbound = async (url: unknown, init: unknown) => {
      this.requests.push(String(url));
      return this.#instead?.() ?? fetch(String(url), init as RequestInit);
    };
    this.service = stsService({ identities, sessions: this.sessions, clock, fetch: outbound as typeof fetch });
  }

  static async open(): Promise<StsRig> {
    return new StsRig(await IamRig.open());
  }

  /** What all issuers answer from now on; null: what they answer themselves. */
  answerWith(instead: (() => Response) | null): void {
    this.#instead = instead;
  }

  anonymous(): Caller {
    return anonymousCaller({ context: () => undefined, now: () => this.iam.clock.now() });
  }

  call(caller: Caller, Action: string, parameters: Parameters = {}): Promise<Answered> {
    return callService(this.service, caller, { Action, Version: "2011-06-15", ...parameters }, this.iam.clock.now());
  }

  /** Makes a role with this statement as its trust policy; returns its ARN. */
  async role(RoleName: string, statement: object, more: Parameters = {}): Promise<string> {
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: statement });
    const { Role } = await this.iam.ok("CreateRole", { RoleName, AssumeRolePolicyDocument, ...more });
    return Role.Arn;
  }

  /** What a session token says. */
  opened(credentials: { AccessKeyId: string; SessionToken: string }): OpenedSession {
    const session = this.sessions.open(credentials.AccessKeyId, credentials.SessionToken);
    if (session === null) throw new Error("a token that does not open");
    return session;
  }
}
