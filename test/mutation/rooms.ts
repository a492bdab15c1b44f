/** Sources that are changed together, and the tests that should notice. Each room takes minutes. */
export const rooms: Readonly<Record<string, { sources: readonly string[]; tests: readonly string[] }>> = {
  conditions: {
    sources: ["src/services/s3/objects/conditions.ts"],
    tests: ["test/services/s3/objects/conditions.test.ts"],
  },
  placement: {
    sources: ["src/store/placement/*.ts"],
    tests: ["test/store/{placement,require-space}.test.ts"],
  },
  policy: {
    sources: ["src/auth/policy/**/*.ts", "!src/auth/policy/{managed-policies,s3-catalog}.ts"],
    tests: ["test/auth/policy/{conditions,decide,json,parse,pattern,public-access,simulate,wildcard}.test.ts"],
  },
  ranges: {
    sources: ["src/services/s3/objects/range.ts"],
    tests: ["test/services/s3/objects/range.test.ts"],
  },
  sigv4: {
    sources: ["src/auth/sigv4/*.ts"],
    tests: ["test/auth/sigv4/*.test.ts"],
  },
  versions: {
    sources: ["src/store/version-id.ts"],
    tests: ["test/store/version-id.test.ts"],
  },
};
