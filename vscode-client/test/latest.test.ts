import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Latest } from "../src/search/latest.js";

const PAUSE_MS = 20;

/** What was asked, and what is told of it; each request is answered when the test says so. */
class Told {
  readonly asked: string[] = [];
  readonly cancelled: string[] = [];
  readonly answers: string[] = [];
  readonly errors: string[] = [];
  readonly latest: Latest<string>;
  private readonly waiting = new Map<string, { resolve: (answer: string) => void; reject: (why: Error) => void }>();

  constructor() {
    this.latest = new Latest<string>(
      (text, signal) => {
        this.asked.push(text);
        signal.addEventListener("abort", () => this.cancelled.push(text));
        return new Promise((resolve, reject) => this.waiting.set(text, { resolve, reject }));
      },
      (_, answer) => this.answers.push(answer),
      (error) => this.errors.push(String(error)),
      PAUSE_MS,
    );
  }

  async answer(text: string): Promise<void> {
    this.waiting.get(text)?.resolve(text.toUpperCase());
    await settled();
  }

  async fail(text: string): Promise<void> {
    this.waiting.get(text)?.reject(new Error(text));
    await settled();
  }
}

/** Everything that only waited for a promise has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
});

test("what is typed last is asked, once, after a pause", async () => {
  const told = new Told();
  for (const text of ["a", "ab", "abc"]) {
    told.latest.typed(text);
    mock.timers.tick(PAUSE_MS - 1);
    assert.deepEqual(told.asked, []);
  }
  mock.timers.tick(1);
  await told.answer("abc");
  assert.deepEqual([told.asked, told.answers], [["abc"], ["ABC"]]);
});

test("an answer that comes late is not shown, and its request is cancelled", async () => {
  const told = new Told();
  for (const text of ["slow", "quick"]) {
    told.latest.typed(text);
    mock.timers.tick(PAUSE_MS);
  }
  await told.answer("quick");
  await told.answer("slow");
  assert.deepEqual([told.answers, told.cancelled], [["QUICK"], ["slow"]]);
});

test("a failure is told, unless nobody waits for it any more", async () => {
  const told = new Told();
  told.latest.typed("one");
  mock.timers.tick(PAUSE_MS);
  await told.fail("one");
  told.latest.typed("two");
  mock.timers.tick(PAUSE_MS);
  told.latest.stop();
  await told.fail("two");
  assert.deepEqual([told.asked, told.errors], [["one", "two"], ["Error: one"]]);
});
