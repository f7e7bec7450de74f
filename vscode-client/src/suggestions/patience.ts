/**
 * Keeps answers that take long from being lost.
 *
 * With its usual settings VS Code drops inline suggestions that are not there after 750 ms, opens its list of
 * completions instead, and does not ask again. So it is told "nothing yet" a little earlier, and opens its list in time;
 * when the answer comes and still fits, VS Code is made to ask once more, and gets it at once. No setting of the
 * person's has to be changed for that.
 *
 * An answer without a suggestion may have been cut off in haste, and the server then writes on while the person thinks.
 * So it is asked once more, if they are still there a second later.
 */

import * as vscode from "vscode";
import type { InlineCompletionItem, InlineCompletionList } from "vscode-languageclient";

export type Answer = InlineCompletionItem[] | InlineCompletionList | null;
type Ask = (token: vscode.CancellationToken) => Promise<Answer>;

const NOT_YET_AFTER_MS = 600;
const AGAIN_AFTER_MS = 1000;
const NOTHING: Answer = [];

/** Where something was asked, and about which text. */
interface Place {
  readonly document: vscode.TextDocument;
  readonly version: number;
  readonly position: vscode.Position;
  /** The entry selected in the list of completions. */
  readonly selected: string | undefined;
}

export class Patience {
  private waiting: vscode.CancellationTokenSource | undefined;
  private kept: { readonly place: Place; readonly answer: Answer } | undefined;

  /** What to tell VS Code now, of what `ask` will answer. */
  async answer(
    document: vscode.TextDocument,
    position: vscode.Position,
    context: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
    ask: Ask,
  ): Promise<Answer> {
    const selected = context.selectedCompletionInfo?.text;
    const place: Place = { document, version: document.version, position, selected };
    const { kept } = this;
    this.forget();
    if (kept && isSame(kept.place, place)) {
      return kept.answer;
    }
    if (context.triggerKind === vscode.InlineCompletionTriggerKind.Invoke) {
      return ask(token);
    }
    const source = new vscode.CancellationTokenSource();
    const listening = token.onCancellationRequested(() => source.cancel());
    const asked = ask(source.token);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), NOT_YET_AFTER_MS);
    });
    const found = await Promise.race([asked, late]).finally(() => {
      clearTimeout(timer);
      listening.dispose();
    });
    if (token.isCancellationRequested || (found !== undefined && itemsOf(found).length)) {
      return found ?? NOTHING;
    }
    this.waiting = source;
    void this.show(place, found === undefined ? asked : this.again(place, source, ask), source);
    return NOTHING;
  }

  /** What is answered a little later, if the person is still there then. */
  private async again(place: Place, source: vscode.CancellationTokenSource, ask: Ask): Promise<Answer> {
    await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
    return this.waiting === source && isStill(place) ? ask(source.token) : NOTHING;
  }

  /** Nobody waits any more. */
  forget(): void {
    this.waiting?.cancel();
    this.waiting = undefined;
    this.kept = undefined;
  }

  private async show(place: Place, asked: Promise<Answer>, source: vscode.CancellationTokenSource): Promise<void> {
    try {
      const answer = await asked;
      if (this.waiting === source && itemsOf(answer).length && isStill(place)) {
        this.kept = { place, answer };
        await vscode.commands.executeCommand("editor.action.inlineSuggest.trigger");
      }
    } catch {
      // The request failed or was cancelled; the client has logged it.
    } finally {
      if (this.waiting === source) {
        this.waiting = undefined;
      }
      source.dispose();
    }
  }
}

export function itemsOf(answer: Answer): readonly InlineCompletionItem[] {
  return Array.isArray(answer) ? answer : (answer?.items ?? []);
}

function isSame(one: Place, other: Place): boolean {
  return (
    one.document === other.document &&
    one.version === other.version &&
    one.position.isEqual(other.position) &&
    one.selected === other.selected
  );
}

/** Whether the person is still there, and has typed nothing since. */
function isStill(place: Place): boolean {
  const editor = vscode.window.activeTextEditor;
  const isHere = editor?.document === place.document && place.document.version === place.version;
  return isHere && editor.selection.isEmpty && editor.selection.active.isEqual(place.position);
}
