import assert from "node:assert/strict";
import { test } from "node:test";
import { below, only } from "../src/suggestions/patterns.js";

test("a file's pattern means that file alone", () => {
  assert.equal(only("src/main.py"), "/src/main.py");
  assert.equal(only("/home/me/notes.txt"), "/home/me/notes.txt");
  assert.equal(only("src\\a[1]*.py"), "/src/a\\[1\\]\\*.py");
});

test("a folder's pattern means what lies below that folder", () => {
  assert.equal(below("/home/me/app", "/main.py"), "/home/me/app/main.py");
  assert.equal(below("/home/me/app", "src/*.py"), "/home/me/app/src/*.py");
  assert.equal(below("/home/me/app", "*.key"), "/home/me/app/**/*.key");
  assert.equal(below("/home/me/app", "build/"), "/home/me/app/**/build/");
  assert.equal(below("/home/me/app", "!keep.key"), "!/home/me/app/**/keep.key");
  assert.equal(below("/a[b]", "x"), "/a\\[b\\]/**/x");
  assert.equal(below("C:\\code", "/x"), "/C:/code/x");
  assert.equal(below("/", "/x"), "/x");
  assert.equal(below("/home/me/app", "~/secret"), "~/secret");
  assert.equal(below("/home/me/app", "# a comment"), "# a comment");
});
