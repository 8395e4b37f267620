// Text and names as SQL writes them.

/** A text in SQL's quotes: DuckDB's have no escapes but the doubled quote. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A name in SQL's quotes. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
