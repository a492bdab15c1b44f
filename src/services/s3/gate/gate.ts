import { AccessRefused, type Caller, type Ask as PolicyAsk } from "../../../auth/access.ts";
import { canonicalIdOf, firstAccount } from "../../../auth/principal.ts";
import { fullControl } from "../../../auth/public-acls.ts";
import type { Exchange } from "../../../edge/service.ts";
import type { Gate } from "../../../store/gate.ts";
import type { Bucket, ObjectAccess, ObjectHead, ObjectOwner } from "../../../store/types.ts";
import { newObjectAccess } from "../acl/new-object-access.ts";
import type { RequestedAcl } from "../acl/requested-acl.ts";
import { S3Error } from "../errors/error.ts";
import { aclGrant } from "./acl-grant.ts";
import type { Ask } from "./ask.ts";
import { type BodyFacts, contextValue, type RequestContext } from "./context-keys.ts";
import { checkExpectedOwner } from "./expected-owner.ts";
import { type BucketSettings, settingsOf } from "./settings.ts";

/** Parts of a request's gate. */
export interface GateParts {
  readonly caller: Caller;
  readonly asks: readonly Ask[];
  readonly request: RequestContext;
  /** Counts the request for the owner of its bucket, if it is not signed. May throw to refuse. */
  readonly countFor?: Exchange["countFor"] | undefined;
}

/**
 * The asks that the root user of the bucket's account may always do, so that no policy locks out
 * everybody.
 */
const OF_OWNERS_ROOT: ReadonlySet<string> = new Set([
  "s3:GetBucketPolicy",
  "s3:PutBucketPolicy",
  "s3:DeleteBucketPolicy",
]);

/** Known facts about the object of an ask. */
type Existing =
  | { readonly kind: "known"; readonly object: ObjectHead | null }
  | { readonly kind: "unknown"; matters(): void }
  | { readonly kind: "own-upload" };

const NO_OBJECT: Existing = { kind: "known", object: null };
const OWN_UPLOAD: Existing = { kind: "own-upload" };

/** Decides what one request to S3 may do. */
export class RequestGate implements Gate {
  readonly #caller: Caller;
  readonly #request: RequestContext;
  /** The ACL that its headers give to an object that it writes; null: none. */
  #acl: RequestedAcl | null = null;
  #asks: readonly Ask[];
  readonly #decided = new Set<Ask>();
  readonly #countFor: GateParts["countFor"];

  constructor({ caller, asks, request, countFor }: GateParts) {
    this.#countFor = countFor;
    this.#caller = caller;
    this.#asks = asks;
    this.#request = request;
  }

  /** Facts from the body that policies may use; to be filled in as soon as it was read. */
  get body(): BodyFacts {
    return this.#request.body;
  }

  /** Whether it writes an object with an ACL of its own. */
  get setsAcl(): boolean {
    return this.#asks.some(({ action, subject }) => action === "s3:PutObjectAcl" && subject === "key");
  }

  set acl(acl: RequestedAcl | null) {
    this.#acl = acl;
  }

