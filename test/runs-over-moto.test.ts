// Runs over a bucket of moto's, which checks signatures and permissions: two at the same time (it passes If-Match over),
// and one that reads its logs with a role.

import { createHash } from 'node:crypto'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { openLocation } from '@zonetoll/objects'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Desk, ledgerOf } from '../apps/worker/test/worker.ts'
import { makeMotoRole } from './servers/moto-role.ts'
import { motoWanted, startMoto, type Moto } from './servers/moto.ts'
import { HOUR_TEXT, PARTITION, smallHour } from './support/data-set.ts'

const BUCKET = 'flows'
const FOLDERS = ['logs', 'assignments', 'rollups'].flatMap(name => [`--${name}`, `s3://${BUCKET}/${name}`])
const NAMES = ['_ledger.json', 'rollup.parquet'].map(name => `${PARTITION}${name}`)

async function standing(): Promise<Record<string, string>> {
  const { store } = openLocation(`s3://${BUCKET}/rollups`)
  const files: Record<string, string> = {}
  for (const name of NAMES) {
    const parts: Uint8Array[] = []
    const object = await store.head(`rollups/${name}`)
    for await (const part of store.read(object!)) parts.push(Uint8Array.from(part))
    files[name] = Buffer.concat(parts).toString('latin1')
  }
  return files
}

describe.runIf(motoWanted())('over moto', () => {
  let moto: Moto
  let desk: Desk
  let env: Record<string, string>
  const before = { ...process.env }

  beforeAll(async () => {
    moto = await startMoto()
    env = { ...moto.environment, ZONETOLL_S3_PATH_STYLE: '1' }
    Object.assign(process.env, env)
    const client = new S3Client({ forcePathStyle: true })
    const CreateBucketConfiguration = { LocationConstraint: moto.region as 'us-east-2' }
    await client.send(new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration }))
    const { store } = openLocation(`s3://${BUCKET}`)
    for (const [key, content] of smallHour()) await store.write(key, Buffer.from(content))
    desk = await Desk.make()
  }, 30_000)

  afterAll(async () => {
    for (const name of Object.keys(env)) delete process.env[name]
    Object.assign(process.env, before)
    await desk.close()
    await moto.stop()
  })

  test('what stands behind each round is one run’s, and the other says it was overtaken or is done', async () => {
    for (let round = 0; round < 5; round++) {
      const run = (more: readonly string[]) =>
        desk.run(['--hour', HOUR_TEXT, '--quiet', ...FOLDERS, ...more], { env })
      const ended = await Promise.all([run([]), run(['--all-pairs'])])
      const files = await standing()
      const ledger = ledgerOf(files, PARTITION)
      const sha256 = createHash('sha256').update(Buffer.from(files[NAMES[1]!]!, 'latin1')).digest('hex')
      expect(sha256).toBe(ledger.rollupSha256)
      const winner = (ledger['options'] as { allPairs: boolean }).allPairs ? 1 : 0
      expect(ended[winner], JSON.stringify(ended)).toMatchObject({ status: 0, stderr: '' })
      const loser = ended[1 - winner]!
      if (loser.status === 0) continue
      expect(loser.stderr).toMatch(/^error: another run made the hour while this one did, .*\n$/)
    }
  }, 60_000)

  test.each(['1', '2'])(
    'logs are read with the role that --logs-role-arn names, on %s threads',
    async threads => {
      const good = await makeMotoRole(moto, `good-${threads}`, ['s3:ListBucket', 's3:GetObject'])
      const poor = await makeMotoRole(moto, `poor-${threads}`, ['s3:ListBucket'])
      const run = (role: string) =>
        desk.run(['--hour', HOUR_TEXT, ...FOLDERS, '--threads', threads, '--logs-role-arn', role], { env })
      expect(await run(good)).toMatchObject({ status: 0, stderr: '' })
      // Assignments and rollups are still the run's own affair.
      const ended = await run(`s3://${BUCKET}/logs=${poor}`)
      expect(ended).toMatchObject({ status: 1, stdout: '' })
      expect(ended.stderr).toContain(`error: s3://${BUCKET}/logs/AWSLogs/`)
      expect(ended.stderr).toContain(`the role ${poor} needs s3:GetObject on ${BUCKET}`)
    },
  )
})
