import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerProcess } from "../src/process.js";

const script = (text: string) => ServerProcess.start(["sh", "-c", text], {});

test("how a server ended is said with its last words", async () => {
  assert.equal(await (await script("echo one >&2; echo two >&2; exit 3")).ended, "with exit code 3: two");
  assert.equal(await (await script("kill -9 $$")).ended, "by SIGKILL");
  await assert.rejects(ServerProcess.start(["/no/such/program"], {}), /ENOENT/);
});

test("a server that is asked to end is waited for", async () => {
  const server = await script("trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done");
  await new Promise((resolve) => server.child.stdout.once("data", resolve));
  await server.stop(30_000);
  assert.equal(await server.ended, "with exit code 0");
  await server.stop();
});

test("a server that does not listen is killed", async () => {
  const server = await script("trap '' TERM; echo ready; while :; do sleep 0.05; done");
  await new Promise((resolve) => server.child.stdout.once("data", resolve));
  await server.stop(100);
  assert.equal(await server.ended, "by SIGKILL");
});