  /** Decides the asks about the caller's own account, with further asks. Throws `AccessRefused`. */
  account(more: readonly Ask[] = []): void {
    for (const ask of [...this.#asks, ...more]) {
      if (ask.subject !== "account") continue;
      const resource = ask.bucket === "" ? "*" : arnOf(ask);
      const context = this.#context(ask, null, () => null);
      this.#caller.demand([{ action: ask.action, resource, resourceAccountId: null, context }]);
      this.#decided.add(ask);
    }
  }

  /** Like `account`, for a request whose body was read: confirms a denial first. */
  async accountSurely(more: readonly Ask[]): Promise<void> {
    try {
      this.account(more);
    } catch (error) {
      if (!(error instanceof AccessRefused)) throw error;
      await this.#caller.confirm();
      this.account(more);
    }
  }

  /** Adds asks that were found later: they are decided with the rest from then on. */
  add(asks: readonly Ask[]): void {
    this.#asks = [...this.#asks, ...asks];
  }

  bucket(bucket: Bucket): void {
    checkExpectedOwner(this.#request, bucket);
    const settings = settingsOf(bucket);
    for (const ask of this.#of(bucket)) {
      if (ask.subject !== "object" && ask.subject !== "upload") this.#demand(ask, settings, NO_OBJECT);
    }
    this.#count(bucket);
  }

  upload(bucket: Bucket, initiator: string | null): void {
    const settings = settingsOf(bucket);
    const isInitiator = initiator === this.#writer().id;
    if (settings.hasAcls && initiator !== null && !isInitiator && this.#isOutsider(settings)) {
      throw new S3Error("AccessDenied");
    }
    for (const ask of this.#of(bucket)) {
      if (ask.subject === "upload") this.#demand(ask, settings, isInitiator ? OWN_UPLOAD : NO_OBJECT);
    }
    this.#count(bucket);
  }

  object(bucket: Bucket, { key }: { key: string }, object: ObjectHead | null): void {
    const settings = settingsOf(bucket);
    for (const ask of this.#of(bucket)) {
      if (ask.subject !== "object" || ask.key !== key) continue;
      this.#demand(ask, settings, { kind: "known", object });
      if (object === null) this.#demandListing(bucket, settings);
    }
    this.#count(bucket);
  }

  anyObject(bucket: Bucket): boolean {
    const settings = settingsOf(bucket);
    let matters = settings.hasAcls;
    const unknown: Existing = {
      kind: "unknown",
      matters: () => {
        matters = true;
      },
    };
    for (const ask of this.#of(bucket)) {
      if (ask.subject !== "object" || matters) continue;
      const decision = this.#decide(ask, settings, unknown);
      if (!matters && !decision) this.#demand(ask, settings, unknown);
    }
    if (!matters) for (const ask of this.#of(bucket)) this.#decided.add(ask);
    this.#count(bucket);
    return !matters;
  }

  allows(bucket: Bucket): boolean {
    if (!this.#suits(bucket)) return false;
    const settings = settingsOf(bucket);
    return this.#of(bucket).every((ask) => {
      let matters = settings.hasAcls && ask.subject === "object";
      const existing: Existing = {
        kind: "unknown",
        matters: () => {
          matters = true;
        },
      };
      return matters || this.#decide(ask, settings, existing) || matters;
    });
  }

  /** Whether one more thing is allowed; the answer depends on it. */
  allowsAsk(ask: Ask, bucket: Bucket, object: ObjectHead | null = null): boolean {
    return this.#decide(ask, settingsOf(bucket), { kind: "known", object });
  }

  /**
   * Whether policies alone allow an ask for every object without an owner of its own, whatever its
   * tags and ACL.
   */
  allowsEvery(ask: Ask, bucket: Bucket): boolean {
    let matters = false;
    const unknown: Existing = {
      kind: "unknown",
      matters: () => {
        matters = true;
      },
    };
    const asked = this.#policyAsk(ask, settingsOf(bucket), unknown);
    return this.#caller.decide({ ...asked, aclGrant: "none" }).allowed && !matters;
  }

  /** Decides one more ask that was found. Throws `AccessRefused`. */
  demand(ask: Ask, bucket: Bucket, object: ObjectHead | null = null): void {
    this.#demand(ask, settingsOf(bucket), { kind: "known", object });
  }

  guess(name: string): Bucket | null {
    const { principal } = this.#caller;
    if (!("accountId" in principal)) return null;
    const unset = {
      versioning: null,
      objectLock: null,
      accessId: null,
      notificationId: null,
      lifecycle: null,
      access: null,
      ownerRate: null,
    };
    const { canonicalId: owner, accountId: ownerAccount } = principal;
    return { id: 0, name, owner, ownerAccount, region: "", createdMs: 0, ...unset };
  }

  newObject(bucket: Bucket): ObjectAccess {
    return newObjectAccess(this.#acl, this.#writer(), settingsOf(bucket));
  }

  isForeign(bucket: Bucket, owner: string): boolean {
    const settings = settingsOf(bucket);
    return owner !== (newObjectAccess(null, this.#writer(), settings).owner ?? settings.owner).id;
  }

  /** An ask that was never decided is a bug: the request gets no answer. */
  requireDecided(): void {
    const open = this.#asks.find((ask) => !this.#decided.has(ask));
    if (open) throw new Error(`nobody has decided whether the request may be answered: ${open.action}`);
  }

  /**
   * Only after all asks about the bucket are allowed: refused requests use up nothing of its
   * owner's limits.
   */
  #count(bucket: Bucket): void {
    if (this.#countFor === undefined || bucket.name !== this.#request.bucket) return;
    if (this.#of(bucket).some((ask) => !this.#decided.has(ask))) return;
    this.#countFor({ accountId: bucket.ownerAccount ?? firstAccount.accountId, rate: bucket.ownerRate });
  }

  #writer(): ObjectOwner {
    const { principal } = this.#caller;
    return { id: canonicalIdOf(principal), account: "accountId" in principal ? principal.accountId : "" };
  }

  /** Whether the bucket belongs to the expected owner, and accepts the request's ACL. */
  #suits(bucket: Bucket): boolean {
    try {
      checkExpectedOwner(this.#request, bucket);
      if (this.#acl !== null) this.newObject(bucket);
      return true;
    } catch (error) {
      if (error instanceof S3Error) return false;
      throw error;
    }
  }

  #isOutsider({ owner }: BucketSettings): boolean {
    const { principal } = this.#caller;
    return !("accountId" in principal) || principal.accountId !== owner.account;
  }

  #of(bucket: Bucket): readonly Ask[] {
    return this.#asks.filter((ask) => ask.bucket === bucket.name && ask.subject !== "account");
  }

  /** Only callers who may list the bucket may learn that there is no such object. */
  #demandListing(bucket: Bucket, settings: BucketSettings): void {
    this.#demand({ action: "s3:ListBucket", subject: "bucket", bucket: bucket.name, key: "" }, settings, NO_OBJECT);
  }

  #decide(ask: Ask, settings: BucketSettings, existing: Existing): boolean {
    return this.#isOwnersRoot(ask, settings) || this.#caller.decide(this.#policyAsk(ask, settings, existing)).allowed;
  }

  #demand(ask: Ask, settings: BucketSettings, existing: Existing): void {
    if (!this.#isOwnersRoot(ask, settings)) this.#caller.demand([this.#policyAsk(ask, settings, existing)]);
    this.#decided.add(ask);
  }

  #isOwnersRoot(ask: Ask, { owner }: BucketSettings): boolean {
    const { principal } = this.#caller;
    return OF_OWNERS_ROOT.has(ask.action) && principal.kind === "root" && principal.accountId === owner.account;
  }

  #policyAsk(ask: Ask, settings: BucketSettings, existing: Existing): PolicyAsk {
    const { principal } = this.#caller;
    const object = existing.kind === "known" ? existing.object : null;
    const owner = ownerOf(ask, settings, object);
    const isOutsider = this.#isOutsider(settings);
    // RestrictPublicBuckets: only its own account and services have access to a bucket with a
    // public policy.
    const isShut =
      isOutsider && principal.kind !== "service" && settings.block.RestrictPublicBuckets && settings.isPublic();
    const existingTags = () => {
      if (existing.kind === "unknown") existing.matters();
      return object?.tags ?? null;
    };
    return {
      action: ask.action,
      resource: arnOf(ask),
      resourceAccountId: owner.account,
      resourcePolicy: settings.policy,
      resourcePolicyMode: isShut || owner.id !== settings.owner.id ? "denyOnly" : undefined,
      aclGrant: isShut || !settings.hasAcls ? "none" : this.#aclGrant(ask, settings, existing),
      context: this.#context(ask, settings, existingTags),
    };
  }

