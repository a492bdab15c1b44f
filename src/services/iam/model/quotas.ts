/**
 * Quotas, as "IAM and AWS STS quotas" in the IAM User Guide has them. AWS allows 5,000 users in an account; here listings page by seeks
 * and nothing grows with their number, so there may be more.
 */
export const quotas = {
  users: 100_000,
  groups: 300,
  roles: 1_000,
  policies: 1_500,
  providers: 100,
  accessKeysPerUser: 2,
  groupsPerUser: 10,
  attachedPoliciesPerEntity: 10,
  versionsPerPolicy: 5,
  tags: 50,
  clientIdsPerProvider: 100,
  thumbprintsPerProvider: 5,
} as const;
