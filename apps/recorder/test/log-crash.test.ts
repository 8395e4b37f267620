import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LatestSightings, parseAssignmentLine, type PodLine } from '@zonetoll/assignments'
import { readLines } from '@zonetoll/objects'

import { CHILD_FLUSH_MILLIS, readEvents } from './log-child.ts'
import { folderLocation, scratchFolder } from './log-fixture.ts'

const CHILD = fileURLToPath(new URL('log-child.ts', import.meta.url))
// A flush takes a moment to be on disk.
const SLACK_MILLIS = 400

let folder: Awaited<ReturnType<typeof scratchFolder>>
let child: ChildProcess | null = null
beforeEach(async () => {
  folder = await scratchFolder()
})
afterEach(async () => {
  child?.kill('SIGKILL')
  await folder.remove()
})

async function spawnChild(): Promise<ChildProcess> {
  child = spawn(process.execPath, [CHILD, folder.path], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout!, 'data')
  return child
}

async function foldedPods(): Promise<Map<string, PodLine>> {
  const { store } = folderLocation(folder.path)
  const latest = new LatestSightings()
  for await (const entry of store.list('')) {
    if (!('object' in entry) || !entry.object.key.endsWith('.ndjson.gz')) continue
    for await (const texts of readLines(store, entry.object))
      for (const text of texts) latest.add(parseAssignmentLine(text)!)
  }
  return new Map(
    [...latest.lines()].flatMap(line => (line.kind === 'pod' ? [[line.uid, line] as const] : [])),
  )
}

test('killed at random moments and started again, the log says what is true but for at most a flush interval before each kill', async () => {
  const kills: number[] = []
  const restarts: number[] = []
  for (let life = 0; life < 6; life++) {
    const process = await spawnChild()
    restarts.push(Date.now())
    await sleep(250 + Math.random() * 900)
    process.kill('SIGKILL')
    await once(process, 'exit')
    kills.push(Date.now())
  }
  const last = await spawnChild()
  restarts.push(Date.now())
  await sleep(500)
  last.kill('SIGTERM')
  const [status] = (await once(last, 'exit')) as [number | null]
  expect(status).toBe(0)

  const folded = await foldedPods()
  const begun = new Map<string, number>()
  const ended = new Map<string, number>()
  for (const { uid, what, at } of readEvents(folder.path)) (what === 'begins' ? begun : ended).set(uid, at)
  const lostBefore = (moment: number) =>
    kills.find(kill => moment <= kill && moment >= kill - CHILD_FLUSH_MILLIS - SLACK_MILLIS)
  let exact = 0
  let closedLate = 0
  let neverSeen = 0
  for (const [uid, from] of begun) {
    const until = ended.get(uid) ?? Infinity
    const line = folded.get(uid)
    if (line === undefined) {
      // Born in what a kill lost and gone in what one lost: the same, or the next if that life was shorter than a flush.
      expect([uid, lostBefore(from), lostBefore(until)]).toEqual([
        uid,
        expect.any(Number),
        expect.any(Number),
      ])
      neverSeen++
      continue
    }
    expect([uid, line.from]).toEqual([uid, from])
    if (line.until === until) {
      exact++
      continue
    }
    // It ended in what a kill lost, and was found gone by a start after it: the next one, if that lived to write it.
    const kill = lostBefore(until)
    expect([uid, kill]).toEqual([uid, expect.any(Number)])
    const listed = restarts.slice(kills.indexOf(kill!) + 1)
    expect(listed.some(start => Math.abs(line.until - start) < SLACK_MILLIS)).toBe(true)
    closedLate++
  }
  if (process.env['ZONETOLL_FIGURES'])
    process.stdout.write(`${JSON.stringify({ exact, closedLate, neverSeen })}\n`)
  expect(folded.size).toBe(exact + closedLate)
  expect(exact).toBeGreaterThan(200)
  expect(closedLate).toBeGreaterThan(5)
})

test('told to stop in the middle of churn, it loses nothing', async () => {
  const process = await spawnChild()
  await sleep(700)
  process.kill('SIGTERM')
  const [status] = (await once(process, 'exit')) as [number | null]
  expect(status).toBe(0)
  const folded = await foldedPods()
  for (const { uid, what, at } of readEvents(folder.path)) {
    expect(folded.get(uid)).toMatchObject(what === 'begins' ? { from: at } : { until: at })
  }
  expect(folded.size).toBeGreaterThan(20)
})
