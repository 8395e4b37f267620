// `pnpm query` over rollups in a bucket of a server that checks signatures: fetched once, then read from the cache.

import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { openLocation } from '@zonetoll/objects'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pointAt } from '../packages/objects/test/stores.ts'
import { Desk } from '../apps/explore/test/explore.ts'
import { writeMonth } from '../apps/explore/test/stored-month.ts'
import { motoWanted, startMoto, type Moto } from './servers/moto.ts'

const BUCKET = 'zonetoll-query'

describe.runIf(motoWanted())('rollups in a bucket', () => {
  let moto: Moto
  let desk: Desk
  let folder: string
  let environment: Record<string, string>

  beforeAll(async () => {
    moto = await startMoto()
    desk = await Desk.make()
    folder = await mkdtemp(join(tmpdir(), 'zonetoll-query-moto-'))
    await writeMonth(folder, { hours: 3, rows: 100, workloads: 5 })
    environment = { ...moto.environment, AWS_ENDPOINT_URL_S3: moto.url, ZONETOLL_S3_PATH_STYLE: '1' }
    pointAt(moto.url, environment)
    const client = new S3Client({ endpoint: moto.url, region: moto.region, forcePathStyle: true })
    const CreateBucketConfiguration = { LocationConstraint: moto.region as 'us-east-2' }
    await client.send(new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration }))
    client.destroy()
    const { store, prefix } = openLocation(`s3://${BUCKET}/rollups`)
    for (const path of await readdir(folder, { recursive: true })) {
      const file = join(folder, path)
      if ((await stat(file)).isFile()) await store.write(prefix + path, { file })
    }
  })

  afterAll(async () => {
    await moto.stop()
    await desk.close()
    await rm(folder, { recursive: true })
  })

  test('are answered as those in a folder, from a bucket and again from the cache', async () => {
    const expected = await desk.query(['workloads', '--format', 'csv', '--rollups', folder])
    expect(expected).toMatchObject({ status: 0, stderr: '' })
    const args = ['workloads', '--format', 'csv', '--rollups', `s3://${BUCKET}/rollups`]
    for (let round = 0; round < 2; round++) {
      expect(await desk.query(args, { env: environment })).toEqual(expected)
      expect(await readdir(desk.path('cache', 'zonetoll', 'rollups'))).toHaveLength(3)
    }
    expect(await desk.leftovers()).toEqual([])
  })

  test('of one hour leave the others where they are', async () => {
    await rm(desk.path('cache'), { recursive: true, force: true })
    const hour = ['--hour', '2024-05-01T01', '--rollups', `s3://${BUCKET}/rollups`]
    expect(await desk.query(['top', ...hour], { env: environment })).toMatchObject({ status: 0 })
    expect(await readdir(desk.path('cache', 'zonetoll', 'rollups'))).toHaveLength(1)
  })

  test('may be answered into the bucket', async () => {
    const output = `s3://${BUCKET}/answers/top.csv`
    const args = ['top', '--format', 'csv', '--rollups', folder]
    const { stdout } = await desk.query(args)
    const written = await desk.query([...args, '--output', output], { env: environment })
    expect(written).toEqual({ status: 0, stdout: '', stderr: '' })
    const { store } = openLocation(`s3://${BUCKET}/answers`)
    const object = await store.head('answers/top.csv')
    const parts: Buffer[] = []
    for await (const part of store.read(object!)) parts.push(Buffer.from(part))
    expect(Buffer.concat(parts).toString()).toBe(stdout)
  })
})
