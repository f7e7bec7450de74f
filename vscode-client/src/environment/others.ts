/**
 * Lets a window that waits to be set up know that another one has done it.
 *
 * The one that is done touches a file beside the environments; the others look at it now and then.
 */

import * as fs from "node:fs/promises";
import * as path from "node:path";

const MARK = "finished";
const LOOK_EVERY_MS = 1000;

/** The server and its model are there. */
export async function tell(root: string): Promise<void> {
  await fs.mkdir(root, { recursive: true });
  await fs.writeFile(path.join(root, MARK), new Date().toISOString());
}

/** Calls `act` once, when a window tells so from now on. Returns what ends the waiting. */
export function whenTold(root: string, act: () => void, lookEveryMs = LOOK_EVERY_MS): () => void {
  const before = saidIn(root);
  const timer = setInterval(async () => {
    const isTold = (await saidIn(root)) !== (await before);
    if (isTold && !isOver) {
      end();
      act();
    }
  }, lookEveryMs);
  let isOver = false;
  const end = (): void => {
    isOver = true;
    clearInterval(timer);
  };
  return end;
}

function saidIn(root: string): Promise<string> {
  return fs.readFile(path.join(root, MARK), "utf8").catch(() => "");
}
