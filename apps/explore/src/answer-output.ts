// Where an answer goes: standard output as it comes, or a file, whole or not at all.

import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from '@zonetoll/command'
import type { Location } from '@zonetoll/objects'
import { locationOf } from './hour-options.ts'

export interface OutputFile {
  readonly location: Location
  readonly key: string
}

/** The file that the option names. Throws UsageError where it names none. */
export function outputFile(text: string, option = '--output'): OutputFile {
  const isS3 = /^s3:\/\//i.test(text)
  const path = /^file:/i.test(text) ? pathOf(text, option) : text
  const at = path.lastIndexOf('/') + 1
  const [folder, name] = isS3 ? [path.slice(0, at), path.slice(at)] : [dirname(path), basename(path)]
  if (
    name === '' ||
    text.endsWith('/') ||
    name === '.' ||
    name === '..' ||
    (isS3 && !/^s3:\/\/[^/]+\//i.test(folder))
  ) {
    throw new UsageError(
      `${option}: ${JSON.stringify(text)} names no file: expected a path or s3://bucket/key`,
    )
  }
  const location = locationOf(option, folder)
  return { location, key: location.prefix + name }
}

function pathOf(uri: string, option: string): string {
  try {
    return fileURLToPath(uri)
  } catch (cause) {
    throw new UsageError(`${option}: ${JSON.stringify(uri)} isn't a file URI: ${(cause as Error).message}`, {
      cause,
    })
  }
}

/** Writes the parts as they come, until the last or until nobody reads any more (`| head`). */
export async function toStandardOutput(parts: AsyncIterable<string | Uint8Array>): Promise<void> {
  for await (const part of parts) {
    const read = await new Promise<boolean>(resolve => {
      process.stdout.write(part, error => resolve(error === null || error === undefined))
    })
    if (!read) return
  }
}

/** Puts the parts into a file of ours first, and then where they belong. */
export async function toFile(
  { location, key }: OutputFile,
  parts: AsyncIterable<string | Uint8Array>,
  temporary: string,
  signal: AbortSignal,
): Promise<void> {
  const file = await open(temporary, 'wx', 0o600)
  try {
    for await (const part of parts) {
      signal.throwIfAborted()
      await file.writeFile(part)
    }
  } finally {
    await file.close()
  }
  await location.store.write(key, { file: temporary }, { signal })
}

/** A file's bytes. */
export async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(path)) yield chunk as Uint8Array
}
