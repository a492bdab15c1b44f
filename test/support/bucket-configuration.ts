import { CreateBucketCommand, type S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elementText, failure, type Sherd, startSherd } from "./sherd.ts";

/** A Sherd with a bucket named `bucket`, for the tests of one file. */
export interface BucketRig {
  readonly sherd: Sherd;
  readonly client: S3Client;
}

/** Starts the Sherd before the first test of the file and stops it after the last one. Read its parts within tests only. */
export function useBucket(): BucketRig {
  let sherd: Sherd;
  let client: S3Client;
  beforeAll(async () => {
    sherd = await startSherd();
    client = sherd.client();
    await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
  });
  afterAll(() => sherd?.stop());
  return {
    get sherd() {
      return sherd;
    },
    get client() {
      return client;
    },
  };
}

/** The three operations of one configuration of a bucket; `get` returns it as the SDK reads it. */
export interface Configuration<Value> {
  put(value: Value, bucket?: string): Promise<unknown>;
  get(bucket?: string): Promise<unknown>;
  remove(bucket?: string): Promise<unknown>;
}

export interface ConfigurationCase<Value> {
  /** Query parameter that names it, such as `cors`. */
  subresource: string;
  /** Two that differ. */
  values: [Value, Value];
  /** What `get` fails with if there is none. */
  absent: { code: string; status: number };
}

/** What holds of every configuration: it is kept, replaced as a whole, taken away, and one bucket's own. */
export function describeConfiguration<Value>(
  rig: BucketRig,
  { put, get, remove }: Configuration<Value>,
  { subresource, values: [first, second], absent }: ConfigurationCase<Value>,
): void {
  describe(`the configuration ?${subresource}`, () => {
    test("is kept, and replaced as a whole", async () => {
      await put(first);
      expect(await get()).toEqual(first);
      await put(second);
      expect(await get()).toEqual(second);
    });

    test("can be taken away, also where there is none, and set again", async () => {
      await put(first);
      await remove();
      expect(await failure(get())).toMatchObject(absent);
      await remove();
      await put(second);
      expect(await get()).toEqual(second);
    });

    test("of a bucket that is not there", async () => {
      for (const call of [() => put(first, "absent"), () => get("absent"), () => remove("absent")]) {
        expect(await failure(call())).toMatchObject({ code: "NoSuchBucket", status: 404 });
      }
    });

    test("a document that is none changes nothing", async () => {
      await put(first);
      for (const body of ["<", "<Wrong/>"]) {
        const { status, text } = await rig.sherd.raw({ method: "PUT", path: `/bucket?${subresource}`, body });
        expect([body, status, elementText(text, "Code")]).toEqual([body, 400, "MalformedXML"]);
      }
      expect(await get()).toEqual(first);
    });
  });
}
