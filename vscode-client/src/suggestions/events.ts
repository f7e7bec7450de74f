/**
 * What became of a suggestion, as far as the stable API lets an extension know.
 *
 * That one was taken whole is told by its command, which VS Code runs. That one is on the screen is concluded: the
 * document and the cursor are still where they were when it came. Word by word is told by our own commands; who uses
 * the editor's is understood by the server from the text.
 */

import * as vscode from "vscode";
import type { InlineCompletionItem } from "vscode-languageclient";
import { type Answer, itemsOf } from "./patience.js";

const ON_SCREEN_AFTER_MS = 50;

interface Offer {
  readonly document: vscode.TextDocument;
  readonly version: number;
  readonly position: vscode.Position;
  readonly item: InlineCompletionItem;
}

export class Events implements vscode.Disposable {
  private last: Offer | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** `tell` sends a notification to the server. */
  constructor(private readonly tell: (method: string, params: unknown) => void) {}

  /** The server has answered a request for suggestions. */
  answered(document: vscode.TextDocument, position: vscode.Position, answer: Answer): void {
    const [item] = itemsOf(answer);
    clearTimeout(this.timer);
    this.last = item && { document, version: document.version, position, item };
    if (this.last) {
      const offer = this.last;
      this.timer = setTimeout(() => this.shown(offer), ON_SCREEN_AFTER_MS);
    }
  }

  /** Runs an editor's `command` that takes a part of the suggestion, and tells how much of it stands there then. */
  async partly(command: string): Promise<void> {
    const offer = this.last;
    const before = offer?.document.version;
    await vscode.commands.executeCommand(command);
    if (offer && offer.document.version !== before) {
      const length = acceptedLength(offer, vscode.window.activeTextEditor);
      if (length > 0) {
        this.tell("textDocument/didPartiallyAcceptCompletion", { item: offer.item, acceptedLength: length });
      }
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private shown(offer: Offer): void {
    const editor = vscode.window.activeTextEditor;
    const isThere = editor?.document === offer.document && editor.document.version === offer.version;
    if (isThere && editor.selection.active.isEqual(offer.position)) {
      this.tell("textDocument/didShowCompletion", { item: offer.item });
    }
  }
}

/** How many UTF-16 units of the offer's text stand before the cursor now. */
function acceptedLength(offer: Offer, editor: vscode.TextEditor | undefined): number {
  if (editor?.document !== offer.document) {
    return 0;
  }
  const { range, insertText } = offer.item;
  const start = range ? new vscode.Position(range.start.line, range.start.character) : offer.position;
  const standing = editor.document.getText(new vscode.Range(start, editor.selection.active));
  const whole = typeof insertText === "string" ? insertText : insertText.value;
  // Line ends are those of the document there, and may be others here.
  const taken = whole.includes("\r\n") ? standing : standing.replaceAll("\r\n", "\n");
  return whole.startsWith(taken) ? taken.length : 0;
}
