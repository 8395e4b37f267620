// Reading of what a Kubernetes API server sends: JSON of which nothing is taken for granted.
//
// A member that is missing or of another type reads as null or as an empty list, so that one odd object is left out
// and doesn't stop a watch.

import { parseInstant, type UnixMillis } from '@zonetoll/model'

export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object at a key; null where there is none. */
export function objectAt(object: JsonObject | null, key: string): JsonObject | null {
  const value = object?.[key]
  return isObject(value) ? value : null
}

/** The text at a key; null where there is none or it is empty. */
export function textAt(object: JsonObject | null, key: string): string | null {
  const value = object?.[key]
  return typeof value === 'string' && value !== '' ? value : null
}

/** The objects in the list at a key. */
export function objectsAt(object: JsonObject | null, key: string): JsonObject[] {
  const value = object?.[key]
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** The time at a key; null where there is none. */
export function instantAt(object: JsonObject | null, key: string): UnixMillis | null {
  const text = textAt(object, key)
  return text === null ? null : parseInstant(text)
}
