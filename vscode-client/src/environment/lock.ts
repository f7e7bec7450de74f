/** Lets one window at a time work on the environment; the others wait. */

import * as fs from "node:fs/promises";
import * as path from "node:path";
import { Cancelled } from "../problem.js";

const LOOK_EVERY_MS = 300;

/** Do `work` while no other window does; `onWait` is told when another one is at it. */
export async function locked<T>(
  file: string,
  signal: AbortSignal,
  onWait: () => void,
  work: () => Promise<T>,
): Promise<T> {
  await fs.mkdir(path.dirname(file), { recursive: true });
  let hasWaited = false;
  while (!(await taken(file))) {
    if (!hasWaited) {
      hasWaited = true;
      onWait();
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    if (signal.aborted) {
      throw new Cancelled();
    }
  }
  try {
    return await work();
  } finally {
    await fs.rm(file, { force: true });
  }
}

/** Whether the lock is ours now. One whose owner is gone is taken away from it. */
async function taken(file: string): Promise<boolean> {
  const own = `${file}.${process.pid}`;
  await fs.writeFile(own, String(process.pid));
  try {
    await fs.link(own, file); // unlike a file that is opened and then written, a link is never seen empty
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw error;
    }
    const owner = Number(await fs.readFile(file, "utf8").catch(() => ""));
    if (owner && !isRunning(owner)) {
      await fs.rm(file, { force: true });
    }
    return false;
  } finally {
    await fs.rm(own, { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
