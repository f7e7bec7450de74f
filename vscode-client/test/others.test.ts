import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import * as others from "../src/environment/others.js";

test("a window hears once that another one is done, and of nothing that was before", async () => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "fimble-others-"));
  const root = path.join(folder, "not", "there");
  const wait = (name: string, told: string[]) => others.whenTold(root, () => told.push(name), 5);
  const looks = () => new Promise((resolve) => setTimeout(resolve, 100));
  const told: string[] = [];
  wait("first", told);
  const end = wait("one that does not wait any more", told);
  await looks();
  assert.deepEqual(told, []);
  end();
  await others.tell(root);
  while (told.length === 0) {
    await looks();
  }
  const later = wait("later", told);
  await looks();
  assert.deepEqual(told, ["first"]);
  later();
  await fs.rm(folder, { recursive: true });
});
