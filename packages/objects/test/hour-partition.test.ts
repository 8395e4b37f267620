import { expect, test } from 'vitest'

import { hourPartition, listClusters } from '../src/index.ts'
import { folderPlace, s3Place } from './stores.ts'

const HOUR = Date.UTC(2024, 4, 1, 9) / 1000

test('an hour has the partition of its UTC date and hour', () => {
  expect(hourPartition('prod', HOUR)).toBe('cluster=prod/dt=2024-05-01/hour=09/')
  expect(hourPartition('a.b_c-D9', HOUR + 15 * 3600)).toBe('cluster=a.b_c-D9/dt=2024-05-02/hour=00/')
})

test.each(['', '..', '.hidden', '-x', '_x', 'a/b', 'a b', 'a\0b', 'ü', 'x'.repeat(101)])(
  'the cluster name %j is refused',
  name => {
    expect(() => hourPartition(name, HOUR)).toThrow("can't be a cluster's name")
  },
)

test('a time within an hour is refused', () => {
  for (const seconds of [HOUR + 1, HOUR + 0.5, Number.NaN])
    expect(() => hourPartition('a', seconds)).toThrow(RangeError)
})

test.each([
  ['a folder', folderPlace],
  ['a bucket', () => s3Place()],
  ['a bucket below a prefix', () => s3Place({ maxKeys: 2 }, 'some/log')],
])('the clusters of %s are those with a folder cluster=', async (_name, open) => {
  const { location, store, server, close } = await open()
  for (const key of [
    'cluster=b/dt=2024-05-01/x',
    'cluster=a/x',
    'cluster=c d/x',
    'cluster=file',
    'clusters/x',
    'a/x',
  ]) {
    await store.write(location.prefix + key, Buffer.from('x'))
  }
  server?.clearRequests()
  expect(await listClusters(location)).toEqual(['a', 'b'])
  for (const { query } of server?.requests ?? []) expect(query['prefix']).toBe(`${location.prefix}cluster=`)
  await close()
})
