/** What a search found, as entries of a list. */

/** A place, as the server tells it. Lines count from 1 but for `range`. */
export interface Hit {
  readonly uri: string;
  readonly range: { readonly start: { readonly line: number }; readonly end: { readonly line: number } };
  readonly path: string;
  readonly name: string;
  readonly kind: string;
  readonly snippet: string;
  readonly snippet_line: number;
  readonly why: readonly string[];
}

/** What the server answers. */
export interface Found {
  readonly query: string;
  readonly hits: readonly Hit[];
  readonly notes: readonly string[];
}

export interface Entry {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  /** The list would else leave out what does not hold the letters that were typed. */
  readonly alwaysShow: true;
  /** Nothing for a note. */
  readonly hit?: Hit;
}

const ICONS: Readonly<Record<string, string>> = {
  function: "symbol-function",
  method: "symbol-method",
  class: "symbol-class",
  values: "symbol-variable",
  section: "book",
};

/** The hits, and below them what a person should know. */
export function entries(found: Found): Entry[] {
  const notes = found.notes.map((note): Entry => ({ label: `$(info) ${note}`, alwaysShow: true }));
  const nothing: Entry = { label: "Nothing was found", alwaysShow: true };
  const hits = found.hits.map(
    (hit): Entry => ({
      label: `$(${ICONS[hit.kind] ?? "file"}) ${hit.name || hit.path.slice(hit.path.lastIndexOf("/") + 1)}`,
      description: `${hit.path}:${hit.snippet_line}`,
      detail: [hit.why.join(", "), firstLine(hit.snippet)].filter(Boolean).join("  ·  "),
      alwaysShow: true,
      hit,
    }),
  );
  return [...(hits.length ? hits : [nothing]), ...notes];
}

function firstLine(snippet: string): string {
  return (snippet.trimStart().split("\n", 1)[0] ?? "").slice(0, 120);
}
