import assert from "node:assert/strict";
import { test } from "node:test";
import { Restarts } from "../src/restarts.js";

test("each start waits longer, and after four in three minutes there are no more", () => {
  const restarts = new Restarts();
  const delays = [0, 1, 2, 3].map((second) => restarts.stopped(second * 1000));
  assert.deepEqual(delays, [500, 1000, 2000, 4000]);
  assert.equal(restarts.stopped(4000), undefined);
});

test("stops that are far apart are each the first", () => {
  const restarts = new Restarts();
  assert.equal(restarts.stopped(0), 500);
  assert.equal(restarts.isSeries, false);
  assert.equal(restarts.stopped(180_000), 500);
  assert.equal(restarts.stopped(180_001), 1000);
  assert.equal(restarts.isSeries, true);
});

test("who starts it by hand begins anew", () => {
  const restarts = new Restarts();
  for (let count = 0; count < 9; count++) {
    restarts.stopped(count);
  }
  restarts.forget();
  assert.equal(restarts.stopped(10), 500);
});
