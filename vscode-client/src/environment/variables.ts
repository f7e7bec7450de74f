/** What the programs that fimble starts find in their environment, beyond the editor's own. */

import * as vscode from "vscode";
import type { MachineSettings } from "../settings.js";

export function environment(settings: MachineSettings): Record<string, string> {
  const proxy = httpProxy();
  return {
    ...(settings.home && { FIMBLE_HOME: settings.home }),
    // The model has to be prepared for what it will run on.
    ...(settings.provider && settings.provider !== "auto" && { FIMBLE_PROVIDER: settings.provider }),
    ...settings.endpoint,
    ...(typeof proxy === "string" && proxy && !process.env.HTTPS_PROXY && { HTTPS_PROXY: proxy, HTTP_PROXY: proxy }),
    PYTHONUTF8: "1",
  };
}

/** The proxy of the person or of their organisation; not one that a workspace names, as code and keys pass through it. */
function httpProxy(): unknown {
  const http = vscode.workspace.getConfiguration("http");
  const found = http.inspect("proxy");
  const isOfWorkspace = (found?.workspaceValue ?? found?.workspaceFolderValue) !== undefined;
  return isOfWorkspace ? found?.globalValue : http.get("proxy");
}
