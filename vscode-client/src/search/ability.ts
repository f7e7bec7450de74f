/** What the server says of searching: whether it can. */

import * as vscode from "vscode";
import type { ServerCapabilities, StaticFeature } from "vscode-languageclient";

/** The server's command, and the name of ours. */
export const COMMAND = "fimble.search";

/** As the library takes it in, which would else register the server's command under the name of ours. */
export function searching(): StaticFeature {
  return {
    getState: () => ({ kind: "static" }),
    fillClientCapabilities: () => undefined,
    preInitialize: (capabilities: ServerCapabilities) => {
      const commands = capabilities.executeCommandProvider?.commands ?? [];
      const place = commands.indexOf(COMMAND);
      if (place >= 0) {
        commands.splice(place, 1);
      }
      tell(place >= 0);
    },
    initialize: () => undefined,
    clear: () => tell(false),
  };
}

function tell(can: boolean): void {
  void vscode.commands.executeCommand("setContext", "fimble.canSearch", can);
}
