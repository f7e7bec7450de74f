import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { unpack } from "../src/environment/wheel.js";

const FILES: readonly (readonly [name: string, text: string])[] = [
  ["thing/__init__.py", "WORD = 'größer'\n"],
  ["thing/ö/empty.txt", ""],
  ["thing-1.0.dist-info/METADATA", "Metadata-Version: 2.4\nName: thing\nVersion: 1.0\n"],
  ["thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"],
];
/** Reads an archive whole, checks its sums and those of its list of files, and prints what it holds. */
const READ = `
import base64, csv, hashlib, json, sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
assert wheel.testzip() is None
rows = {row[0]: row[1:] for row in csv.reader(wheel.read("thing-1.0.dist-info/RECORD").decode().splitlines())}
assert set(rows) == set(wheel.namelist()) and rows.pop("thing-1.0.dist-info/RECORD") == ["", ""]
for name, (said, size) in rows.items():
    data = wheel.read(name)
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    assert (said, int(size)) == ("sha256=" + digest, len(data)), name
print(json.dumps([[name, wheel.read(name).decode()] for name in wheel.namelist()[:-1]]))
`;

test("a wheel is made of its parts, as Python reads it", async () => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "fimble-wheel-"));
  const sizes = FILES.map(([name, text]) => [name, Buffer.byteLength(text)]);
  const parts = Buffer.from(`${JSON.stringify(sizes)}\n${FILES.map(([, text]) => text).join("")}`);
  const packed = path.join(folder, "thing-1.0-py3-none-any.whl.br");
  await fs.writeFile(packed, brotliCompressSync(parts));
  const name = "thing-1.0-py3-none-any.whl";
  const made = await unpack({ name, packed, constraints: "", fingerprint: "" }, path.join(folder, "wheel"));
  assert.equal(made, path.join(folder, "wheel", name));
  const said = execFileSync(process.env.PYTHON ?? "python3", ["-I", "-c", READ, made], { encoding: "utf8" });
  assert.deepEqual(JSON.parse(said), FILES);
  await fs.rm(folder, { recursive: true });
});
