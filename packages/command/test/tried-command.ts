// A command for run-command.test.ts, which runs it as a process: it does what --do says.

import { setTimeout as sleep } from 'node:timers/promises'
import { RunError, runCommand, UsageError } from '../src/index.ts'

await runCommand(
  {
    name: 'pnpm try',
    description: 'Does what it is told.',
    options: [{ flags: '--do <what>', description: 'what to do' }],
    examples: ['pnpm try --do nothing'],
  },
  async (command, run) => {
    switch (command.opts<{ do?: string }>().do) {
      case 'fail':
        throw new RunError('the disk is full\u001b[2J', { cause: new Error('ENOSPC \u009b') })
      case 'misuse':
        throw new UsageError('a and b exclude each other')
      case 'throw':
        throw new TypeError('a bug')
      case 'throw a text':
        // Libraries do.
        // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error
        throw 'a text'
      case 'print': {
        const line = `${'x'.repeat(99)}\n`
        process.stdout.write(line.repeat(10_000))
        break
      }
      case 'wait':
        say('waiting')
        await sleep(20_000, undefined, { signal: run.signal })
        break
      case 'wait stubbornly':
        say('waiting')
        await sleep(20_000)
        break
      case 'publish':
        await run.uninterrupted(async () => {
          say('publishing')
          await sleep(1200)
          say('published')
        })
        await sleep(20_000, undefined, { signal: run.signal })
        break
      case 'publish late':
        say('waiting')
        await sleep(20_000, undefined, { signal: run.signal }).catch(() => {})
        await run.uninterrupted(async () => say('published'))
        break
      default:
        say('done')
    }
  },
)

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
