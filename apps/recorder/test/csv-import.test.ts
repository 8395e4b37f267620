import { writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { formatAssignmentLine } from '@zonetoll/assignments'
import { parseHour, type ZoneId } from '@zonetoll/model'

import { podsOfCsv } from '../src/csv-import.ts'
import { importCsv, type ImportOptions } from '../src/csv-partition.ts'
import { at, CLUSTER, folderLocation, partitionLines, scratchFolder } from './log-fixture.ts'

const ROW =
  'server-7d9f,10.0.1.5,server,2024-05-01T09:12:03Z,ip-10-0-1-9.us-east-2.compute.internal,us-east-2a'
const SEEN = at('2024-05-01T10:59:00Z')
const zones = { idOf: (name: string) => (name === 'us-east-2a' ? ('use2-az1' as ZoneId) : null) }
const read = (text: string) => podsOfCsv(text, { file: 'pods_metadata.csv', seen: SEEN, zones })

const uidOf = async (text: string) => (await read(text))[0]!.uid

describe("the older solution's list of pods", () => {
  test('is read as it is written: no header line, a zone name', async () => {
    const [pod, ...more] = await read(`${ROW}\n`)
    expect(more).toEqual([])
    expect(JSON.parse(formatAssignmentLine(pod!))).toEqual({
      kind: 'pod',
      uid: expect.stringMatching(/^csv-[0-9a-f]{32}$/),
      addresses: ['10.0.1.5'],
      from: '2024-05-01T09:12:03Z',
      until: null,
      seen: '2024-05-01T10:59:00Z',
      namespace: 'unknown',
      name: 'server-7d9f',
      labels: { app: 'server' },
      node: 'ip-10-0-1-9.us-east-2.compute.internal',
      zone: 'use2-az1',
    })
  })

  test('is read with a header line in any order, zone IDs, quotes, a byte order mark and CR LF', async () => {
    const text =
      '\ufeffaz,ip,name,app,node,creation_time\r\nusw2-lax1-az1,2600:1F16::5,"a ""b"", c",<none>,<none>,2024-05-01 09:12:03+00:00\r\n\r\n'
    const [pod] = await read(text)
    expect(pod).toMatchObject({
      name: 'a "b", c',
      zone: 'usw2-lax1-az1',
      node: null,
      from: at('2024-05-01T09:12:03Z'),
    })
    expect(pod!.labels.size).toBe(0)
  })

  test('the same row is the same pod each time it is imported', async () => {
    expect(await uidOf(ROW)).toBe(await uidOf(`${ROW}\n`))
    expect(await uidOf(ROW)).not.toBe(await uidOf(ROW.replace('10.0.1.5', '10.0.1.6')))
  })

  test.each([
    ['has 5 values, expected 6', `${ROW}\na,10.0.0.1,b,2024-05-01T09:12:03Z,n`, 2],
    ['has the ip "10.0.1", expected an IP address', ROW.replace('10.0.1.5', '10.0.1'), 1],
    ['has the creation_time "yesterday"', ROW.replace('2024-05-01T09:12:03Z', 'yesterday'), 1],
    ['has no name', ROW.replace('server-7d9f', ''), 1],
    [
      'has the az "us-east-2c", whose zone ID isn\'t known: say it with --zone-map us-east-2c=',
      ROW.replace('2a', '2c'),
      1,
    ],
    ["isn't CSV", `${ROW}\n"open`, 2],
    ['has 1 values', `"two\nlines",10.0.0.1,b,2024-05-01T09:12:03Z,n,use2-az1\nx`, 3],
  ])('a bad row is an error that names file and line: %s', async (problem, text, line) => {
    await expect(read(text)).rejects.toThrow(`pods_metadata.csv, line ${line}: ${problem}`)
  })

  test('a list of nothing is an error', async () => {
    await expect(read('\n')).rejects.toThrow('pods_metadata.csv has no rows')
  })
})

describe('importing it', () => {
  let folder: Awaited<ReturnType<typeof scratchFolder>>
  beforeEach(async () => {
    folder = await scratchFolder()
  })
  afterEach(() => folder.remove())

  const options = (parts: Partial<ImportOptions>): ImportOptions => ({
    file: `${folder.path}/pods_metadata.csv`,
    location: folderLocation(folder.path),
    cluster: CLUSTER,
    hours: [],
    zoneMap: new Map([['us-east-2a', 'use2-az1']]),
    askEc2: false,
    now: SEEN,
    warn: () => {},
    signal: new AbortController().signal,
    ...parts,
  })

  test('writes an object into the current hour, or into each hour that is named, with the pods that were there', async () => {
    const later = ROW.replace('server-7d9f', 'late').replace('09:12:03', '10:30:00')
    await writeFile(`${folder.path}/pods_metadata.csv`, `${ROW}\n${later}\n`)
    const [only] = await importCsv(options({}))
    expect(only).toMatchObject({ hour: parseHour('2024-05-01T10'), pods: 2 })
    const hours = [parseHour('2024-05-01T09')!, parseHour('2024-05-01T11')!]
    expect((await importCsv(options({ hours }))).map(({ pods }) => pods)).toEqual([1, 2])
    expect(
      (await partitionLines(folderLocation(folder.path), hours[0]!)).map(
        line => line.kind === 'pod' && line.name,
      ),
    ).toEqual(['server-7d9f'])
    await expect(importCsv(options({ hours: [parseHour('2024-05-01T07')!] }))).rejects.toThrow('no pod of')
  })

  test('writes nothing when a row is bad, and says which file is missing', async () => {
    await writeFile(`${folder.path}/pods_metadata.csv`, `${ROW}\nbad\n`)
    await expect(importCsv(options({}))).rejects.toThrow('line 2')
    expect(await partitionLines(folderLocation(folder.path), parseHour('2024-05-01T10')!)).toEqual([])
    await expect(importCsv(options({ file: `${folder.path}/none.csv` }))).rejects.toThrow(
      /none\.csv can't be read/,
    )
  })
})