  #aclGrant(ask: Ask, settings: BucketSettings, existing: Existing) {
    const { principal } = this.#caller;
    const ignoresPublic = settings.block.IgnorePublicAcls;
    // Callers who may write may also list the parts of their own uploads, and abort them.
    const action = existing.kind === "own-upload" ? "s3:PutObject" : ask.action;
    const object = existing.kind === "known" ? existing.object : null;
    if (ask.subject !== "object")
      return aclGrant({ acl: settings.acl, of: "bucket", action, ignoresPublic }, principal);
    // A missing object counts as readable if the bucket's ACL lets the caller list: `object` also
    // requires that.
    if (object === null)
      return aclGrant({ acl: settings.acl, of: "bucket", action: "s3:ListBucket", ignoresPublic }, principal);
    const acl = object.acl ?? fullControl((object.owner ?? settings.owner).id);
    return aclGrant({ acl, of: "object", action, ignoresPublic }, principal);
  }

  #context(ask: Ask, settings: BucketSettings | null, existingTags: () => ObjectHead["tags"] | null) {
    const bucketAccount = settings?.owner.account ?? null;
    const about = { request: this.#request, ask, bucketAccount, bucketTags: settings?.tags ?? [], existingTags };
    return (key: string) => contextValue(key, about);
  }
}

/** Owner of the resource: of a key the bucket owner, of an object its own owner if ACLs count. */
function ownerOf({ subject }: Ask, { owner, hasAcls }: BucketSettings, object: ObjectHead | null): ObjectOwner {
  return subject === "object" && hasAcls ? (object?.owner ?? owner) : owner;
}

function arnOf({ bucket, key }: Ask): string {
  return `arn:aws:s3:::${bucket}${key === "" ? "" : `/${key}`}`;
}
