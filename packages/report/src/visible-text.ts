// Names from logs and labels as text that can be seen and does nothing: what is hidden in it is shown as \u{…}, what is
// too long is cut.
//
//   control and format characters, bidirectional overrides, unpaired surrogates    \u{202e}
//   what takes no room (zero-width, variation selectors, fillers)                  \u{200b}
//   spaces that look like the one or none                                          \u{a0}
//   four and more marks on one letter                                              \u{301}…

const HIDDEN = /[\p{C}\p{DI}\p{Zl}\p{Zp}\u2800]|(?! )\p{Zs}|(?<=\p{M}{3})\p{M}/gu

/** The text with every character that can't be seen as an escape. */
export function visible(text: string): string {
  return text.replace(HIDDEN, character => `\\u{${character.codePointAt(0)!.toString(16)}}`)
}

/** At most `most` characters (code points) of the text; where it is longer the last one is '…'. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text
  // Twice as many units hold as many code points; the rest of a long text isn't looked at.
  const points = Array.from(text.slice(0, most * 2 + 2))
  return points.length <= most ? points.join('') : `${points.slice(0, most - 1).join('')}…`
}
