/**
 * Keeps answers that take long from being lost.
 *
 * With its usual settings VS Code drops inline suggestions that are not there after 750 ms, opens its list of
 * completions instead, and does not ask again. So it is told "nothing yet" a little earlier, and opens its list in time;
 * when the answer comes and still fits, VS Code is made to ask once more, and gets it at once. No setting of the
 * person's has to be changed for that.
 */

import * as vscode from "vscode";
import type { InlineCompletionItem, InlineCompletionList } from "vscode-languageclient";

export type Answer = InlineCompletionItem[] | InlineCompletionList | null;

const NOT_YET_AFTER_MS = 600;
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
    ask: (token: vscode.CancellationToken) => Promise<Answer>,
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
    if (found !== undefined || token.isCancellationRequested) {
      return found ?? NOTHING;
    }
    this.waiting = source;
    void this.show(place, asked, source);
    return NOTHING;
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
      const items = Array.isArray(answer) ? answer : (answer?.items ?? []);
      if (this.waiting === source && items.length && isStill(place)) {
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
