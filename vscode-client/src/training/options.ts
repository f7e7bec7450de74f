/** The server's options as variables, for a command that no editor speaks with. */

import * as path from "node:path";
import { Problem } from "../problem.js";

const LISTS = new Set(["disabled_paths", "disabled_languages"]);

/** Option -> value, as the server has them, as variable -> text. Throws `Problem` where one cannot be told so. */
export function optionVariables(options: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [`FIMBLE_${name.toUpperCase()}`, asVariable(name, value)]),
  );
}

function asVariable(name: string, value: unknown): string {
  if (!Array.isArray(value)) {
    if (LISTS.has(name)) {
      throw new Problem(`The option ${name} must be a list, and is ${JSON.stringify(value)}.`, "Correct it first.");
    }
    return String(value);
  }
  const split = value.find((part) => String(part).includes(path.delimiter));
  if (split !== undefined) {
    const what = `The option ${name} has "${split}", and "${path.delimiter}" divides its parts in a command.`;
    throw new Problem(what, "Write it into a .fimbleignore file instead.");
  }
  return value.join(path.delimiter);
}
