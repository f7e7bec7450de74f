/** Makes whatever serving needs and is missing, the model included, while a person sees how far it is. */

import type * as vscode from "vscode";
import type { State } from "../state.js";
import type { Voice } from "../voice.js";
import * as consent from "./consent.js";
import { prepare } from "./model.js";
import * as others from "./others.js";
import { existing, made, type Search, type Server } from "./server.js";
import { environment } from "./variables.js";

export interface Showing {
  readonly voice: Voice;
  readonly log: vscode.LogOutputChannel;
  readonly onState: (state: State) => void;
}

/** The server, when it and its model are there; stops when `closing` says so. Throws `Problem` and `Cancelled`. */
export async function allMade(search: Search, closing: AbortSignal, { voice, log, onState }: Showing): Promise<Server> {
  await consent.give(search.root);
  const env = environment(search.settings);
  const server = await voice.showing("setting up", async (cancelled, onStep) => {
    const signal = AbortSignal.any([closing, cancelled]);
    const onLine = (line: string): void => log.info(line);
    const tell = (step: string, fraction?: number): void => {
      onState({ kind: "settingUp", message: step });
      onStep(step, fraction);
    };
    const found = (await existing(search, signal, true)) ?? (await made(search, { signal, env, onLine, onStep: tell }));
    if (!search.settings.endpoint.FIMBLE_ENDPOINT) {
      await prepare(found, search.settings.model, { signal, env, onLine }, tell);
    }
    return found;
  });
  await others.tell(search.root);
  return server;
}
