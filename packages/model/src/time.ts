// Time in Zonetoll: UTC, and every interval half-open.
//
//   UnixSeconds   whole seconds since 1970, what a flow log's start and end are
//   Hour          the first second of a UTC hour; a record belongs to the hour of its start
//   UnixMillis    milliseconds since 1970, what an assignment's from and until are read into

declare const secondsBrand: unique symbol
declare const millisBrand: unique symbol
declare const hourBrand: unique symbol

/** Whole seconds since 1970-01-01T00:00:00Z. */
export type UnixSeconds = number & { readonly [secondsBrand]: true }

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type UnixMillis = number & { readonly [millisBrand]: true }

/** The first second of a UTC hour, in Unix seconds; always a multiple of 3600. */
export type Hour = UnixSeconds & { readonly [hourBrand]: true }

export const HOUR_SECONDS = 3600

const HOUR_TEXT = /^(\d{4})-(\d{2})-(\d{2})T(\d{2})(?:Z|:00:00Z)?$/

/** The hour that `2024-05-01T10`, `2024-05-01T10Z` or `2024-05-01T10:00:00Z` names; null for any other text and for dates that don't exist. */
export function parseHour(text: string): Hour | null {
  const parts = HOUR_TEXT.exec(text)
  if (parts === null) return null
  const iso = `${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:00:00.000Z`
  const millis = Date.parse(iso)
  if (Number.isNaN(millis) || new Date(millis).toISOString() !== iso) return null
  return (millis / 1000) as Hour
}

/** The hour that a moment lies in. */
export function hourOf(seconds: number): Hour {
  return (Math.floor(seconds / HOUR_SECONDS) * HOUR_SECONDS) as Hour
}

/** `2024-05-01T10:00:00Z`: seconds, no fraction. */
export function formatSeconds(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`
}

/** `2024-05-01T10`, as `--hour` takes it. */
export function formatHour(hour: Hour): string {
  return new Date(hour * 1000).toISOString().slice(0, 13)
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

/** An RFC 3339 instant in milliseconds (finer fractions are cut off); null for any other text and for dates that don't exist. */
export function parseInstant(text: string): UnixMillis | null {
  if (!INSTANT.test(text)) return null
  const millis = Date.parse(text)
  if (Number.isNaN(millis)) return null
  // Date.parse rolls a 30th of February over into March; the day must come back as written.
  const day = Date.parse(`${text.slice(0, 10)}T00:00:00Z`)
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== text.slice(0, 10)) return null
  return millis as UnixMillis
}
