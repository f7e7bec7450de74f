/**
 * Lets one window at a time work on the environment; the others wait.
 *
 * Who holds the lock touches it again and again. One that nobody touches is of a window that is gone, even if its process
 * number has gone to another program since, as happens in containers and after a restart of the machine.
 */

import { randomUUID } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { Cancelled } from "../problem.js";

const LOOK_EVERY_MS = 300;
const TOUCH_EVERY_MS = 3000;
/** Counted in looks, not in time: a machine that slept has not looked either. */
const DEAD_AFTER_LOOKS = 60;

/** Do `work` while no other window does; `onWait` is told when another one is at it. */
export async function locked<T>(
  file: string,
  signal: AbortSignal,
  onWait: () => void,
  work: () => Promise<T>,
  lookEveryMs = LOOK_EVERY_MS,
): Promise<T> {
  await fs.mkdir(path.dirname(file), { recursive: true });
  let touched: number | undefined;
  let numLooks = 0;
  for (let hasWaited = false; !(await taken(file)); hasWaited = true) {
    if (!hasWaited) {
      onWait();
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    if (signal.aborted) {
      throw new Cancelled();
    }
    const now = await touchedAt(file);
    numLooks = now !== undefined && now === touched ? numLooks + 1 : 0;
    touched = now;
    if (numLooks >= DEAD_AFTER_LOOKS) {
      await fs.rm(file, { force: true });
    }
  }
  const touching = setInterval(
    () => void fs.utimes(file, new Date(), new Date()).catch(() => undefined),
    TOUCH_EVERY_MS,
  );
  try {
    return await work();
  } finally {
    clearInterval(touching);
    await fs.rm(file, { force: true });
  }
}

/** Whether the lock is ours now. One whose owner is gone is taken away from it. */
async function taken(file: string): Promise<boolean> {
  const own = `${file}.${randomUUID()}`;
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

function touchedAt(file: string): Promise<number | undefined> {
  return fs.stat(file).then(
    (found) => found.mtimeMs,
    () => undefined,
  );
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
