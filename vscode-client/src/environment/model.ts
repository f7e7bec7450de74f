/** Fetches and prepares the model with `fimble setup`, and says how far it is. */

import { messageOf, Problem } from "../problem.js";
import { type Options, RunFailed, run } from "./run.js";
import type { Server } from "./server.js";

/** One line of `fimble setup --progress`. */
interface Line {
  readonly stage?: string;
  /** From 0 to 1, of this stage. */
  readonly fraction?: number;
  readonly amount?: string;
  readonly message?: string;
}

export type OnModel = (what: string, fraction: number | undefined) => void;

/** Returns when the model can be served. Throws `Problem` and `Cancelled`. */
export async function prepare(server: Server, model: string, options: Options, onModel: OnModel): Promise<void> {
  const errors: string[] = [];
  const onLine = (text: string): void => {
    const line = read(text);
    if (line?.stage) {
      onModel(`${line.stage}${line.amount ? ` (${line.amount})` : ""}`, line.fraction);
    } else {
      options.onLine?.(line?.message ?? text);
      if (!line) {
        errors.push(text);
      }
    }
  };
  try {
    await run([...server.command, "setup", "--progress", ...(model ? [model] : [])], { ...options, onLine });
  } catch (error) {
    if (error instanceof RunFailed) {
      const said = errors
        .filter((line) => line.trim())
        .slice(-3)
        .join(" ");
      throw new Problem(
        said || `The model cannot be set up: ${messageOf(error)}.`,
        "Set fimble up again when that is mended.",
      );
    }
    throw error;
  }
}

function read(text: string): Line | undefined {
  if (!text.startsWith("{")) {
    return undefined;
  }
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}
