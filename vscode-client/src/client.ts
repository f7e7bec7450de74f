/** The language client: one connection to one server process. */

import type { ChildProcess } from "node:child_process";
import type * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  InlineCompletionRequest,
  type LanguageClientOptions,
  ShowMessageNotification,
} from "vscode-languageclient";
import { LanguageClient } from "vscode-languageclient/node";
import { abilities, shownAsText } from "./abilities.js";
import { Messages } from "./controls/messages.js";
import { Progress } from "./controls/progress.js";
import type { Server } from "./environment/server.js";
import { messageOf, Problem } from "./problem.js";
import { ServerProcess } from "./process.js";
import { searching } from "./search/ability.js";
import type { Surface } from "./settings.js";
import type { Condition } from "./state.js";
import type { Events } from "./suggestions/events.js";
import { type Answer, Patience } from "./suggestions/patience.js";

/** Documents that are code or may become some; not output, diffs and the like. */
const SELECTOR = ["file", "untitled", "vscode-vfs", "vscode-notebook-cell"].map((scheme) => ({ scheme }));
/** Much longer than a server takes to say hello; its model is loaded after that. */
const HELLO_WITHIN_MS = 60_000;
/** A process closes its pipes a little before it is gone. */
const GONE_WITHIN_MS = 3000;

export interface Wishes {
  readonly server: Server;
  readonly env: Readonly<Record<string, string>>;
  readonly surface: Surface;
  readonly log: vscode.LogOutputChannel;
  readonly events: Events;
  /** The server's options, as they are now. */
  readonly options: () => Record<string, unknown>;
  readonly onCondition: (condition: Condition) => void;
  /** The process ended though nobody asked it to; says how. */
  readonly onStopped: (how: string) => void;
}

/** The library's client, which logs its troubles and leaves it to us to tell a person, in their words. */
class Quiet extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  override warn(message: string, data?: unknown): void {
    super.warn(message, data, false);
  }
}

export class Client implements vscode.Disposable {
  private readonly client: LanguageClient;
  private process: ServerProcess | undefined;
  private isWanted = true;
  /** Settled when nothing more is to be expected of the process. */
  private readonly over: Promise<void>;
  private end: () => void = () => undefined;
  private readonly patience = new Patience();
  private readonly messages = new Messages();
  private readonly progress = new Progress((token) => this.tell("window/workDoneProgress/cancel", { token }));

  constructor(private readonly wishes: Wishes) {
    this.over = new Promise((resolve) => {
      this.end = resolve;
    });
    this.client = new Quiet("fimble", "fimble", () => this.spawned(), this.clientOptions());
    this.client.registerFeature(abilities(wishes.surface));
    this.client.registerFeature(searching());
    this.client.onNotification("didChangeStatus", (condition: Condition) => {
      this.messages.heard(condition);
      wishes.onCondition(condition);
    });
    this.client.onNotification(ShowMessageNotification.type, (said) => this.messages.show(said));
  }

  /**
   * Connects. Throws `Problem` where the server does not start, or says nothing; where it stops meanwhile, `onStopped`
   * is called. Returns early when it is stopped.
   */
  async start(): Promise<void> {
    try {
      await Promise.race([this.client.start(), this.over, after(HELLO_WITHIN_MS)]);
    } catch (error) {
      if (error instanceof Problem) {
        throw error;
      }
      await Promise.race([this.over, after(GONE_WITHIN_MS)]);
      if (this.isWanted) {
        await this.stop();
        throw this.useless(messageOf(error));
      }
    }
    if (this.isWanted && !this.client.isRunning()) {
      await this.stop();
      throw this.useless(`it said nothing for ${HELLO_WITHIN_MS / 1000} s`);
    }
  }

  /** Tells the server its options anew. */
  async configure(): Promise<void> {
    if (this.client.isRunning()) {
      const settings = { fimble: this.wishes.options() };
      await this.client.sendNotification("workspace/didChangeConfiguration", { settings });
    }
  }

  /** Asks something that is no part of the protocol; `undefined` where no server runs. */
  async ask<T>(method: string, params: unknown, token?: vscode.CancellationToken): Promise<T | undefined> {
    // Whatever stands third is sent as one more parameter, unless it is a token: `undefined`, too.
    const rest = token ? [token] : [];
    return this.client.isRunning() ? this.client.sendRequest<T>(method, params, ...rest) : undefined;
  }

  /** Tells something that is no part of the protocol. */
  tell(method: string, params: unknown): void {
    if (this.client.isRunning()) {
      void this.client.sendNotification(method, params);
    }
  }

  async stop(): Promise<void> {
    this.isWanted = false;
    this.end();
    this.progress.endAll();
    try {
      await this.client.dispose(2000);
    } catch (error) {
      this.wishes.log.debug(`While stopping: ${error}`); // it had stopped already, or never ran
    }
    await this.process?.stop();
  }

  get server(): Server {
    return this.wishes.server;
  }

  private useless(why: string): Problem {
    const what = `The server was started and cannot be used (${this.wishes.server.origin}): ${why}.`;
    return new Problem(what, "Check the setting fimble.server.path, or set fimble up again.");
  }

  dispose(): void {
    void this.stop();
  }

  private async spawned(): Promise<ChildProcess> {
    const { server, env, log } = this.wishes;
    log.info(`Starting ${server.origin}.`);
    try {
      this.process = await ServerProcess.start([...server.command, "serve", "--stdio"], env);
    } catch (error) {
      this.isWanted = false;
      const what = `The server cannot be started (${server.origin}): ${messageOf(error)}.`;
      throw new Problem(what, "Check the setting fimble.server.path, or set fimble up again.");
    }
    void this.process.ended.then((how) => {
      this.progress.endAll();
      if (this.isWanted) {
        this.isWanted = false;
        this.wishes.onStopped(how);
      }
      this.end();
    });
    if (!this.isWanted) {
      void this.process.stop(); // it was stopped while it started
    }
    return this.process.child;
  }

  /** Asks for suggestions in the document as it is now: the server sees from the version whether it is late. */
  private asked(
    document: vscode.TextDocument,
    position: vscode.Position,
    context: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<Answer> {
    const params = this.client.code2ProtocolConverter.asInlineCompletionParams(document, position, context);
    const textDocument = { ...params.textDocument, version: document.version };
    return this.client.sendRequest(InlineCompletionRequest.type, { ...params, textDocument }, token);
  }

  private clientOptions(): LanguageClientOptions {
    const { wishes } = this;
    const { events, surface, log, options } = wishes;
    return {
      documentSelector: SELECTOR,
      outputChannel: log,
      initializationOptions: { settings: options() },
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => ({ action: CloseAction.DoNotRestart, handled: true }), // `onStopped` decides
      },
      middleware: {
        workspace: {
          configuration: (params) => params.items.map(() => options()),
          didChangeConfiguration: () => this.configure(),
        },
        window: { showDocument: shownAsText },
        handleWorkDoneProgress: (token, value, next) => this.progress.handle(token, value, next),
        provideInlineCompletionItems: async (document, position, context, token) => {
          if (surface !== "ghostText") {
            return [];
          }
          const answer = await this.patience.answer(document, position, context, token, (until) =>
            this.asked(document, position, context, until),
          );
          if (token.isCancellationRequested) {
            return [];
          }
          events.answered(document, position, answer);
          return this.client.protocol2CodeConverter.asInlineCompletionResult(answer, token);
        },
      },
    };
  }
}

/** Resolves later, and keeps nothing alive. */
function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
