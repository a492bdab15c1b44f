import { expect, test } from "vitest";
import type { Availability, Client } from "./client.ts";
import { Preparations, Turns } from "./side-by-side.ts";

const ready: Availability = { ready: true, version: "1" };

/** A client whose preparation ends when the test says so. */
function client(name: string, sharesPython = false) {
  const prepared = Promise.withResolvers<Availability>();
  let isAsked = false;
  const made: Client = {
    name,
    required: true,
    ...(sharesPython ? { sharesPython } : {}),
    prepare: () => {
      isAsked = true;
      return prepared.promise;
    },
    run: async () => {},
  };
  return { client: made, prepared, isAsked: () => isAsked };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("clients are prepared one at a time, and handed out as they get ready", async () => {
  const [first, second] = [client("first"), client("second")];
  const preparations = new Preparations([first.client, second.client]);
  const waiting = preparations.next();
  await settled();
  expect([preparations.current, second.isAsked()]).toEqual(["first", false]);
  first.prepared.resolve(ready);
  expect(await waiting).toMatchObject({ client: { name: "first" }, outcome: { status: "fulfilled", value: ready } });
  await settled();
  expect([preparations.current, second.isAsked()]).toEqual(["second", true]);
  const others = [preparations.next(), preparations.next()];
  second.prepared.reject(new Error("no network"));
  const [last, none] = await Promise.all(others);
  expect(last).toMatchObject({ client: { name: "second" }, outcome: { status: "rejected" } });
  expect(none).toBeUndefined();
});

test("clients of one environment run only when nothing is installed into it any more", async () => {
  const [shared, alone, sharedToo] = [client("shared", true), client("alone"), client("shared-too", true)];
  let isShared = false;
  const preparations = new Preparations([shared.client, alone.client, sharedToo.client], () => {
    isShared = true;
  });
  const first = preparations.next();
  shared.prepared.resolve(ready);
  alone.prepared.resolve(ready);
  expect((await first)?.client.name).toBe("alone");
  expect(isShared).toBe(false);
  sharedToo.prepared.resolve(ready);
  expect((await preparations.next())?.client.name).toBe("shared");
  expect(isShared).toBe(true);
  expect((await preparations.next())?.client.name).toBe("shared-too");
  expect(await preparations.next()).toBeUndefined();
});

test("of those that are ready the first in the order is taken", async () => {
  const all = ["a", "b", "c"].map((name) => client(name, name === "a" || name === "b"));
  const preparations = new Preparations([all[0]!.client, all[2]!.client, all[1]!.client]);
  for (const { prepared } of all) prepared.resolve(ready);
  await settled();
  const names = [await preparations.next(), await preparations.next(), await preparations.next()];
  expect(names.map((prepared) => prepared?.client.name)).toEqual(["a", "c", "b"]);
});

test("lines of one speaker stand together, in the order in which the speakers began", () => {
  const heard: string[] = [];
  const turns = new Turns((text) => heard.push(text));
  const [first, second, third] = [turns.begin(), turns.begin(), turns.begin()];
  second.print("second 1");
  first.print("first 1");
  expect(heard).toEqual(["first 1"]);
  second.print("second 2");
  second.end();
  third.print("third 1");
  expect(heard).toEqual(["first 1"]);
  first.end();
  expect(heard).toEqual(["first 1", "second 1", "second 2", "third 1"]);
  const fourth = turns.begin();
  fourth.print("fourth 1");
  turns.printAll();
  expect(heard.at(-1)).toBe("fourth 1");
  third.print("third 2");
  expect(heard.at(-1)).toBe("third 2");
});
