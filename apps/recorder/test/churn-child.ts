// The recorder's Kubernetes side in a process of its own, so that its memory and CPU can be told from the server's.
//
//   node churn-child.ts http://127.0.0.1:PORT FILE
//
// Writes what it would log to FILE, a line an assignment, each second. Says {"synced":…} on standard output when it has
// everything, and {"done":…} with what it cost after it was told to stop by the end of its standard input.

import { closeSync, openSync, writeSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

import { formatAssignmentLine } from '@zonetoll/assignments'
import type { UnixMillis, ZoneId } from '@zonetoll/model'

import { InMemoryBook } from '../src/book-in-memory.ts'
import { watchCluster } from '../src/cluster-watch.ts'

const [server, file] = process.argv.slice(2)
const controller = new AbortController()
const book = new InMemoryBook()
const log = openSync(file!, 'w')
const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()

function say(what: string): void {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const cost = {
    [what]: book.counts().pod,
    peakMegabytes: Math.round(maxRSS / 1024),
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    wallSeconds: process.uptime(),
    longestStallMillis: Math.round(delay.max / 1e6),
  }
  process.stdout.write(`${JSON.stringify(cost)}\n`)
}

function flush(): void {
  const changes = book.takeChanges()
  for (let from = 0; from < changes.length; from += 1_000) {
    const lines = changes.slice(from, from + 1_000).map(({ after }) => formatAssignmentLine(after))
    writeSync(log, `${lines.join('\n')}\n`)
  }
  book.forget((Date.now() - 60_000) as UnixMillis)
}

process.stdin.resume()
process.stdin.on('end', () => controller.abort())
const flushing = setInterval(flush, 1_000)
await watchCluster({
  access: {
    server: new URL(server!),
    clusterName: null,
    authorize: () => Promise.resolve({ headers: {} }),
    renew: () => {},
  },
  book,
  zones: { idOf: name => `use2-az${'abc'.indexOf(name.at(-1) ?? '') + 1}` as ZoneId },
  namespaces: [],
  appLabels: ['app'],
  labels: [],
  signal: controller.signal,
  clock: () => Date.now() as UnixMillis,
  warn: message => process.stderr.write(`${message}\n`),
  onSync: () => say('synced'),
  timing: { backoffMillis: [50, 500], watchSilenceMillis: 2_000, listSilenceMillis: 10_000 },
})
clearInterval(flushing)
flush()
closeSync(log)
say('done')
