/**
 * The commands as their users run them: the root package.json's scripts, each a process with an environment and folders
 * of its own. Whatever a process says or writes is searched for secrets: a leak fails the test that ran it.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { filesBelow } from '../support/files-below.ts'
import { writeFiles, type Files } from '../support/data-set.ts'
import { leaksIn, secretsOf } from './secrets.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Half of a short run's time is compiling what doesn't change from one to the next. */
const COMPILE_CACHE = join(ROOT, 'node_modules/.cache/zonetoll-tests/')
/** No command of these tests takes a quarter of it. */
const BOUND_MILLIS = 120_000

export type CommandName = 'start' | 'merge' | 'record' | 'sample' | 'query' | 'report'

export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly millis: number
}

export interface Running {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** More options of Node's. */
  readonly node?: readonly string[]
  readonly boundMillis?: number
}

/** What Node runs for `pnpm <name>`: its own options, then the file. */
function nodeArguments(name: CommandName): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const words = (scripts[name] ?? '').split(' ').filter(word => !/^[A-Z_]+=/.test(word))
  if (words[0] !== 'node') throw new Error(`pnpm ${name} is no script that runs node: ${scripts[name]}`)
  return words.slice(1).map(word => (word.startsWith('-') ? word : join(ROOT, word)))
}

/** A folder to run commands in, with tmp/ in the place of the system's own and home/ in that of the user's. */
export class Place {
  readonly root: string
  /** Besides those of the environments. */
  readonly #secrets = new Set<string>()
  readonly #leaks: string[] = []

  private constructor(root: string) {
    this.root = root
  }

  static async make(files: Files = new Map()): Promise<Place> {
    const place = new Place(await realpath(await mkdtemp(join(tmpdir(), 'zonetoll-trust-'))))
    for (const folder of ['tmp', 'home']) await mkdir(join(place.root, folder))
    await writeFiles(place.root, files)
    return place
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts)
  }

  /** A text that no output may hold from now on. */
  keepSecret(secret: string): void {
    this.#secrets.add(secret)
  }

  start(
    name: CommandName,
    args: readonly string[],
    { env = {}, node = [], boundMillis }: RunOptions = {},
  ): Running {
    const environment = { ...this.environment(), ...env }
    for (const secret of secretsOf(env)) this.#secrets.add(secret)
    const begun = performance.now()
    const child = spawn(process.execPath, [...node, ...nodeArguments(name), ...args], {
      cwd: this.root,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const text = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text.stdout += part))
    child.stderr.setEncoding('utf8').on('data', (part: string) => (text.stderr += part))
    const bound = setTimeout(() => child.kill('SIGKILL'), boundMillis ?? BOUND_MILLIS)
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (status, signal) => {
        clearTimeout(bound)
        this.#search(`what pnpm ${name} ${args.join(' ')} said`, `${text.stdout}\n${text.stderr}`)
        resolve({ status, signal, ...text, millis: performance.now() - begun })
      })
    })
    return { process: child, ended }
  }

  async run(name: CommandName, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return await this.start(name, args, options).ended
  }

  /** The files below a folder of the place, by path from there, as latin1 text so that a difference shows. */
  async files(folder: string): Promise<Record<string, string>> {
    return await filesBelow(this.path(folder))
  }

  /** What commands left in the system's temporary folder. */
  async leftovers(): Promise<string[]> {
    return await readdir(this.path('tmp'))
  }

  /** Searches what else was written, as a bucket's objects. */
  search(what: string, text: string): void {
    this.#search(what, text)
  }

  /** Removes the folder. Throws where a secret was said or written. */
  async close(): Promise<void> {
    // Configurations of tests hold secrets by right.
    for (const [path, text] of Object.entries(await this.files('.'))) {
      if (!path.startsWith('home/')) this.#search(`the file ${path}`, text)
    }
    await rm(this.root, { recursive: true, force: true })
    if (this.#leaks.length > 0) throw new Error(`secrets leak:\n${this.#leaks.join('\n')}`)
  }

  #search(what: string, text: string): void {
    for (const leak of leaksIn(text, [...this.#secrets])) this.#leaks.push(`${what}: ${leak}`)
  }

  /** What runs `pnpm <name>`: the program and its arguments. */
  commandLine(name: CommandName, args: readonly string[]): string[] {
    return [process.execPath, ...nodeArguments(name), ...args]
  }

  /** A command's variables where none are given: nothing of AWS, Kubernetes or ours. */
  environment(): Record<string, string | undefined> {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(?:AWS_|ZONETOLL_|NODE_|VITEST|KUBE|XDG_|COLUMNS|CI$)/.test(name),
    )
    return {
      ...Object.fromEntries(inherited),
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      HOME: this.path('home'),
      TMPDIR: this.path('tmp'),
      XDG_CACHE_HOME: this.path('cache'),
      AWS_EC2_METADATA_DISABLED: 'true',
    }
  }
}

/** The line that says what failed, without the stack traces that ZONETOLL_DEBUG adds. */
export function messageOf({ stderr }: Ended): string {
  const lines = stderr.split('\n')
  const at = lines.findIndex(line => line.startsWith('error: '))
  return at < 0 ? `no message in: ${stderr}` : lines[at]!
}
