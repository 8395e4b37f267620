// The Kubernetes side against a cluster that lives and a server that fails: at the end the folded log is the truth.

import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

import { LatestSightings, parseAssignmentLine, type PodLine } from '@zonetoll/assignments'
import { expect, it } from 'vitest'

import { ClusterLife } from '../../../test/servers/kube-api-life.ts'
import { startKubeApi } from '../../../test/servers/kube-api.ts'
import { Churn } from './churn-fixture.ts'
import { testCluster, waitUntil } from './cluster-fixture.ts'

for (const seed of [1, 2]) {
  it(`2,000 pods, 400 changes and 4 faults a second: the book ends as the truth (seed ${seed})`, async () => {
    const timing = { pageSize: 200, backoffMillis: [10, 100], watchSilenceMillis: 250 } as const
    const cluster = await testCluster(timing)
    const { api, book } = cluster
    const life = new ClusterLife(api, { seed, nodes: 20, pods: 2_000 })
    const churn = new Churn(api, life)
    await cluster.watch()
    await churn.run({ seed, changesASecond: 400, seconds: 5, faultsASecond: 4 })
    // The last change is there when a pod made after all others is.
    await waitUntil('all changes are in', () => churn.differences(book.pods()).length === 0).catch(() => {})
    expect(churn.differences(book.pods()).slice(0, 5)).toEqual([])
    expect(churn.faults).toBeGreaterThan(8)
    expect(life.changes).toBeGreaterThan(1_900)
    expect(churn.excused).toBeLessThan(life.intervals.size / 20)
    expect(book.nodes().every(line => line.zone !== null && line.until === Infinity)).toBe(true)
    expect(
      book.pods().every(line => line.zone !== null && /^Deployment\/app-\d+$/.test(line.workload ?? '')),
    ).toBe(true)
  })
}

// On a busy machine a list of 50,000 pods can take this long, and what it finds gone is seen as late.
const LATE_MILLIS = 30_000
const TIMEOUT_MILLIS = 180_000

// V8's young generation is bounded as `pnpm record` should bound it: each MB of it is three of memory.
const NODE_OPTIONS = ['--max-semi-space-size=8']

const CHILD = new URL('churn-child.ts', import.meta.url).pathname

interface Cost {
  readonly synced?: number
  readonly done?: number
  readonly peakMegabytes: number
  readonly cpuSeconds: number
  readonly wallSeconds: number
  readonly longestStallMillis: number
}

it(
  '50,000 pods of 5.5 KB, 500 changes a second, faults: the log is the truth, in less than 400 MB',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zonetoll-churn-'))
    const file = join(folder, 'log.ndjson')
    const api = await startKubeApi({ padding: 4_300 })
    const life = new ClusterLife(api, { seed: 3, nodes: 1_000, pods: 50_000 })
    api.store.compact()
    const churn = new Churn(api, life)
    const child = spawn(process.execPath, [...NODE_OPTIONS, CHILD, api.url, file], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    try {
      const said = createInterface(child.stdout)[Symbol.asyncIterator]()
      const next = async () => JSON.parse((await said.next()).value ?? '{}') as Cost
      const synced = await next()
      expect(synced.synced).toBe(50_000)
      await churn.run({ seed: 3, changesASecond: 500, seconds: 10, faultsASecond: 0.9 })
      const log = new FoldedLog(file)
      const differences = () => churn.differences(log.pods(), LATE_MILLIS)
      for (let attempt = 0; attempt < 20 && differences().length > 0; attempt++) await sleep(1_000)
      child.stdin.end()
      const done = await next()
      if (process.env['ZONETOLL_DEBUG'] === '1') process.stderr.write(`${JSON.stringify({ synced, done })}\n`)
      expect(differences().slice(0, 5)).toEqual([])
      log.close()
      expect(life.changes).toBeGreaterThan(4_900)
      expect(churn.excused).toBeLessThan(life.intervals.size / 20)
      expect(done.peakMegabytes).toBeLessThan(400)
      expect(done.longestStallMillis).toBeLessThan(2_000)
    } finally {
      child.kill()
      await api.close()
      rmSync(folder, { recursive: true })
    }
  },
  TIMEOUT_MILLIS,
)

// The log as a reader folds it, read on from where it was read to.
class FoldedLog {
  readonly #file: number
  readonly #fold = new LatestSightings()
  #unfinished = ''

  constructor(path: string) {
    this.#file = openSync(path, 'r')
  }

  pods(): PodLine[] {
    const texts = (this.#unfinished + readFileSync(this.#file, 'utf8')).split('\n')
    this.#unfinished = texts.pop()!
    for (const text of texts) {
      const line = parseAssignmentLine(text)
      if (line !== null) this.#fold.add(line)
    }
    return [...this.#fold.lines()].filter(line => line.kind === 'pod')
  }

  close(): void {
    closeSync(this.#file)
  }
}
