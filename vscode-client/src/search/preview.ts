/** Shows the place that is looked at in a list, and puts back what was shown before where none is chosen. */

import * as vscode from "vscode";
import type { Hit } from "./entries.js";

const PAUSE_MS = 80;

export class Preview implements vscode.Disposable {
  private readonly mark = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor("editor.rangeHighlightBackground"),
    isWholeLine: true,
  });
  private readonly before = vscode.window.activeTextEditor;
  private readonly selection = this.before?.selection;
  private readonly view = this.before?.visibleRanges[0];
  private pause: NodeJS.Timeout | undefined;
  private turn: Promise<unknown> = Promise.resolve();
  private isOver = false;
  private hasShown = false;

  /** A person looks at `hit`; keys that are held down go past most of them. */
  show(hit: Hit): void {
    clearTimeout(this.pause);
    this.pause = setTimeout(() => {
      this.turn = this.turn.then(() => (this.isOver ? undefined : this.shown(hit, true))).catch(() => undefined);
    }, PAUSE_MS);
  }

  /** A person chose `hit`. */
  async open(hit: Hit): Promise<void> {
    this.end();
    await this.turn;
    const editor = await this.shown(hit, false);
    editor.setDecorations(this.mark, []);
  }

  /** A person chose nothing. Where nothing was shown, nothing happens: the keyboard stays where they take it. */
  async putBack(): Promise<void> {
    this.end();
    await this.turn;
    if (this.hasShown && this.before && this.selection) {
      const { document, viewColumn } = this.before;
      const editor = await vscode.window.showTextDocument(document, viewColumn);
      editor.selection = this.selection;
      editor.revealRange(this.view ?? this.selection, vscode.TextEditorRevealType.AtTop);
    }
  }

  dispose(): void {
    this.end();
    this.mark.dispose();
  }

  private end(): void {
    this.isOver = true;
    clearTimeout(this.pause);
  }

  private async shown(hit: Hit, isPreview: boolean): Promise<vscode.TextEditor> {
    this.hasShown = true;
    const line = hit.snippet_line - 1;
    const place = new vscode.Range(line, 0, line, 0);
    const editor = await vscode.window.showTextDocument(vscode.Uri.parse(hit.uri), {
      preview: isPreview,
      preserveFocus: isPreview,
      selection: place,
    });
    editor.revealRange(place, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    editor.setDecorations(this.mark, [new vscode.Range(hit.range.start.line, 0, hit.range.end.line - 1, 0)]);
    return editor;
  }
}
