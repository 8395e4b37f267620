// Runs a command to its exit status: 0 done, 1 failed, 2 wrong arguments, 130 interrupted.
//
// SIGINT and SIGTERM abort the run's signal; what doesn't stop within the grace is ended. Work that mustn't stop
// half-way (the moment in which an hour's two files are replaced) runs uninterrupted.

import { CommanderError, type Command } from 'commander'
import { defineCommand, parseCommand, type CommandDefinition } from './define-command.ts'
import { UsageError } from './failure.ts'
import { printable } from './printable.ts'
import { redacted } from './redacted.ts'

const GRACE_MILLIS = 700
const INTERRUPTED = 130
const INTERRUPTION = 'interrupted; what was not finished stands as it stood before\n'

export interface Run {
  /** Aborted by SIGINT or SIGTERM. */
  readonly signal: AbortSignal
  /** Awaits work that an interruption lets finish. */
  uninterrupted<T>(work: () => Promise<T>): Promise<T>
}

/** Parses, acts, and ends the process with its status. Everything thrown becomes one message on standard error. */
export async function runCommand(
  definition: CommandDefinition,
  act: (command: Command, run: Run) => Promise<void>,
): Promise<void> {
  const interruption = new Interruption()
  process.stdout.on('error', outputFailed)
  process.stderr.on('error', outputFailed)
  let status = 0
  try {
    const command = defineCommand(definition)
    parseCommand(command, definition, process.argv.slice(2), process.env)
    await act(command, interruption)
  } catch (error) {
    status = reportFailure(definition.name, error, interruption.signal)
  }
  await flush()
  process.exit(status)
}

class Interruption implements Run {
  readonly #controller = new AbortController()
  #unfinished = 0

  constructor() {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => this.#interrupt())
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  async uninterrupted<T>(work: () => Promise<T>): Promise<T> {
    this.signal.throwIfAborted()
    this.#unfinished++
    try {
      return await work()
    } finally {
      this.#unfinished--
    }
  }

  #interrupt(): void {
    this.#controller.abort()
    const end = () => {
      if (this.#unfinished > 0) {
        setTimeout(end, GRACE_MILLIS)
        return
      }
      process.stderr.write(INTERRUPTION)
      process.exit(INTERRUPTED)
    }
    setTimeout(end, GRACE_MILLIS)
  }
}

function reportFailure(name: string, error: unknown, signal: AbortSignal): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0
    complain(`${error.message.replace(/^error: /, '')}\nSee ${name} --help.`, error)
    return 2
  }
  if (error instanceof UsageError) {
    complain(`${error.message}\nSee ${name} --help.`, error)
    return 2
  }
  if (signal.aborted) {
    process.stderr.write(INTERRUPTION)
    return INTERRUPTED
  }
  complain(error instanceof Error ? error.message : String(error), error)
  return 1
}

/** Says on standard error what went wrong, secrets left out; with ZONETOLL_DEBUG=1 where it came from, too. */
export function complain(message: string, error: unknown): void {
  process.stderr.write(`error: ${printable(redacted(message))}\n`)
  if (process.env['ZONETOLL_DEBUG'] !== '1') return
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    process.stderr.write(`${printable(redacted(cause.stack ?? cause.message))}\n`)
  }
}

// A reader that has seen enough (`| head`) is no failure; output that can't be written (a full disk) is one.
function outputFailed(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return
  complain(`the output can't be written: ${error.message}`, error)
  process.exit(1)
}

async function flush(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>(resolve => stream.write('', () => resolve()))
  }
}
