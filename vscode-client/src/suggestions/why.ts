/** Tells why there was a suggestion or none. */

import type * as vscode from "vscode";

/** What `fimble/why` answers. */
export interface Answer {
  readonly shown: boolean;
  readonly reason: string | null;
  readonly detail: string;
  readonly confidence: number | null;
  readonly source: string;
  readonly latencyMs: number;
}

export function params(editor: vscode.TextEditor): object {
  const { line, character } = editor.selection.active;
  return { textDocument: { uri: editor.document.uri.toString() }, position: { line, character } };
}

/** The answer as a sentence. */
export function sentence(answer: Answer | null | undefined): string {
  if (!answer) {
    return "Nothing was asked in this file yet. Type something, or ask with Alt+\\.";
  }
  const took = `${Math.round(answer.latencyMs)} ms`;
  if (answer.shown) {
    const sure = answer.confidence === null ? "" : `, ${Math.round(answer.confidence * 100)} % sure`;
    const from = { cache: "known already", joined: "being written already" }[answer.source] ?? "from the model";
    return `There was a suggestion: ${from}, after ${took}${sure}.`;
  }
  const detail = answer.detail ? ` (${answer.detail})` : "";
  return `No suggestion: ${answer.reason ?? "the answer was empty"}${detail}, after ${took}.`;
}
