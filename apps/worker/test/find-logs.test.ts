import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Hour } from '@zonetoll/model'
import { openLocation } from '@zonetoll/objects'
import { expect, onTestFinished, test } from 'vitest'
import { HOUR, objectKey, objectOf, record, writeFiles } from '../../../test/support/data-set.ts'
import { findLogs } from '../src/find-logs.ts'

async function folder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'zonetoll-find-logs-'))
  onTestFinished(() => rm(root, { recursive: true }))
  await writeFiles(join(root, 'logs'), new Map([[objectKey(), objectOf([record()])]]))
  return root
}

async function keysIn(...places: readonly string[]): Promise<string[]> {
  const { signal } = new AbortController()
  const locations = places.map(place => openLocation(place))
  const { objects } = await findLogs(locations, HOUR as Hour, { flowLogIds: [], settle: 20, signal })
  return objects.map(({ object }) => object.key)
}

test('an object that two locations reach is read once, under one key whatever their order', async () => {
  const root = await folder()
  const above = join(root, 'logs')
  const below = join(root, 'logs/AWSLogs')
  expect(await keysIn(above, below)).toEqual([objectKey()])
  expect(await keysIn(below, above)).toEqual([objectKey()])
  expect(await keysIn(above, above)).toEqual([objectKey()])
})

test('one object in two places is an error that names both', async () => {
  const root = await folder()
  await cp(join(root, 'logs'), join(root, 'copy'), { recursive: true })
  const both = keysIn(join(root, 'logs'), join(root, 'copy'))
  await expect(both).rejects.toThrow(join(root, 'logs', objectKey()))
  await expect(both).rejects.toThrow(join(root, 'copy', objectKey()))
})
