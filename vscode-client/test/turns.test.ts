import assert from "node:assert/strict";
import { test } from "node:test";
import { Cancelled } from "../src/problem.js";
import { Turns } from "../src/turns.js";

test("one thing is done after another, and a failure stops none of them", async () => {
  const failures: unknown[] = [];
  const turns = new Turns(async (error) => void failures.push(error));
  const order: string[] = [];
  const later = () => new Promise((resolve) => setTimeout(resolve, 10));
  const first = turns.take(async () => {
    await later();
    order.push("first");
    throw new Error("no luck");
  });
  const second = turns.take(async () => void order.push("second"));
  assert.equal(turns.length, 2);
  await Promise.all([first, second]);
  assert.deepEqual(order, ["first", "second"]);
  assert.match(String(failures), /no luck/);
  assert.equal(turns.length, 0);
});

test("what runs is cancelled when it is closed, and what waits is not begun", async () => {
  const failures: unknown[] = [];
  const turns = new Turns(async (error) => void failures.push(error));
  let isBegun = false;
  let reason: unknown;
  void turns.take(
    (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          reason = signal.reason;
          reject(reason);
        });
      }),
  );
  void turns.take(async () => {
    isBegun = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 10));
  await turns.close();
  assert.ok(reason instanceof Cancelled);
  assert.deepEqual([isBegun, failures], [false, []]);
});
