/** Whether the person has let fimble download things onto this machine: a file beside them, not a memory of the window. */

import * as fs from "node:fs/promises";
import * as path from "node:path";

const MARK = "agreed";

export async function isGiven(root: string): Promise<boolean> {
  return fs.access(path.join(root, MARK)).then(
    () => true,
    () => false,
  );
}

export async function give(root: string): Promise<void> {
  await fs.mkdir(root, { recursive: true });
  await fs.writeFile(path.join(root, MARK), "");
}

export async function takeBack(root: string): Promise<void> {
  await fs.rm(path.join(root, MARK), { force: true });
}
