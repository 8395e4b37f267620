// HTML as a template: what is put in is text, escaped, unless it is a template's own result.
//
//   html`<td>${name}</td>`            name can't leave its place: not in an element, not in a quoted attribute
//   html`<tr>${cells}</tr>`           a template's result, or a list of them, goes in as it is
//
// Attributes are always quoted. Nothing is put into a pre element but by lines().
// Text in a script or style element isn't covered: none is ever put there.

import { visible } from './visible-text.ts'

/** Text of HTML, safe as it stands. Only this file makes it. */
export class Markup {
  readonly text: string

  private constructor(text: string) {
    this.text = text
  }

  /** Text that holds nothing of anybody else's. */
  static own(text: string): Markup {
    return new Markup(text)
  }

  static of(strings: TemplateStringsArray, values: readonly Part[]): Markup {
    return new Markup(
      unindented(strings).reduce((text, string, at) => text + textOf(values[at - 1]!) + string),
    )
  }
}

/** Null is nothing. */
export type Part = Markup | string | number | null | readonly Part[]

export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Markup {
  return Markup.of(strings, values)
}

/** Lines of text as a pre element shows them. */
export function lines(texts: readonly string[]): Markup {
  return Markup.own(texts.map(text => `${textOf(text)}\n`).join(''))
}

/** A constant of ours as it stands. */
export function ownMarkup(text: string): Markup {
  return Markup.own(text)
}

const unindentedStrings = new WeakMap<TemplateStringsArray, readonly string[]>()

// Line breaks and indents of the source become one line feed, which HTML takes as they are taken: for a space.
function unindented(strings: TemplateStringsArray): readonly string[] {
  let texts = unindentedStrings.get(strings)
  if (texts === undefined) {
    texts = strings.map(text => text.replaceAll(/\s*\n\s*/g, '\n'))
    unindentedStrings.set(strings, texts)
  }
  return texts
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function textOf(part: Part): string {
  if (part === null) return ''
  if (part instanceof Markup) return part.text
  if (typeof part === 'number') return String(part)
  if (typeof part === 'string') return visible(part).replace(/[&<>"']/g, character => ESCAPES[character]!)
  return part.map(textOf).join('')
}
