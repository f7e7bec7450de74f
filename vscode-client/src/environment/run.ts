/** Runs a program without a shell, line by line, and stops it, with all that it started, when nobody waits any more. */

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Cancelled } from "../problem.js";

const KEPT_LINES = 30;
const KILL_AFTER_MS = 3000;
/** A program begins a group of processes, which what it starts belongs to; Windows has nothing like it. */
const HAS_GROUPS = process.platform !== "win32";

export interface Options {
  readonly cwd?: string;
  /** Over the editor's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** Hears every line of both streams, as it comes. */
  readonly onLine?: (line: string) => void;
}

/** A program could not be started, or did not end well. */
export class RunFailed extends Error {
  override readonly name = "RunFailed";

  constructor(
    message: string,
    /** The last lines of what it said. */
    readonly tail: string,
  ) {
    super(message);
  }
}

/** Returns what it wrote to standard output. Throws `RunFailed`, or `Cancelled` when `signal` says so. */
export function run(command: readonly string[], options: Options = {}): Promise<string> {
  const [program, ...args] = command;
  if (program === undefined) {
    throw new RangeError("no program is named");
  }
  const { signal } = options;
  if (signal?.aborted) {
    return Promise.reject(new Cancelled());
  }
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
      detached: HAS_GROUPS,
    });
    const said: string[] = [];
    const out: string[] = [];
    const hear = (line: string, own: string[] | undefined): void => {
      own?.push(line);
      said.push(line);
      if (said.length > KEPT_LINES) {
        said.shift();
      }
      options.onLine?.(line);
    };
    createInterface({ input: child.stdout }).on("line", (line) => hear(line, out));
    createInterface({ input: child.stderr }).on("line", (line) => hear(line, undefined));
    let isLate = false;
    let kill: NodeJS.Timeout | undefined;
    const stop = (): void => {
      signalAll(child, "SIGTERM");
      kill ??= setTimeout(() => signalAll(child, "SIGKILL"), KILL_AFTER_MS);
    };
    const late = options.timeoutMs
      ? setTimeout(() => {
          isLate = true;
          stop();
        }, options.timeoutMs)
      : undefined;
    signal?.addEventListener("abort", stop, { once: true });
    const finish = (error?: Error): void => {
      clearTimeout(late);
      clearTimeout(kill);
      signal?.removeEventListener("abort", stop);
      if (signal?.aborted) {
        reject(new Cancelled());
      } else if (error) {
        reject(error);
      } else {
        resolve(out.join("\n"));
      }
    };
    child.on("error", (error) => finish(new RunFailed(`${program} cannot be started: ${error.message}`, "")));
    child.on("exit", () => {
      if (kill !== undefined) {
        // What it started itself would go on writing files, and hold the pipes for long.
        signalAll(child, "SIGKILL");
        child.stdout.destroy();
        child.stderr.destroy();
      }
    });
    child.on("close", (code, by) => {
      const tail = said.join("\n");
      if (isLate) {
        finish(new RunFailed(`${program} did not end in time`, tail));
      } else if (code === 0) {
        finish();
      } else {
        finish(new RunFailed(`${program} ended with ${by ?? `exit code ${code}`}`, tail));
      }
    });
  });
}

/** Also where the program itself has ended. */
function signalAll(child: ChildProcess, signal: NodeJS.Signals): void {
  if (!HAS_GROUPS || child.pid === undefined) {
    child.kill(signal);
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // all of them have ended
  }
}
