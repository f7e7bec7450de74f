/** Patterns as in `.gitignore`: for one file, and for what lies in one folder of several. */

/** A name as a pattern that means just that name. */
export function escaped(name: string): string {
  return name.replace(/[\\*?[\]!#]|\s+$/g, "\\$&");
}

/** The pattern for `file`, whose path has no slash at its beginning. */
export function only(file: string): string {
  return `/${escaped(file.replaceAll("\\", "/").replace(/^\//, ""))}`;
}

/**
 * What `pattern` means in the settings of `folder`, as a pattern for full paths: the server knows one list, for all
 * folders of a workspace. What begins at the home folder is a full path already.
 */
export function below(folder: string, pattern: string): string {
  if (pattern.startsWith("!")) {
    return `!${below(folder, pattern.slice(1))}`;
  }
  if (!pattern.trim() || pattern.startsWith("#") || pattern.startsWith("~")) {
    return pattern;
  }
  const isAnchored = pattern.replace(/\/\s*$/, "").includes("/");
  return `${only(folder).replace(/\/$/, "")}/${isAnchored ? pattern.replace(/^\//, "") : `**/${pattern}`}`;
}
