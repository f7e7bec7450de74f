/** What the client can do beyond the protocol, what it does not want, and what it does in its own way. */

import * as vscode from "vscode";
import type { ClientCapabilities, ShowDocumentRequest, StaticFeature } from "vscode-languageclient";
import type { Surface } from "./settings.js";

/** As the library takes it in. */
export function abilities(surface: Surface): StaticFeature {
  return {
    getState: () => ({ kind: "static" }),
    fillClientCapabilities: (capabilities: ClientCapabilities) => {
      capabilities.experimental = { ...(capabilities.experimental as object), fimble: { status: true } };
      if (surface === "popup" && capabilities.textDocument) {
        delete capabilities.textDocument.inlineCompletion; // the server then offers entries of the popup
      }
    },
    initialize: () => undefined,
    clear: () => undefined,
  };
}

/** Explanations are Markdown, and read better when they are drawn as such. */
export const shownAsText: ShowDocumentRequest.MiddlewareSignature = async (params, token, next) => {
  if (params.uri.endsWith("-explained.md")) {
    try {
      await vscode.commands.executeCommand("markdown.showPreviewToSide", vscode.Uri.parse(params.uri));
      return { success: true };
    } catch {
      return next(params, token); // no preview here
    }
  }
  return next(params, token);
};
