// Two processes make one hour at the same time, many times, and processes are killed while they do.

import { setTimeout as sleep } from 'node:timers/promises'
import { createHash } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { startS3Server, type S3Server } from '../../../test/servers/s3-server.ts'
import { HOUR_TEXT, PARTITION, smallHour } from '../../../test/support/data-set.ts'
import { Seeded } from '../../../test/support/seeded.ts'
import { Desk, ledgerOf, type Ended } from './worker.ts'

const LEDGER = `${PARTITION}_ledger.json`
const ROLLUP = `${PARTITION}rollup.parquet`
const OVERTAKEN =
  /^error: another run made the hour while this one did, .* Run again to have the hour made anew\.\n$/
const BUCKET = 'flows'
const PATIENCE = { timeout: 120_000 }

let desk: Desk

afterEach(async () => {
  await desk.close()
})

/** The options of the run whose pair stands; fails where rollup and ledger aren't one run's. */
function onePair(files: Readonly<Record<string, string>>): unknown {
  const ledger = ledgerOf(files, PARTITION)
  const sha256 = createHash('sha256').update(Buffer.from(files[ROLLUP]!, 'latin1')).digest('hex')
  expect(sha256).toBe(ledger.rollupSha256)
  return (ledger['options'] as { allPairs: boolean }).allPairs
}

/** Races a run with --all-pairs, whose rollup is another, against one without. */
async function race(
  start: (args: readonly string[]) => Promise<Ended>,
  files: () => Promise<Record<string, string>>,
): Promise<number> {
  const ended = await Promise.all([start([]), start(['--all-pairs'])])
  const winner = onePair(await files()) === true ? 1 : 0
  expect(ended[winner], JSON.stringify(ended)).toMatchObject({ status: 0, stderr: '' })
  const loser = ended[1 - winner]!
  if (loser.status === 0) return 0
  expect(loser).toMatchObject({ status: 1, stdout: '', stderr: expect.stringMatching(OVERTAKEN) as unknown })
  return 1
}

test('in a folder, two runs of other options leave one pair, round after round', PATIENCE, async () => {
  desk = await Desk.make(smallHour())
  for (let round = 0; round < 12; round++) {
    await race(
      args => desk.run([...desk.options, '--quiet', ...args]),
      () => desk.rollups(),
    )
    expect(Object.keys(await desk.rollups()).sort()).toEqual([LEDGER, ROLLUP])
  }
})

test('in a folder, three runs of the same options are all done', PATIENCE, async () => {
  desk = await Desk.make(smallHour())
  for (let round = 0; round < 3; round++) {
    const folders = ['--logs', 'logs', '--assignments', 'assignments', '--rollups', `${round}/rollups`]
    const run = () => desk.run(['--hour', HOUR_TEXT, '--quiet', ...folders])
    for (const ended of await Promise.all([run(), run(), run()])) {
      expect(ended).toMatchObject({ status: 0, stderr: '' })
    }
    onePair(await desk.rollups(String(round)))
  }
})

test(
  'a run that is killed at any moment leaves nothing that the next run does not heal',
  PATIENCE,
  async () => {
    desk = await Desk.make(smallHour())
    const random = new Seeded(9)
    expect((await desk.run([...desk.options, '--quiet'])).status).toBe(0)
    const plain = await desk.rollups()
    // A run takes as long as the machine makes it: the span in which it is killed shrinks with each that got away.
    let span = 500
    let killed = 0
    for (let round = 0; round < 12 || killed < 4; round++) {
      const running = desk.start([...desk.options, '--quiet', '--all-pairs'])
      await sleep(span * (0.3 + 0.7 * random.next()))
      running.process.kill('SIGKILL')
      if ((await running.ended).status === null) killed++
      else span *= 0.8
      const healing = ['--due', '--scheduled-time', '2024-05-01T11:20:00Z', '--lookback', '1', '--quiet']
      expect(await desk.run([...healing, ...desk.folders])).toMatchObject({ status: 0, stderr: '' })
      const files = await desk.rollups()
      expect({ [LEDGER]: files[LEDGER], [ROLLUP]: files[ROLLUP] }).toEqual(plain)
      const others = Object.keys(files).filter(name => name !== LEDGER && name !== ROLLUP)
      expect(others.filter(name => !/\/_[^/]*\.part$/.test(name))).toEqual([])
    }
  },
)

test('in a bucket, two runs of other options leave one pair', PATIENCE, async () => {
  const places = ['logs', 'assignments', 'rollups'].flatMap(name => [`--${name}`, `s3://${BUCKET}/${name}`])
  const args = ['--hour', HOUR_TEXT, '--quiet', ...places]
  const server: S3Server = await startS3Server({ buckets: [BUCKET] })
  for (const [key, content] of smallHour()) server.put(BUCKET, key, content)
  desk = await Desk.make()
  const env = server.environment
  const files = async () =>
    Object.fromEntries(
      [LEDGER, ROLLUP].map(name => [
        name,
        Buffer.from(server.get(BUCKET, `rollups/${name}`)!).toString('latin1'),
      ]),
    )
  let overtaken = 0
  for (let round = 0; round < 6; round++) {
    // Both have looked at what stands before either may write.
    let refusals = 3
    server.faults = ({ operation, key }) => {
      const refused = operation === 'PutObject' && key.endsWith('.parquet') && refusals-- > 0
      return refused ? { kind: 'error', status: 500, code: 'InternalError' } : null
    }
    overtaken += await race(more => desk.run([...args, ...more], { env }), files)
  }
  expect(overtaken).toBeGreaterThan(0)
  await server.close()
})
