// Text of logs, labels and servers is a stranger's; a terminal would obey what is hidden in it.

/** The text with control and format characters (escape sequences, bidirectional overrides) shown as \u escapes. Line feeds stay. */
export function printable(text: string): string {
  return text.replaceAll(
    /[^\P{C}\n]|[\u2028\u2029]/gu,
    character => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  )
}

/** The same as one line: of a name, which has no line feeds of its own. */
export function printableLine(text: string): string {
  return printable(text).replaceAll('\n', String.raw`\u{a}`)
}

/** The same for JSON: the characters become JSON's own escapes, so that a reader gets the very same value. */
export function printableJson(json: string): string {
  return json.replaceAll(/[^\P{C}\n]|[\u2028\u2029]/gu, character =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
}
