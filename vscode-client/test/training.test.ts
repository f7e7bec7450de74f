import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import { installation, lackingIn } from "../src/training/lacking.js";
import { optionVariables } from "../src/training/options.js";

test("what a Python lacks is told as a command that a shell takes", () => {
  const lacking = { python: "/my home/bin/python", packages: ["torch==2.13.0", "peft>=0.17"], hasPip: true };
  const pip = "'/my home/bin/python' -m pip install torch==2.13.0 'peft>=0.17'";
  assert.equal(installation(lacking, "linux"), pip);
  assert.equal(
    installation({ ...lacking, python: "C:\\p.exe" }, "win32")
      .split(" ")
      .at(-1),
    '"peft>=0.17"',
  );
  const uv = installation({ ...lacking, python: "/p", hasPip: false }, "linux");
  assert.equal(uv, "uv pip install --python /p torch==2.13.0 'peft>=0.17'");
});

test("the Python beside a program is asked what it lacks; one that says nothing may have all", async () => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "fimble-lacking-"));
  const [program, python, link] = ["fimble", "python", "linked"].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  const { signal } = new AbortController();
  const server = { command: [link] as const, origin: "", isOurs: false };
  await fs.writeFile(program, "");
  assert.equal(await lackingIn(server, signal), undefined, "there is no program");
  await fs.symlink(program, link);
  assert.equal(await lackingIn(server, signal), undefined, "there is no Python beside it");
  const said = async (text: string) => {
    await fs.writeFile(python, `#!/bin/sh\necho '${text}'\n`, { mode: 0o755 });
    return lackingIn(server, signal);
  };
  assert.equal(await said("no JSON"), undefined);
  assert.equal(await said('{"lacking": [], "hasPip": true}'), undefined);
  const found = await said('a banner {"lacking": ["peft>=0.17"], "hasPip": false}');
  assert.deepEqual(found, { python, packages: ["peft>=0.17"], hasPip: false });
  await fs.rm(folder, { recursive: true });
});

test("options become variables, and none is divided in the wrong place", () => {
  const options = { disabled_paths: ["customers/", "*.sql"], comments: false, max_line_tokens: 20 };
  assert.deepEqual(optionVariables(options), {
    FIMBLE_DISABLED_PATHS: `customers/${path.delimiter}*.sql`,
    FIMBLE_COMMENTS: "false",
    FIMBLE_MAX_LINE_TOKENS: "20",
  });
  const split = `a${path.delimiter}b`;
  assert.throws(() => optionVariables({ disabled_paths: [split] }), /\.fimbleignore/);
  assert.throws(() => optionVariables({ disabled_paths: "customers/" }), /must be a list, and is "customers\/"/);
});
