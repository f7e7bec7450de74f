/** Shows a report as a page that can be read and copied, and that nobody has to save. */

import * as vscode from "vscode";

const SCHEME = "fimble";

export async function show(title: string, text: string): Promise<void> {
  const uri = vscode.Uri.from({ scheme: SCHEME, path: title, query: String(Date.now()) });
  const provider = vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
    provideTextDocumentContent: () => text,
  });
  try {
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
  } finally {
    provider.dispose();
  }
}
