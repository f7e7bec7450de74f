/** `fimble train` for a folder of the workspace: finds or makes what it runs in, and shows it at work. */

import * as vscode from "vscode";
import { existingForTraining, made, type Search, type Server } from "../environment/server.js";
import { environment } from "../environment/variables.js";
import { Cancelled, Problem } from "../problem.js";
import type { Service } from "../service.js";
import { serverOptions } from "../settings.js";
import type { Voice } from "../voice.js";
import { canTrain, chosenFolder } from "./folders.js";
import { installation, lackingIn } from "./lacking.js";
import { optionVariables } from "./options.js";
import { showRunning } from "./terminal.js";

const INSTALL = "Install";
const COPY = "Copy Command";
const NEEDED = "PyTorch, transformers and others";
/** PyTorch for Linux comes with CUDA. */
const SIZE = process.platform === "linux" && process.arch === "x64" ? "up to 3 GB" : "about 1 GB";

export class Training implements vscode.Disposable {
  private readonly closing = new AbortController();
  private installing: Promise<Server> | undefined;

  constructor(
    private readonly service: Service,
    private readonly voice: Voice,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** Throws `Problem` where training is not possible. */
  async begin(): Promise<void> {
    if (!canTrain()) {
      throw new Problem("Training needs a folder on this machine that you trust.", "Open one first.");
    }
    const folder = await chosenFolder();
    if (folder) {
      const { search, server } = await this.service.found();
      const able = server.isOurs ? await this.ours(search) : await this.theirs(server);
      if (able) {
        // What the person keeps private is not learned either.
        const env = { ...environment(search.settings), ...optionVariables(serverOptions(false)) };
        await showRunning(able.command, folder, env);
      }
    }
  }

  /** The window closes: what is half installed is given up. */
  async close(): Promise<void> {
    this.closing.abort(new Cancelled());
    await this.installing?.catch(() => undefined);
  }

  dispose(): void {
    void this.close();
  }

  /** The person's server, if it can train. What is lacking is theirs to install. */
  private async theirs(server: Server): Promise<Server | undefined> {
    const lacking = await lackingIn(server, this.closing.signal);
    if (!lacking) {
      return server;
    }
    const command = installation(lacking);
    const message = "Training needs packages that fimble's Python does not have.";
    const what = `They are ${NEEDED}: ${SIZE} to download. fimble runs from ${server.origin}, which is yours.`;
    const detail = `${what} To install them there, run\n\n${command}`;
    if ((await vscode.window.showWarningMessage(message, { modal: true, detail }, COPY)) === COPY) {
      await vscode.env.clipboard.writeText(command);
    }
    return undefined;
  }

  /** One of the extension's own that can train, made first if the person wants it. */
  private async ours(search: Search): Promise<Server | undefined> {
    return (await existingForTraining(search, this.closing.signal)) ?? this.offer(search);
  }

  private async offer(search: Search): Promise<Server | undefined> {
    const message = "Training needs packages that are not installed yet.";
    const what = `They are ${NEEDED}: ${SIZE} to download, once, into an environment that this extension keeps.`;
    const detail = `${what} Your code stays on this machine.`;
    if ((await vscode.window.showInformationMessage(message, { modal: true, detail }, INSTALL)) !== INSTALL) {
      return undefined;
    }
    try {
      return await this.installed(search);
    } catch (error) {
      if (error instanceof Cancelled) {
        return undefined;
      }
      throw error;
    }
  }

  /** Asked for twice, it is installed once. */
  private installed(search: Search): Promise<Server> {
    this.installing ??= this.voice
      .showing("installing what training needs", (cancelled, onStep) => {
        const signal = AbortSignal.any([this.closing.signal, cancelled]);
        const onLine = (line: string): void => this.log.info(line);
        return made(search, { signal, env: environment(search.settings), onLine, onStep }, true);
      })
      .finally(() => {
        this.installing = undefined;
      });
    return this.installing;
  }
}
