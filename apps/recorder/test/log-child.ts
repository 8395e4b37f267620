// A recorder in a process of its own, of a cluster that is a file: for tests that kill it.
//
//   node log-child.ts <folder>     the log is kept in <folder>/log, what happens to pods is said in <folder>/events
//
// Every few milliseconds a pod begins or ends. The event is in the file before the recorder hears of it, so the file
// says what is true whenever the process dies. A new process first lists what the file says that holds, then goes on.

import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import type { UnixMillis } from '@zonetoll/model'

import { recordContinuously } from '../src/log-session.ts'
import { folderLocation, podLine } from './log-fixture.ts'

export interface PodEvent {
  readonly uid: string
  readonly what: 'begins' | 'ends'
  readonly at: number
}

export const CHILD_FLUSH_MILLIS = 300
const STEP_MILLIS = 4
const PODS = 200

export function readEvents(folder: string): PodEvent[] {
  const file = `${folder}/events`
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter(line => line !== '').map(line => JSON.parse(line) as PodEvent)
}

const clock = () => Date.now() as UnixMillis

async function live(folder: string): Promise<void> {
  const stop = new AbortController()
  process.on('SIGTERM', () => stop.abort())
  const line = (uid: string, from: number) =>
    podLine(uid, {
      from: from as UnixMillis,
      seen: clock(),
      addresses: [{ family: 4, words: [Number(uid.slice(4))] }],
    })
  const options = {
    location: folderLocation(folder),
    cluster: 'demo',
    spill: `${folder}/spill`,
    namespaces: [],
    flushMillis: CHILD_FLUSH_MILLIS,
    inventory: null,
    clock,
    warn: (message: string) => process.stderr.write(`${message}\n`),
    say: () => {},
  }
  await recordContinuously(
    options,
    async (book, _zones, signal) => {
      const events = readEvents(folder)
      const holding = new Map<string, number>()
      for (const { uid, what, at } of events) {
        if (what === 'begins') holding.set(uid, at)
        else holding.delete(uid)
      }
      book.replace(
        'pod',
        Array.from(holding, ([uid, from]) => line(uid, from)),
        clock(),
      )
      process.stdout.write('watching\n')
      let count = events.filter(({ what }) => what === 'begins').length
      while (!signal.aborted) {
        const at = clock()
        const grow = holding.size === 0 || Math.random() < (holding.size < PODS ? 0.6 : 0.4)
        const uids = [...holding.keys()]
        const uid = grow ? `pod-${count++}` : uids[Math.floor(Math.random() * uids.length)]!
        const event: PodEvent = { uid, what: grow ? 'begins' : 'ends', at }
        appendFileSync(`${folder}/events`, `${JSON.stringify(event)}\n`)
        if (grow) {
          holding.set(uid, at)
          book.put(line(uid, at))
        } else {
          holding.delete(uid)
          book.release('pod', uid, at, clock())
        }
        await sleep(STEP_MILLIS)
      }
    },
    stop.signal,
  )
}

const folder = process.argv[2]
if (process.argv[1]?.endsWith('log-child.ts') && folder !== undefined) await live(folder)
