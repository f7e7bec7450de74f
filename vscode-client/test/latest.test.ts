import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Latest } from "../src/search/latest.js";

function failed(error: unknown): never {
  assert.fail(String(error));
}

test("what is typed last is asked, once, after a pause", async () => {
  const asked: string[] = [];
  const answers: string[] = [];
  const latest = new Latest<string>(
    async (text) => {
      asked.push(text);
      return text.toUpperCase();
    },
    (_, answer) => answers.push(answer),
    failed,
    20,
  );
  for (const text of ["a", "ab", "abc"]) {
    latest.typed(text);
    await sleep(1);
  }
  await sleep(60);
  assert.deepEqual([asked, answers], [["abc"], ["ABC"]]);
});

test("an answer that comes late is not shown, and its request is cancelled", async () => {
  const answers: string[] = [];
  const cancelled: string[] = [];
  const latest = new Latest<string>(
    async (text, signal) => {
      signal.addEventListener("abort", () => cancelled.push(text));
      await sleep(text === "slow" ? 60 : 0);
      return text;
    },
    (_, answer) => answers.push(answer),
    failed,
    5,
  );
  latest.typed("slow");
  await sleep(25);
  latest.typed("quick");
  await sleep(100);
  assert.deepEqual([answers, cancelled], [["quick"], ["slow"]]);
});

test("a failure is told, unless nobody waits for it any more", async () => {
  const errors: unknown[] = [];
  const latest = new Latest<string>(
    async (text) => {
      await sleep(10);
      throw new Error(text);
    },
    failed,
    (error) => errors.push(error),
    1,
  );
  latest.typed("one");
  await sleep(40);
  latest.typed("two");
  await sleep(5);
  latest.stop();
  await sleep(30);
  assert.deepEqual(errors.map(String), ["Error: one"]);
});
