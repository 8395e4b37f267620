// Bad input: one clear message, the right exit status, and what stood at the hour's key untouched.

import { writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { test } from 'vitest'
import {
  assignmentFiles,
  ASSIGNMENTS,
  HEADER,
  HOUR,
  joined,
  logFiles,
  objectKey,
  objectOf,
  PARTITION,
  record,
  SLOT,
  SMALL_LINES,
  smallHour,
  type Files,
} from '../../../test/support/data-set.ts'
import { Desk } from './worker.ts'

const STOOD: Files = new Map([
  [`rollups/${PARTITION}rollup.parquet`, 'the rollup that stood'],
  [`rollups/${PARTITION}_ledger.json`, 'the ledger that stood'],
])

const BAD_KEY = objectKey({ slot: HOUR + SLOT, hash: 'bad' })
const BAD = `logs/${BAD_KEY}`
const LOG = 'assignments/cluster=shop/dt=2024-05-01/hour=10/all.ndjson.gz'

function withFile(path: string, content: Uint8Array | string | null): Files {
  const files = smallHour()
  if (content === null) files.delete(path)
  else files.set(path, content)
  return files
}

const whole = objectOf([record({ bytes: 7 }), record({ bytes: 9 })])
const remedy = 'Replace the object, or leave it out with --skip-bad-objects.'
const format =
  "Create the flow log with --log-format '${version} ${interface-id} ${instance-id} ${az-id} ${pkt-srcaddr} ${pkt-dstaddr} ${flow-direction} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}'"
const TRANSIT_GATEWAY =
  'version resource-type tgw-id tgw-attachment-id srcaddr dstaddr bytes start flow-direction'

/** What is wrong, the files, more arguments, the exit status, the message ($ stands for the folder of the data). */
const CASES: readonly (readonly [string, Files, readonly string[], number, string])[] = [
  [
    'no assignments for the hour',
    joined(withFile(LOG, null), assignmentFiles(ASSIGNMENTS, { hour: HOUR - 3600 })),
    [],
    1,
    'no assignments for 2024-05-01T10 in $/assignments/cluster=shop/dt=2024-05-01/hour=10/: nothing would say who held an address. ' +
      'Record the hour with pnpm record, or name another log with --assignments or another cluster with --cluster.',
  ],
  [
    'an assignment log without a cluster',
    joined(withFile(LOG, null), new Map([['assignments/readme.txt', 'nothing']])),
    [],
    1,
    'no assignments: assignments has no folder cluster=<name>. Write it with pnpm record, or name another with --assignments.',
  ],
  [
    'several clusters and none named',
    joined(smallHour(), assignmentFiles(ASSIGNMENTS, { cluster: 'bank' })),
    [],
    2,
    'the assignment log assignments has 2 clusters: name one with --cluster (bank, shop)\nSee pnpm start --help.',
  ],
  [
    'a line of the assignment log that is no JSON',
    withFile(LOG, gzipSync(`${ASSIGNMENTS.slice(0, 2).join('\n')}\n\n{"kind":"pod",\u001b[31m\n`)),
    [],
    1,
    String.raw`$/${LOG}, line 4: isn't JSON: {"kind":"pod",\u001b[31m. Mend the line or move the file out of the partition.`,
  ],
  [
    'a line of the assignment log that is no assignment',
    withFile(LOG, gzipSync('{"kind":"pod","uid":"a","seen":"yesterday"}')),
    [],
    1,
    `$/${LOG}, line 1: has a bad "seen": expected a time like 2024-05-01T09:12:03Z, got "yesterday". ` +
      'Mend the line or move the file out of the partition.',
  ],
  [
    'an assignment log that is cut',
    withFile(LOG, gzipSync(ASSIGNMENTS.join('\n')).subarray(0, 90)),
    [],
    1,
    `$/${LOG} ends in the middle of a gzip member: its rest is missing; replace the object or leave it out`,
  ],
  [
    'a format without a needed field',
    withFile(BAD, objectOf([], 'version pkt-srcaddr pkt-dstaddr start end')),
    [],
    1,
    `$/${BAD} lacks the fields bytes, flow-direction. ${format} (its header line is "version pkt-srcaddr pkt-dstaddr start end").`,
  ],
  [
    'an object without a header line',
    withFile(BAD, gzipSync(`${record()}\n`)),
    [],
    1,
    `$/${BAD} has no header line: its first line is "${record()}". Zonetoll reads flow logs that AWS delivers to S3 as text, whose first line names the fields. ${format}.`,
  ],
  [
    'an object that holds nothing',
    withFile(BAD, gzipSync('')),
    [],
    1,
    `$/${BAD} is empty: not even a header line is in it. Leave it out with --skip-bad-objects.`,
  ],
  [
    "an object that isn't gzip",
    withFile(BAD, `${HEADER}\n`),
    [],
    1,
    `$/${BAD} is not gzip data though its name ends in .gz. ${remedy}`,
  ],
  [
    'an object that is cut',
    withFile(BAD, whole.subarray(0, -12)),
    [],
    1,
    `$/${BAD} ends in the middle of a gzip member: its rest is missing. ${remedy}`,
  ],
  [
    "a transit gateway's flow log",
    withFile(
      BAD,
      objectOf(
        ['6 TransitGateway tgw-1 tgw-attach-1 10.0.0.1 10.0.64.1 5 1714557600 egress'],
        TRANSIT_GATEWAY,
      ),
    ),
    [],
    1,
    `$/${BAD} is a transit gateway's flow log (it has the field tgw-id), whose bytes VPC flow logs hold already. Name the VPC's flow logs with --flow-log-id.`,
  ],
  [
    'an object in Parquet that is cut',
    withFile(`logs/${objectKey({ slot: HOUR + SLOT, ending: '.log.parquet' })}`, 'PAR1 and no more'),
    [],
    1,
    `$/logs/${objectKey({ slot: HOUR + SLOT, ending: '.log.parquet' })} is no Parquet file, though its name ends in .parquet, or its end is missing: expected it to end in PAR1. ${remedy}`,
  ],
  [
    'no objects for the hour, one prefix per layout looked at',
    joined(
      assignmentFiles(),
      logFiles([
        [{ slot: HOUR - 7200, layout: 'plain', account: '111111111111' }, SMALL_LINES],
        [{ slot: HOUR + 7200, layout: 'hive', account: '222222222222' }, SMALL_LINES],
      ]),
    ),
    [],
    1,
    'no flow-log objects for 2024-05-01T10. Looked at:\n' +
      '  $/logs/AWSLogs/111111111111/vpcflowlogs/us-east-2/2024/05/01/\n' +
      '  $/logs/AWSLogs/aws-account-id=222222222222/aws-service=vpcflowlogs/aws-region=us-east-2/year=2024/month=05/day=01/\n' +
      'Check --logs, and that the flow log delivers to S3.',
  ],
  [
    'no objects of the flow logs asked for',
    smallHour(),
    ['--flow-log-id', 'fl-9', '--flow-log-id', 'fl-8'],
    1,
    'no flow-log objects of fl-8, fl-9 for 2024-05-01T10. Looked at:\n  $/logs/AWSLogs/123456789012/vpcflowlogs/us-east-2/2024/05/01/\n' +
      'Check --logs and --flow-log-id, and that the flow log delivers to S3.',
  ],
  [
    'two flow logs of one interface',
    joined(smallHour(), logFiles([[{ flowLog: 'fl-0bbb' }, [record()]]])),
    [],
    1,
    "the flow logs fl-0aaa and fl-0bbb both log the interface eni-1: its bytes would count twice. Choose flow logs that don't overlap with --flow-log-id.",
  ],
  [
    'a folder that is not there',
    smallHour(),
    ['--logs', 'nowhere'],
    1,
    'the folder $/nowhere does not exist; check the path',
  ],
  [
    'a total above 2^53 - 1',
    withFile(BAD, objectOf([record({ bytes: String(2 ** 53 - 100) })])),
    [],
    1,
    'the bytes from pod "shop/client-1" to pod "shop/server-2" pass 2^53 - 1, more than the rollup holds exactly. Leave the object with such records out of the logs.',
  ],
]

test.concurrent.for(CASES)(
  '%s is one message, and what stood stands',
  async ([_what, files, args, status, message], { expect, onTestFinished }) => {
    const desk = await Desk.make(joined(files, STOOD))
    onTestFinished(() => desk.close())
    const ended = await desk.run([...desk.options, ...args])
    expect(ended).toEqual({
      status,
      stdout: '',
      stderr: `error: ${message}\n`.replaceAll('$/', `${desk.root}/`),
    })
    expect(await desk.rollups()).toEqual({
      [`${PARTITION}rollup.parquet`]: 'the rollup that stood',
      [`${PARTITION}_ledger.json`]: 'the ledger that stood',
    })
    expect(await desk.leftovers()).toEqual([])
  },
)

test('a rollup that has no place to go, for a file lies where its folder must be, is an error naming it', async ({
  expect,
  onTestFinished,
}) => {
  const desk = await Desk.make(smallHour())
  onTestFinished(() => desk.close())
  await writeFile(desk.path('rollups'), 'a file')
  const ended = await desk.run(desk.options)
  expect(ended.status).toBe(1)
  expect(ended.stdout).toBe('')
  expect(ended.stderr).toMatch(/^error: .*\/rollups\/cluster=shop\/dt=2024-05-01\/hour=10\/.*ENOTDIR/)
  expect(ended.stderr.trim().split('\n')).toHaveLength(1)
  expect(await desk.leftovers()).toEqual([])
})
