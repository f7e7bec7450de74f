import assert from "node:assert/strict";
import { test } from "node:test";
import { entries, type Hit } from "../src/search/entries.js";

const HIT: Hit = {
  uri: "file:///w/src/up.py",
  range: { start: { line: 3 }, end: { line: 9 } },
  path: "src/up.py",
  name: "Client.upload",
  kind: "method",
  snippet: "    def upload(self):\n        pass",
  snippet_line: 4,
  why: ["its name", "words: retry"],
};

test("a hit says what, where and why", () => {
  const [entry] = entries({ query: "q", hits: [HIT], notes: [] });
  assert.equal(entry?.label, "$(symbol-method) Client.upload");
  assert.equal(entry?.description, "src/up.py:4");
  assert.equal(entry?.detail, "its name, words: retry  ·  def upload(self):");
});

test("what has no name is called after its file", () => {
  const [entry] = entries({ query: "q", hits: [{ ...HIT, name: "", kind: "lines", why: [] }], notes: [] });
  assert.equal(entry?.label, "$(file) up.py");
  assert.equal(entry?.detail, "def upload(self):");
});

test("notes stand below, and nothing is said aloud", () => {
  assert.deepEqual(
    entries({ query: "q", hits: [HIT], notes: ["The index is off."] }).map((entry) => entry.label),
    ["$(symbol-method) Client.upload", "$(info) The index is off."],
  );
  assert.deepEqual(
    entries({ query: "q", hits: [], notes: [] }).map((entry) => entry.label),
    ["Nothing was found"],
  );
});
