// The worker as its users have it: a process with arguments, an environment, and folders of its own.

import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, mkdir, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { filesBelow } from '../../../test/support/files-below.ts'
import { HOUR_TEXT, writeFiles, type Files } from '../../../test/support/data-set.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
/** Half of a short run's time is compiling what doesn't change from one to the next. */
const COMPILE_CACHE = fileURLToPath(new URL('../../../node_modules/.cache/zonetoll-tests/', import.meta.url))

export interface Ended {
  /** Null where a signal killed the process. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly process: ChildProcess
  /** What was written to standard error so far. */
  stderr(): string
  readonly ended: Promise<Ended>
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Another entry than `pnpm start`'s. */
  readonly program?: string
  /** The program that runs the worker's command line, which is quoted for a shell. */
  readonly wrap?: (commandLine: string) => readonly string[]
}

/** A folder with logs/, assignments/ and rollups/, and tmp/ in the place of the system's own. */
export class Desk {
  readonly root: string

  private constructor(root: string) {
    this.root = root
  }

  static async make(files: Files = new Map()): Promise<Desk> {
    const desk = new Desk(await realpath(await mkdtemp(join(tmpdir(), 'zonetoll-worker-'))))
    await mkdir(join(desk.root, 'tmp'))
    await desk.put(files)
    return desk
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts)
  }

  async put(files: Files): Promise<void> {
    await writeFiles(this.root, files)
  }

  /** The options that name the desk's folders, and the hour. */
  get options(): string[] {
    return ['--hour', HOUR_TEXT, ...this.folders]
  }

  get folders(): string[] {
    return ['--logs', 'logs', '--assignments', 'assignments', '--rollups', 'rollups']
  }

  start(args: readonly string[], { env = {}, wrap, program: entry = MAIN }: RunOptions = {}): Running {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(?:AWS_|ZONETOLL_|NODE_|VITEST)/.test(name),
    )
    const bare = [process.execPath, entry, ...args]
    const [program, ...rest] = wrap === undefined ? bare : wrap(bare.map(quoted).join(' '))
    const child = spawn(program!, rest, {
      cwd: this.root,
      env: {
        ...Object.fromEntries(inherited),
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        TMPDIR: this.path('tmp'),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const text = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text.stdout += part))
    child.stderr.setEncoding('utf8').on('data', (part: string) => (text.stderr += part))
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', status => resolve({ status, ...text }))
    })
    return { process: child, stderr: () => text.stderr, ended }
  }

  async run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return await this.start(args, options).ended
  }

  /** The files below rollups/ of the desk, or of a folder in it: by path, as latin1 text so that a difference shows. */
  async rollups(folder = '.'): Promise<Record<string, string>> {
    return await filesBelow(this.path(folder, 'rollups'))
  }

  /** What the run left in the system's temporary folder. */
  async leftovers(): Promise<string[]> {
    return await readdir(this.path('tmp'))
  }

  async close(): Promise<void> {
    await rm(this.root, { recursive: true, force: true })
  }
}

export interface LedgerJson {
  readonly rows: number
  readonly rollupSha256: string
  readonly read: TotalsJson
  readonly accounts: Readonly<Record<string, TotalsJson>>
  readonly objects: readonly { key: string; records: number; problem: string | null }[]
  readonly emptySlots: readonly string[]
  readonly [member: string]: unknown
}

export interface TotalsJson {
  readonly records: number | string
  readonly bytes: number | string
  readonly packets: number | string
}

/** The ledger among the files of rollups(). */
export function ledgerOf(files: Readonly<Record<string, string>>, partition: string): LedgerJson {
  const text = files[`${partition}_ledger.json`]
  if (text === undefined)
    throw new Error(`no ledger in ${partition}: there are ${Object.keys(files).join(', ')}`)
  return JSON.parse(text) as LedgerJson
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** On a terminal: script(1) gives the command one, and its own standard output what came to it. */
export const ON_TERMINAL = (commandLine: string) => ['script', '-qec', commandLine, '/dev/null']

/** Waits until the condition holds; fails after five seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('waited five seconds for nothing')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
