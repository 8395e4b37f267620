// Who takes part: each is a process of its own, told the same objects, and says what it took and what it found.

import { spawn } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RunError } from '@zonetoll/command'
import { formatHour } from '@zonetoll/model'
import { readRollup } from '@zonetoll/parquet'
import { writeRows, type Answer } from './answer.ts'
import type { Driven, Span, Task } from './drive.ts'
import { USAGE_FILE, type ProcessUsage } from './usage.ts'

export interface Outcome {
  /** From the first object opened to the last row ready; for those that can't tell, the whole process. */
  readonly work: Span
  /** The whole process, start-up included. */
  readonly process: Span
  /** The most memory that the process had at once, in bytes; null where nobody can tell. */
  readonly peak: number | null
  readonly answer: Answer
}

export interface Contestant {
  readonly name: string
  /** Why it can't take part here, null where it can. */
  readonly absent: string | null
  run(task: Task, signal: AbortSignal): Promise<Outcome>
}

const OBJECTS_TO_ROWS = fileURLToPath(new URL('../rivals/objects-to-rows.ts', import.meta.url))
const GUNZIP_ALONE = fileURLToPath(new URL('../rivals/gunzip-alone.ts', import.meta.url))
const PLAIN_NODE = fileURLToPath(new URL('../rivals/plain-node.ts', import.meta.url))
const DUCKDB = fileURLToPath(new URL('../rivals/duckdb.ts', import.meta.url))
const ZCAT_MAWK = fileURLToPath(new URL('../rivals/zcat-mawk.sh', import.meta.url))
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const USAGE = new URL('usage.ts', import.meta.url).href

/** What `pnpm start` runs: a line for the shell, `… node --flags main.ts`. */
const START = (
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly scripts: { readonly start: string }
  }
).scripts.start
/** Ours runs with the flags it has there, in whichever program. */
const START_FLAGS = START.match(/ --\S+/g)?.map(flag => flag.trim()) ?? []

/** The limit, ours, and the rivals, in the order in which they take turns. */
export const gunzipAlone = driver('gunzip alone', GUNZIP_ALONE)
export const objectsToRows = driver('ours, objects to rows', OBJECTS_TO_ROWS, START_FLAGS)
export const wholeRun: Contestant = { name: 'ours, the whole run', absent: null, run: runWorker }
export const plainNode = driver('plain Node', PLAIN_NODE)
export const duckDb = driver('DuckDB', DUCKDB)
export const zcatMawk: Contestant = {
  name: 'zcat | mawk',
  absent: isInstalled('zcat') && isInstalled('mawk') ? null : 'not installed',
  run: runZcatMawk,
}

export const CONTESTANTS: readonly Contestant[] = [
  gunzipAlone,
  objectsToRows,
  wholeRun,
  plainNode,
  duckDb,
  zcatMawk,
]

/** One that is a program of ours around `drive`. */
function driver(name: string, program: string, flags: readonly string[] = []): Contestant {
  return {
    name,
    absent: null,
    async run(task, signal) {
      const file = join(task.folder, 'task.json')
      await writeFile(file, JSON.stringify(task))
      const { output, wall, usage } = await runNode(
        name,
        [process.execPath, ...flags, program, file],
        task.folder,
        signal,
      )
      const { work, answer } = JSON.parse(output) as Driven
      return { work, process: { cpu: usage.cpu, wall }, peak: usage.peak, answer }
    },
  }
}

// As pnpm runs it; its own Parquet file is the answer.
async function runWorker(task: Task, signal: AbortSignal): Promise<Outcome> {
  const rollups = join(task.folder, 'rollups')
  const options = { logs: task.logs, assignments: task.assignments, rollups, hour: formatHour(task.hour) }
  const { output, wall, usage } = await runNode(
    wholeRun.name,
    [
      'sh',
      '-c',
      `${START} "$@"`,
      'start',
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
      '--quiet',
      '--json',
    ],
    task.folder,
    signal,
  )
  const said = JSON.parse(output) as { readonly hours: readonly { readonly rollup: string }[] }
  const answer = await answerOfRollup(said.hours[0]!.rollup, join(task.folder, 'rows'))
  const process = { cpu: usage.cpu, wall }
  return { work: process, process, peak: usage.peak, answer }
}

