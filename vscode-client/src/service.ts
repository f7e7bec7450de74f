/** Keeps the server running: finds or makes it, fetches the model, connects, and starts it again when it stops. */

import * as path from "node:path";
import type * as vscode from "vscode";
import { Client } from "./client.js";
import * as consent from "./environment/consent.js";
import { prepare } from "./environment/model.js";
import { existing, made, type Search, type Server } from "./environment/server.js";
import { environment } from "./environment/variables.js";
import { find as findWheel } from "./environment/wheel.js";
import { Cancelled, messageOf } from "./problem.js";
import { Restarts } from "./restarts.js";
import { machineSettings, surface } from "./settings.js";
import { type Condition, type Holder, stateOf } from "./state.js";
import { Events } from "./suggestions/events.js";
import type { Voice } from "./voice.js";

const WHAT_IS_FETCHED =
  "The server (about 80 MB) and a model (about 500 MB) have to be fetched, once. After that nothing leaves this machine.";

export class Service implements vscode.Disposable {
  readonly events = new Events((method, params) => this.client?.tell(method, params));
  private readonly restarts = new Restarts();
  private client: Client | undefined;
  private again: NodeJS.Timeout | undefined;
  private turn: Promise<void> = Promise.resolve();
  /** The turn that runs, and those that wait for theirs. */
  private numTurns = 0;
  private working = new AbortController();
  private settingUp: Promise<void> | undefined;
  private isOver = false;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
    private readonly holder: Holder,
    private readonly voice: Voice,
    private readonly options: () => Record<string, unknown>,
  ) {}

  /** Starts the server, anew if it runs. Before anything is downloaded for the first time, the person is asked. */
  start(): Promise<void> {
    this.beginAnew();
    return this.inTurn(async (signal) => {
      const search = await this.search();
      const server = await existing(search, signal);
      if (server) {
        await this.connect(server);
      } else if (await consent.isGiven(search.root)) {
        await this.makeAll(search, signal);
      } else {
        await this.stop();
        this.holder.set({ kind: "needsSetUp", message: "not set up yet" });
        this.voice.offer(WHAT_IS_FETCHED, "Set Up", () => this.setUp());
      }
    });
  }

  /** Makes whatever is missing, the model included, and starts the server. Asked for twice, it is done once. */
  setUp(): Promise<void> {
    if (!this.settingUp) {
      this.beginAnew();
      const made = this.inTurn(async (signal) => this.makeAll(await this.search(), signal));
      this.settingUp = made.finally(() => {
        this.settingUp = undefined;
      });
    }
    return this.settingUp;
  }

  /** The options changed. */
  async configure(): Promise<void> {
    await this.client?.configure();
  }

  ask<T>(method: string, params: unknown, token?: vscode.CancellationToken): Promise<T | undefined> {
    return this.client?.ask<T>(method, params, token) ?? Promise.resolve(undefined);
  }

  tell(method: string, params: unknown): void {
    this.client?.tell(method, params);
  }

  /** The window closes: nothing that was started is left behind, and what was being set up goes on in the next one. */
  async close(): Promise<void> {
    this.isOver = true;
    this.working.abort(new Cancelled());
    await Promise.all([this.stop(), this.turn]);
  }

  dispose(): void {
    this.events.dispose();
    void this.close();
  }

  private async stop(): Promise<void> {
    clearTimeout(this.again);
    const { client } = this;
    this.client = undefined;
    await client?.stop();
  }

  /** A person wants a server, or another one: the one that has not said hello yet is not waited for. */
  private beginAnew(): void {
    this.restarts.forget();
    clearTimeout(this.again);
    if (this.numTurns > 0) {
      void this.stop();
    }
  }

  /** Where it is cancelled, what ran before runs on. */
  private async makeAll(search: Search, closing: AbortSignal): Promise<void> {
    const before = this.client;
    await this.stop();
    try {
      await this.connect(await this.allMade(search, closing));
    } catch (error) {
      const server = error instanceof Cancelled && before ? await existing(search, closing) : undefined;
      if (!server) {
        throw error;
      }
      await this.connect(server);
    }
  }

  private async allMade(search: Search, closing: AbortSignal): Promise<Server> {
    await consent.give(search.root);
    const env = environment(search.settings);
    return this.voice.showing("setting up", async (cancelled, onStep) => {
      const signal = AbortSignal.any([closing, cancelled]);
      const onLine = (line: string): void => this.log.info(line);
      const tell = (step: string, fraction?: number): void => {
        this.holder.set({ kind: "settingUp", message: step });
        onStep(step, fraction);
      };
      const found =
        (await existing(search, signal, true)) ?? (await made(search, { signal, env, onLine, onStep: tell }));
      await prepare(found, search.settings.model, { signal, env, onLine }, tell);
      return found;
    });
  }

  /** Starts `server`, unless another turn waits that will do so. */
  private async connect(server: Server): Promise<void> {
    await this.stop();
    if (this.isOver || this.numTurns > 1) {
      return;
    }
    this.holder.set({ kind: "loading", message: "starting the server" });
    const client = new Client({
      server,
      env: environment(machineSettings()),
      surface: surface(),
      log: this.log,
      events: this.events,
      options: this.options,
      onCondition: (condition) => this.heard(condition),
      onStopped: (how) => this.stopped(client, server, how),
    });
    this.client = client;
    await client.start();
  }

  private heard(condition: Condition): void {
    const state = stateOf(condition);
    this.holder.set(state);
    if (state.kind === "needsSetUp") {
      this.voice.offer(state.message, "Fetch It", () => this.setUp());
    }
  }

  private stopped(client: Client, server: Server, how: string): void {
    if (client !== this.client) {
      return;
    }
    this.log.error(`The server stopped ${how}`);
    const delayMs = this.restarts.stopped(Date.now());
    if (delayMs === undefined) {
      const message = `The server stops again and again, last ${how}`;
      this.holder.set({ kind: "failed", message });
      this.voice.complain(`fimble: ${message}`, "Restart", () => this.start());
      return;
    }
    this.holder.set({ kind: "loading", message: "the server stopped and is started again" });
    if (!this.restarts.isSeries) {
      this.voice.mention(`fimble's server stopped ${how.split(":")[0]} and is started again.`);
    }
    this.again = setTimeout(() => {
      if (this.numTurns === 0) {
        void this.inTurn(() => this.connect(server));
      }
    }, delayMs);
  }

  /** One thing after another; what goes wrong is shown. */
  private inTurn(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const run = async (): Promise<void> => {
      this.working = new AbortController();
      try {
        if (!this.isOver) {
          await work(this.working.signal);
        }
      } catch (error) {
        if (!this.isOver) {
          await this.failed(error);
        }
      } finally {
        this.numTurns--;
      }
    };
    this.numTurns++;
    this.turn = this.turn.then(run);
    return this.turn;
  }

  private async failed(error: unknown): Promise<void> {
    if (error instanceof Cancelled) {
      await consent.takeBack((await this.search()).root);
      this.holder.set({ kind: "needsSetUp", message: "setting up was cancelled" });
    } else {
      const message = messageOf(error);
      this.log.error(error instanceof Error ? (error.stack ?? message) : message);
      this.holder.set({ kind: "failed", message });
      this.voice.problem(error, () => this.setUp());
    }
  }

  private async search(): Promise<Search> {
    const wheel = await findWheel(this.context.extensionPath);
    const root = path.join(this.context.globalStorageUri.fsPath, "server");
    const version = String(this.context.extension.packageJSON.version);
    return { settings: machineSettings(), root, wheel, version };
  }
}
