// Text of logs, labels and servers is a stranger's; a terminal would obey what is hidden in it.

/** The text with control and format characters (escape sequences, bidirectional overrides) shown as \u escapes. Line feeds stay. */
export function printable(text: string): string {
  return text.replaceAll(
    /[^\P{C}\n]|[\u2028\u2029]/gu,
    character => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  )
}