async function answerOfRollup(rollup: string, file: string): Promise<Answer> {
  const handle = await open(rollup)
  try {
    const { size } = await handle.stat()
    const slice = async (start: number, end: number) => {
      const { buffer } = await handle.read(new Uint8Array(end - start), 0, end - start, start)
      return buffer.buffer
    }
    return await writeRows(file, readRollup({ byteLength: size, slice }))
  } finally {
    await handle.close()
  }
}

// The shell counts what its children used; their memory it doesn't.
async function runZcatMawk({ hour, objects }: Task, signal: AbortSignal): Promise<Outcome> {
  const { output, wall } = await runProcess(
    zcatMawk.name,
    ['sh', ZCAT_MAWK, String(hour), ...objects],
    signal,
  )
  const [bytes, ...times] = output.split('\n')
  const process = { cpu: cpuOfTimes(times.join(' ')), wall }
  return { work: process, process, peak: null, answer: { kind: 'sent', bytes: Number(bytes) } }
}

/** Seconds from what the shell's `times` prints: minutes and seconds of user and system, its own and its children's. */
export function cpuOfTimes(text: string): number {
  let seconds = 0
  for (const [, minutes, rest] of text.matchAll(/(\d+)m(\d+[.,]\d+)s/g)) {
    seconds += Number(minutes) * 60 + Number(rest!.replace(',', '.'))
  }
  return seconds
}

// A command that becomes one process of Node.
async function runNode(name: string, command: readonly string[], folder: string, signal: AbortSignal) {
  const file = join(folder, 'usage.json')
  const { output, wall } = await runProcess(name, command, signal, {
    [USAGE_FILE]: file,
    NODE_OPTIONS: `--import=${USAGE}`,
    // As in the scripts of package.json: compiling TypeScript is in nobody's figure.
    NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/node'),
    PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
  })
  return { output, wall, usage: JSON.parse(await readFile(file, 'utf8')) as ProcessUsage }
}

// Options of ours in the environment would be the contestants' too.
function plainEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ZONETOLL_')))
}

function runProcess(
  name: string,
  [program, ...parameters]: readonly string[],
  signal: AbortSignal,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly output: string; readonly wall: number }> {
  return new Promise((resolve, reject) => {
    const begun = performance.now()
    const child = spawn(program!, parameters, {
      cwd: ROOT,
      env: { ...plainEnvironment(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that an interruption ends a shell's children too.
      detached: true,
    })
    const interrupt = () => process.kill(-child.pid!, 'SIGTERM')
    let output = ''
    let complaint = ''
    let wall = 0
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
    child.on('spawn', () => {
      if (signal.aborted) interrupt()
      else signal.addEventListener('abort', interrupt)
    })
    child.on('exit', () => {
      wall = (performance.now() - begun) / 1000
      signal.removeEventListener('abort', interrupt)
    })
    child.on('error', reject)
    child.on('close', (status, killedBy) => {
      if (signal.aborted) reject(signal.reason as Error)
      else if (status === 0) resolve({ output, wall })
      else reject(new RunError(`${name} ended with ${killedBy ?? `status ${status}`}: ${complaint.trim()}`))
    })
  })
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some(folder => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** A task whose answers go to a folder of the contestant's own below `folder`. */
export async function taskIn(folder: string, name: string, task: Omit<Task, 'folder'>): Promise<Task> {
  const own = join(folder, name.replaceAll(/[^0-9A-Za-z]+/g, '-'))
  await mkdir(own, { recursive: true })
  const { logs, assignments, cluster, hour, objects } = task
  return { logs, assignments, cluster, hour, objects, folder: own }
}
