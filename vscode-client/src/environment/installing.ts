/** What pip and uv mean when they fail, for a person. */

import { Problem } from "../problem.js";
import type { RunFailed } from "./run.js";

/** The index was reached, and has nothing for this Python or this processor. */
const NONE_FITS = /\(from versions: \d|has no wheels with a matching|no wheels? .{0,60}(?:platform|Python|ABI)/i;
const NO_SPACE = /No space left|ENOSPC|not enough space/i;
/** pip calls it a conflict when the index that it cannot reach has none of the versions that it must take. */
const NO_NETWORK =
  /NewConnectionError|ConnectTimeout|ProxyError|name resolution|Name or service|getaddrinfo|dns error|error sending request|SSLError|Connection refused|No matching distribution|ResolutionImpossible/i;

/** What went wrong in an installation, of what training needs or of the server; and what to do. */
export function explained(error: RunFailed, isForTraining = false): Problem {
  const again = isForTraining ? "train again" : "set fimble up again";
  const what = isForTraining ? "training" : "the server";
  if (NO_SPACE.test(error.tail)) {
    const needed = isForTraining ? "PyTorch takes several GB" : "fimble needs about 2 GB";
    return new Problem("The disk is full.", `Free some space (${needed}), then ${again}.`);
  }
  if (NONE_FITS.test(error.tail)) {
    return new Problem(
      `A package that ${what} needs is not made for this Python, or not for this machine.`,
      "Name another Python in the setting fimble.server.python; the log names the package.",
    );
  }
  if (NO_NETWORK.test(error.tail)) {
    return new Problem(
      `The packages that ${what} needs cannot be downloaded.`,
      `Check the connection (behind a proxy, the setting http.proxy), then ${again}.`,
    );
  }
  const last = error.tail.trim().split("\n").at(-1) ?? "";
  const cannot = isForTraining ? "What training needs cannot" : "The server cannot";
  return new Problem(`${cannot} be installed: ${error.message}. ${last}`.trim(), "The log has the details.");
}
