/** The server's process: heard of when it ends, and ended for certain when nobody wants it any more. */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";

const KEPT_CHARS = 2000;
/** Much longer than a server takes to end, and soon enough for a window that closes. */
const KILL_AFTER_MS = 2000;

export class ServerProcess {
  private lastWords = "";
  /** How it ended, in a few words. */
  readonly ended: Promise<string>;

  private constructor(readonly child: ChildProcessWithoutNullStreams) {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.lastWords = (this.lastWords + text).slice(-KEPT_CHARS);
    });
    this.ended = new Promise((resolve) => {
      child.on("exit", (code, signal) => {
        const last = this.lastWords.trim().split("\n").at(-1);
        resolve(`${signal ? `by ${signal}` : `with exit code ${code}`}${last ? `: ${last}` : ""}`);
      });
    });
  }

  /** Throws where the program cannot be started. `env` is over the editor's own environment. */
  static async start(command: readonly string[], env: Readonly<Record<string, string>>): Promise<ServerProcess> {
    const [program = "", ...args] = command;
    const child = spawn(program, args, { env: { ...process.env, ...env }, windowsHide: true });
    const started = new ServerProcess(child);
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    return started;
  }

  /** Returns when it has ended: it is asked to, and killed where it does not. */
  async stop(killAfterMs = KILL_AFTER_MS): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill("SIGTERM");
      const kill = setTimeout(() => this.child.kill("SIGKILL"), killAfterMs);
      await this.ended;
      clearTimeout(kill);
    }
  }
}
