import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import { examine } from "../src/environment/doctor.js";
import { explained } from "../src/environment/installing.js";
import { locked } from "../src/environment/lock.js";
import { stepOf } from "../src/environment/managed.js";
import { inspect, isRecent, type Python, whyNone } from "../src/environment/python.js";
import { RunFailed, run } from "../src/environment/run.js";
import { Cancelled } from "../src/problem.js";

const python = (version: [number, number, number], executable = "/p"): Python => ({
  executable,
  version,
  makesVenvs: true,
  fimble: undefined,
});

test("a program's output comes line by line, and its failure with its last words", async () => {
  const lines: string[] = [];
  const out = await run(["sh", "-c", "echo one; echo two >&2; echo three"], { onLine: (line) => lines.push(line) });
  assert.equal(out, "one\nthree");
  assert.deepEqual(lines.sort(), ["one", "three", "two"]);
  const failure = await run(["sh", "-c", "echo why >&2; exit 3"]).catch((error: unknown) => error);
  assert.ok(failure instanceof RunFailed);
  assert.match(failure.message, /exit code 3/);
  assert.equal(failure.tail, "why");
  await assert.rejects(run(["/no/such/program"]), RunFailed);
});

test("a program that nobody waits for is stopped", async () => {
  const aborting = new AbortController();
  const running = run(["sleep", "60"], { signal: aborting.signal });
  aborting.abort();
  await assert.rejects(running, Cancelled);
  await assert.rejects(run(["sleep", "60"], { signal: aborting.signal }), Cancelled);
  await assert.rejects(run(["sleep", "60"], { timeoutMs: 50 }), /did not end in time/);
  const beganMs = Date.now();
  await assert.rejects(run(["sh", "-c", "sleep 30; true"], { timeoutMs: 50 }), /did not end in time/);
  assert.ok(Date.now() - beganMs < 10_000, "what it had started is not waited for");
});

test("what a program has started ends with it", async () => {
  const aborting = new AbortController();
  const started: number[] = [];
  const onLine = (line: string) => {
    started.push(Number(line));
    aborting.abort();
  };
  const command = "(trap '' TERM; sleep 60 & echo $!; wait) & wait"; // as venv starts pip
  await assert.rejects(run(["sh", "-c", command], { signal: aborting.signal, onLine }), Cancelled);
  const [pid = 0] = started;
  const isThere = (): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  while (isThere()) {
    await new Promise((resolve) => setTimeout(resolve, 5)); // it is killed, and whoever inherited it has to see that
  }
});

test("a server's report says how it ended where that was not well", async () => {
  const doctor = (script: string) =>
    examine({ command: ["sh", "-c", script], origin: "", isOurs: false }, { FOUND: "one" });
  assert.equal(await doctor("echo $FOUND; echo two"), "one\ntwo\n");
  assert.equal(await doctor("echo $FOUND; exit 1"), "one\n\nsh ended with exit code 1\n");
});

test("a Python is known by what it says", async () => {
  assert.equal(await inspect(["/no/such/python"]), undefined);
  assert.equal(await inspect(["sh", "-c", "echo nonsense"]), undefined);
  assert.equal(isRecent(python([3, 11, 0])), true);
  assert.equal(isRecent(python([3, 10, 9])), false);
  assert.equal(whyNone([]), "No Python was found.");
  assert.match(whyNone([python([3, 9, 2], "/usr/bin/python3")]), /found: 3\.9\.2 \(\/usr\/bin\/python3\)/);
});

test("another package of our name is not our server", async () => {
  const said = (summary: string): string =>
    JSON.stringify({ executable: "/p", version: [3, 12, 0], makesVenvs: true, fimble: { version: "0.1.0", summary } });
  const found = await inspect(["sh", "-c", `echo '${said("A game")}'`]);
  assert.equal(found?.fimble, undefined);
  const ours = "Local, private code completion over the Language Server Protocol";
  assert.equal((await inspect(["sh", "-c", `echo '${said(ours)}'`]))?.fimble, "0.1.0");
});

test("pip's lines become steps", () => {
  assert.equal(stepOf("  Downloading numpy-2.4.6-cp311-cp311-linux_x86_64.whl (16.6 MB)"), "fetching numpy (16.6 MB)");
  assert.equal(stepOf("Installing collected packages: a, b"), "putting the packages into place");
  assert.equal(stepOf("Collecting numpy"), undefined);
});

test("what stops an installation is said in a person's words", () => {
  const failed = (tail: string) => explained(new RunFailed("pip ended with exit code 1", tail));
  assert.match(failed("OSError: [Errno 28] No space left on device").message, /The disk is full/);
  assert.match(failed("NewConnectionError: refused").message, /cannot be downloaded/);
  assert.match(failed("(from versions: none)\nERROR: No matching distribution found").message, /cannot be downloaded/);
  const others = "(from versions: 1.20.0, 1.21.0)\nERROR: No matching distribution found for onnxruntime==1.31.1";
  assert.match(failed(others).message, /not made for this Python/);
  const uv = "Because onnxruntime==1.31.1 has no wheels with a matching Python ABI tag (e.g., `cp315`)";
  assert.match(failed(uv).message, /not made for this Python/);
  assert.match(failed("one\nsomething else").message, /something else/);
  const training = explained(new RunFailed("pip ended with exit code 1", "NewConnectionError: refused"), true).message;
  assert.match(training, /that training needs cannot be downloaded.* then train again/);
});

test("one window at a time works on the environment, and a dead one's lock is taken away", async () => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "fimble-lock-"));
  const file = path.join(folder, "lock");
  const { signal } = new AbortController();
  const order: string[] = [];
  let waited = 0;
  const work = (name: string) =>
    locked(
      file,
      signal,
      () => waited++,
      async () => {
        order.push(`${name} in`);
        await new Promise((resolve) => setTimeout(resolve, 50));
        order.push(`${name} out`);
      },
    );
  await Promise.all([work("a"), work("b")]);
  assert.deepEqual(
    order.map((each) => each.slice(2)),
    ["in", "out", "in", "out"],
  );
  assert.equal(waited, 1);
  await fs.writeFile(file, "999999999");
  await work("c");
  assert.equal(order.at(-1), "c out");
  await fs.writeFile(file, String(process.ppid)); // a number that another program has now
  await locked(
    file,
    signal,
    () => waited++,
    async () => order.push("d"),
    1,
  );
  assert.equal(order.at(-1), "d");
  await fs.rm(folder, { recursive: true });
});
