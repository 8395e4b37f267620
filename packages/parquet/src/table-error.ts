// What is wrong with a Parquet file that others wrote. Reading it again gives the same; leaving it out helps.

/** The message has the file as its subject and no end: `is no Parquet file: …`. */
export class TableError extends Error {
  override readonly name = 'TableError'
}

/** Something in a page that can't be; the column that met it says where. */
export class PageDamage extends Error {
  override readonly name = 'PageDamage'
}

/** A text of the file as part of a message: cut short, all but printable ASCII escaped. */
export function quoted(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return JSON.stringify(short).replace(
    /[^\u0020-\u007e…]/g,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
