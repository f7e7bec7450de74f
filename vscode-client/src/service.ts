/** Keeps the server running: finds or makes it, fetches the model, connects, and starts it again when it stops. */

import * as path from "node:path";
import * as vscode from "vscode";
import { Client } from "./client.js";
import * as consent from "./environment/consent.js";
import { allMade } from "./environment/everything.js";
import * as others from "./environment/others.js";
import { existing, type Found, isSame, type Search, type Server } from "./environment/server.js";
import { environment } from "./environment/variables.js";
import { find as findWheel } from "./environment/wheel.js";
import { Cancelled, messageOf, Problem } from "./problem.js";
import { Restarts } from "./restarts.js";
import { machineSettings, surface } from "./settings.js";
import { type Condition, type Holder, type State, stateOf } from "./state.js";
import { Events } from "./suggestions/events.js";
import { Turns } from "./turns.js";
import type { Voice } from "./voice.js";

const WHAT_IS_FETCHED =
  "The server (about 80 MB) and a model (about 500 MB) have to be fetched, once. After that nothing leaves this machine.";
const WHAT_IS_FETCHED_FOR_AN_ENDPOINT =
  "The server (about 80 MB) has to be fetched, once. After that the endpoint in your settings is sent the code around the cursor.";

export class Service implements vscode.Disposable {
  readonly events = new Events((method, params) => this.client?.tell(method, params));
  private readonly restarts = new Restarts();
  private client: Client | undefined;
  private again: NodeJS.Timeout | undefined;
  private readonly turns = new Turns((error) => this.failed(error));
  private settingUp: Promise<void> | undefined;
  private stopWaiting: () => void = () => undefined;

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
    return this.turns.take(async (signal) => {
      const search = await this.search();
      const server = await existing(search, signal);
      if (server) {
        await this.connect(server);
      } else if (await consent.isGiven(search.root)) {
        await this.makeAll(search, signal);
      } else {
        await this.stop();
        this.lack("not set up yet");
        const isElsewhere = search.settings.endpoint.FIMBLE_ENDPOINT !== undefined;
        this.offer(isElsewhere ? WHAT_IS_FETCHED_FOR_AN_ENDPOINT : WHAT_IS_FETCHED, "Set Up");
      }
    });
  }

  /** Makes whatever is missing, the model included, and starts the server. Asked for twice, it is done once. */
  setUp(): Promise<void> {
    if (!this.settingUp) {
      this.beginAnew();
      const made = this.turns.take(async (signal) => this.makeAll(await this.search(), signal));
      this.settingUp = made.finally(() => {
        this.settingUp = undefined;
      });
    }
    return this.settingUp;
  }

  /** The workspace is trusted from now on: what comes with it may run, and its own server is the first choice. */
  trusted(): Promise<void> {
    return this.turns.take(async (signal) => {
      const server = await existing(await this.search(), signal);
      if (server && !(this.client && isSame(server, this.client.server))) {
        await this.connect(server);
      } else {
        await this.configure();
      }
    });
  }

  /** The server that runs, or would; and what was looked for. Throws `Problem` where there is none yet. */
  async found(): Promise<Found> {
    const search = await this.search();
    const server = this.client?.server ?? (await existing(search, new AbortController().signal));
    if (!server) {
      throw new Problem("There is no server yet.", "Set fimble up first.");
    }
    return { search, server };
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
    this.stopWaiting();
    await Promise.all([this.turns.close(), this.stop()]);
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
    this.stopWaiting();
    clearTimeout(this.again);
    if (this.turns.length > 0) {
      void this.stop();
    }
  }

  /** Where it is cancelled, what ran before runs on. */
  private async makeAll(search: Search, closing: AbortSignal): Promise<void> {
    const before = this.client;
    await this.stop();
    try {
      const showing = { voice: this.voice, log: this.log, onState: (state: State) => this.holder.set(state) };
      await this.connect(await allMade(search, closing, showing));
    } catch (error) {
      const server = error instanceof Cancelled && before ? await existing(search, closing) : undefined;
      if (!server) {
        throw error;
      }
      await this.connect(server);
    }
  }

  /** Something has to be fetched first. When another window has done so, this one starts by itself. */
  private lack(message: string): void {
    this.holder.set({ kind: "needsSetUp", message });
    this.stopWaiting();
    this.stopWaiting = others.whenTold(this.root, () => void this.start());
  }

  /** An offer may stay on the screen until somebody else has done what it offers. */
  private offer(message: string, action: string): void {
    this.voice.offer(message, action, () => (this.holder.now.kind === "needsSetUp" ? this.setUp() : undefined));
  }

  /** Starts `server`, unless another turn waits that will do so. */
  private async connect(server: Server): Promise<void> {
    this.stopWaiting();
    await this.stop();
    if (this.turns.isOver || this.turns.length > 1) {
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
    if (state.kind === "needsSetUp") {
      this.lack(state.message);
      this.offer(state.message, "Fetch It");
      return;
    }
    if (state.kind === "failed" && state.message !== this.holder.now.message) {
      const actions = {
        "Set Up": () => this.setUp(),
        "Run fimble doctor": () => vscode.commands.executeCommand("fimble.doctor"),
      };
      this.voice.complain(`fimble: ${state.message}`, actions);
    }
    this.holder.set(state);
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
      this.voice.complain(`fimble: ${message}`, { Restart: () => this.start() });
      return;
    }
    this.holder.set({ kind: "loading", message: "the server stopped and is started again" });
    if (!this.restarts.isSeries) {
      this.voice.mention(`fimble's server stopped ${how.split(":")[0]} and is started again.`);
    }
    this.again = setTimeout(() => {
      if (this.turns.length === 0) {
        void this.turns.take(() => this.connect(server));
      }
    }, delayMs);
  }

  private async failed(error: unknown): Promise<void> {
    if (error instanceof Cancelled) {
      await consent.takeBack(this.root);
      this.lack("setting up was cancelled");
    } else {
      const message = messageOf(error);
      this.log.error(error instanceof Error ? (error.stack ?? message) : message);
      this.holder.set({ kind: "failed", message });
      this.voice.problem(error, () => this.tryAgain());
    }
  }

  /** Does no more than the person has agreed to. */
  private async tryAgain(): Promise<void> {
    await ((await consent.isGiven(this.root)) ? this.setUp() : this.start());
  }

  private get root(): string {
    return path.join(this.context.globalStorageUri.fsPath, "server");
  }

  private async search(): Promise<Search> {
    const wheel = await findWheel(this.context.extensionPath);
    const version = String(this.context.extension.packageJSON.version);
    return { settings: machineSettings(), root: this.root, wheel, version };
  }
}
