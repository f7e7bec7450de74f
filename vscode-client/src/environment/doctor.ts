/** Has the server look at itself. The program is seldom on a person's PATH: the extension knows where it is. */

import { RunFailed, run } from "./run.js";
import type { Server } from "./server.js";

/** Returns what it finds, and how it ended where that was not well. */
export async function examine(server: Server, env: Readonly<Record<string, string>>): Promise<string> {
  const lines: string[] = [];
  try {
    await run([...server.command, "doctor"], { env, onLine: (line) => lines.push(line) });
  } catch (error) {
    if (!(error instanceof RunFailed)) {
      throw error;
    }
    lines.push("", error.message);
  }
  return `${lines.join("\n")}\n`;
}
