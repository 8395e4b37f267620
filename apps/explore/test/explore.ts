// `pnpm query` as its users have it: a process with arguments, an environment and a working directory.

import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const QUERY = fileURLToPath(new URL('../src/query.ts', import.meta.url))
const WORKER = fileURLToPath(new URL('../../worker/src/main.ts', import.meta.url))
/** Half of a short run's time is compiling what doesn't change from one to the next. */
const COMPILE_CACHE = fileURLToPath(new URL('../../../node_modules/.cache/zonetoll-tests/', import.meta.url))

export interface Ended {
  /** Null where a signal killed the process. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** How a command that failed ends. */
export function failure(message: string): Ended {
  return { status: 1, stdout: '', stderr: `error: ${message}\n` }
}

/** How `pnpm query` ends that was told something wrong. */
export function usage(message: string): Ended {
  return { status: 2, stdout: '', stderr: `error: ${message}\nSee pnpm query --help.\n` }
}

export const lines = (text: string) => text.trimEnd().split('\n')

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** The program that runs the command line, which is quoted for a shell. */
  readonly wrap?: (commandLine: string) => readonly string[]
}

/** A folder to work in, with tmp/ in the place of the system's own and cache/ in that of the user's. */
export class Desk {
  readonly root: string

  private constructor(root: string) {
    this.root = root
  }

  static async make(): Promise<Desk> {
    const desk = new Desk(await realpath(await mkdtemp(join(tmpdir(), 'zonetoll-explore-'))))
    await mkdir(desk.path('tmp'))
    return desk
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts)
  }

  start(program: string, args: readonly string[], { env = {}, wrap }: RunOptions = {}): ChildProcess {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(?:AWS_|ZONETOLL_|NODE_|VITEST|XDG_)/.test(name),
    )
    const bare = [process.execPath, program, ...args]
    const [command, ...rest] = wrap === undefined ? bare : wrap(bare.map(shellQuoted).join(' '))
    return spawn(command!, rest, {
      cwd: this.root,
      env: {
        ...Object.fromEntries(inherited),
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        TMPDIR: this.path('tmp'),
        XDG_CACHE_HOME: this.path('cache'),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  startQuery(args: readonly string[], options?: RunOptions): ChildProcess {
    return this.start(QUERY, args, options)
  }

  async query(args: readonly string[], options?: RunOptions): Promise<Ended> {
    return await ended(this.startQuery(args, options))
  }

  /** The rows that --format json gives. */
  async rows(args: readonly string[], options?: RunOptions): Promise<Record<string, unknown>[]> {
    const { status, stdout, stderr } = await this.query([...args, '--format', 'json'], options)
    if (status !== 0) throw new Error(`pnpm query ${args.join(' ')} ended with ${status}: ${stderr}`)
    return JSON.parse(stdout) as Record<string, unknown>[]
  }

  /** Makes the bundled sample's rollup below rollups/, as `pnpm start` does. */
  async makeSample(): Promise<void> {
    const { status, stderr } = await ended(this.start(WORKER, ['--hour', '2024-05-01T10', '--quiet']))
    if (status !== 0) throw new Error(`the sample's rollup was not made: ${stderr}`)
  }

  /** What a run left in the system's temporary folder. */
  async leftovers(): Promise<string[]> {
    return await readdir(this.path('tmp'))
  }

  async close(): Promise<void> {
    await rm(this.root, { recursive: true, force: true })
  }
}

export async function ended(child: ChildProcess): Promise<Ended> {
  const text = { stdout: '', stderr: '' }
  child.stdout!.setEncoding('utf8').on('data', (part: string) => (text.stdout += part))
  child.stderr!.setEncoding('utf8').on('data', (part: string) => (text.stderr += part))
  return await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', status => resolve({ status, ...text }))
  })
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** On a terminal of so many columns: script(1) gives the command one, and its own standard output what came to it. */
export function onTerminal(columns: number): (commandLine: string) => readonly string[] {
  return commandLine => ['script', '-qec', `stty cols ${columns}; ${commandLine}`, '/dev/null']
}
