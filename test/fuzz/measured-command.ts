/** Commands as users run them, in a process of their own, with what they cost: the most memory, and time. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Measured {
  /** Null where a signal killed it. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  /** Bytes of resident memory, the most at any moment. */
  readonly peak: number
  readonly seconds: number
}

const MAINS = {
  start: 'apps/worker/src/main.ts',
  merge: 'apps/worker/src/merge.ts',
  query: 'apps/explore/src/query.ts',
} as const

export interface MeasuredOptions {
  readonly cwd: string
  /** Of Node: as in package.json, and what a user adds by NODE_OPTIONS. */
  readonly flags?: readonly string[]
  /** After so long the process is ended, and its status is null. */
  readonly millis?: number
}

export async function measured(
  command: keyof typeof MAINS,
  args: readonly string[],
  { cwd, flags = [], millis = 240_000 }: MeasuredOptions,
): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'zonetoll-measured-'))
  const file = join(folder, 'peak')
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:AWS_|ZONETOLL_|NODE_|VITEST)/.test(name),
  )
  const begun = performance.now()
  try {
    const child = spawn(
      process.execPath,
      [
        '--single-threaded-gc',
        '--import',
        join(root, 'test/fuzz/peak-memory.ts'),
        ...flags,
        join(root, MAINS[command]),
        ...args,
      ],
      {
        cwd,
        env: {
          ...Object.fromEntries(inherited),
          NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/zonetoll-tests'),
          PEAK_MEMORY_FILE: file,
          TMPDIR: folder,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: millis,
        killSignal: 'SIGKILL',
      },
    )
    const text = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text.stdout += part))
    child.stderr.setEncoding('utf8').on('data', (part: string) => (text.stderr += part))
    const status = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', resolve)
    })
    const peak = Number(await readFile(file, 'utf8').catch(() => 'NaN'))
    return { status, ...text, peak, seconds: (performance.now() - begun) / 1000 }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
