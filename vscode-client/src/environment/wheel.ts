/** The server's wheel, which comes inside the extension: no registry decides what is installed under its name. */

import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { type Member, zipped } from "./zip.js";

const ENDING = ".whl.br";

export interface Wheel {
  /** The name that pip wants to see, without folder. */
  readonly name: string;
  readonly packed: string;
  /** The versions of everything that the server needs. */
  readonly constraints: string;
  /** Changes with every byte of both. */
  readonly fingerprint: string;
}

/** The wheel in the extension's folder. Throws where the extension was not packed whole. */
export async function find(extension: string): Promise<Wheel> {
  const folder = path.join(extension, "dist", "server");
  const file = (await fs.readdir(folder)).find((name) => name.endsWith(ENDING));
  if (file === undefined) {
    throw new Error(`no wheel in ${folder}`);
  }
  const packed = path.join(folder, file);
  const constraints = path.join(folder, "constraints.txt");
  const hash = createHash("sha256")
    .update(await fs.readFile(packed))
    .update(await fs.readFile(constraints));
  return { name: file.slice(0, -".br".length), packed, constraints, fingerprint: hash.digest("hex").slice(0, 16) };
}

/** Writes it into `folder`, as pip reads it. Returns its path. */
export async function unpack(wheel: Wheel, folder: string): Promise<string> {
  const target = path.join(folder, wheel.name);
  const members = membersOf(await promisify(brotliDecompress)(await fs.readFile(wheel.packed)));
  await fs.mkdir(folder, { recursive: true });
  await fs.writeFile(target, zipped([...members, recordOf(members)]));
  return target;
}

/** The wheel's files, out of what `scripts/wheel.py` writes: a line with their names and sizes, then their bytes. */
export function membersOf(parts: Buffer): Member[] {
  const end = parts.indexOf("\n");
  const listed = JSON.parse(parts.toString("utf8", 0, end)) as [name: string, size: number][];
  let at = end + 1;
  return listed.map(([name, size]) => {
    const data = parts.subarray(at, at + size);
    at += size;
    return { name, data };
  });
}

/** The list of its files that a wheel ends with. Their hashes would be a fortieth of the extension. */
export function recordOf(members: readonly Member[]): Member {
  const metadata = members.find(({ name }) => name.endsWith(".dist-info/METADATA"));
  if (metadata === undefined) {
    throw new Error("the wheel has no metadata");
  }
  const name = metadata.name.replace(/METADATA$/, "RECORD");
  const lines = members.map(
    ({ name, data }) => `${name},sha256=${createHash("sha256").update(data).digest("base64url")},${data.length}`,
  );
  return { name, data: Buffer.from([...lines, `${name},,`, ""].join("\n")) };
}
