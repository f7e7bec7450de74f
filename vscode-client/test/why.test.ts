import assert from "node:assert/strict";
import { test } from "node:test";
import { type Answer, sentence } from "../src/suggestions/why.js";

const answer: Answer = {
  shown: true,
  reason: null,
  detail: "",
  confidence: 0.834,
  source: "cache",
  latencyMs: 0.6,
};

test("why there is a suggestion, or none", () => {
  assert.equal(sentence(answer), "There was a suggestion: known already, after 1 ms, 83 % sure.");
  const none = { ...answer, shown: false, reason: "the model is not sure enough", confidence: null };
  assert.equal(sentence(none), "No suggestion: the model is not sure enough, after 1 ms.");
  assert.match(sentence({ ...none, detail: "0.1" }), /sure enough \(0\.1\), after/);
  assert.match(sentence(null), /Nothing was asked/);
});
