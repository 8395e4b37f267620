// A command as all of Zonetoll's are: long options, each with an environment variable, and a help page with examples.
//
//   --flow-log-id ID   ZONETOLL_FLOW_LOG_ID=ID          the option wins over the variable
//   repeated           ZONETOLL_LOGS=uri,uri            a comma between values
//   --all-pairs        ZONETOLL_ALL_PAIRS=1             1, true, yes; 0, false, no or empty is as if it weren't set

import { Command, InvalidArgumentError, Option } from 'commander'
import { UsageError } from './failure.ts'

export interface OptionDefinition {
  /** As commander takes them: `--hour <hour>`, `--quiet`. */
  readonly flags: string
  readonly description: string
  /** Checks and reads one value. Throws BadValue with what was expected. */
  readonly parse?: (text: string) => unknown
  readonly repeatable?: boolean
}

export interface CommandDefinition {
  /** As a user calls it: `pnpm start`. */
  readonly name: string
  readonly description: string
  readonly options: readonly OptionDefinition[]
  /** What it takes besides options: `[name-or-sql]`, and what that is. */
  readonly argument?: readonly [string, string]
  readonly examples: readonly string[]
}

/** A value that an option can't take. The message says what was expected. */
export class BadValue extends InvalidArgumentError {}

export function defineCommand(definition: CommandDefinition): Command {
  const command = new Command(definition.name)
    .description(definition.description)
    .helpOption('--help', 'show this page')
    // A terminal that doesn't tell its width may say 0.
    .configureHelp({ helpWidth: Math.min(100, process.stdout.columns || 100) })
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ outputError: () => {} })
  if (definition.argument !== undefined) command.argument(...definition.argument)
  for (const { flags, description, parse, repeatable } of definition.options) {
    const option = new Option(flags, description)
    const read = parse ?? (text => text)
    if (repeatable === true) {
      option.argParser<unknown[] | undefined>((text, before) => [...(before ?? []), read(text)])
      option.variadic = false
    } else if (parse !== undefined) {
      option.argParser(read)
    }
    command.addOption(option)
  }
  // A name of several words shows best how an option becomes a variable.
  const names = command.options.map(option => option.long!)
  const shown = names.find(name => name.includes('-', 2)) ?? names[0]!
  command.addHelpText(
    'after',
    [
      '',
      `Every option has an environment variable: ${shown} is ${variableOf(shown)}. The option wins.`,
      'Values of one that may be repeated stand in its variable with a comma between them.',
      '',
      'Exit status: 0 done, 1 failed, 2 wrong arguments or configuration, 130 interrupted.',
      '',
      'Examples:',
      ...definition.examples.map(example => `  ${example}`),
    ].join('\n'),
  )
  return command
}

/** Reads arguments and environment into the command's options. Throws UsageError, or CommanderError after --help. */
export function parseCommand(
  command: Command,
  definition: CommandDefinition,
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): void {
  command.parse(argv[0] === '--' ? argv.slice(1) : argv, { from: 'user' })
  for (const option of command.options) {
    const attribute = option.attributeName()
    const variable = variableOf(option.long!)
    const text = environment[variable]
    if (text === undefined || text === '' || command.getOptionValueSource(attribute) === 'cli') continue
    const repeatable = definition.options.find(({ flags }) => flags === option.flags)?.repeatable === true
    command.setOptionValueWithSource(attribute, valueOf(option, variable, text, repeatable), 'env')
  }
}

function variableOf(long: string): string {
  return `ZONETOLL_${long.slice(2).replaceAll('-', '_').toUpperCase()}`
}

function valueOf(option: Option, variable: string, text: string, repeatable: boolean): unknown {
  if (option.isBoolean()) return flagOf(variable, text)
  const texts = repeatable ? text.split(',').map(part => part.trim()) : [text]
  let value: unknown
  for (const part of texts) {
    try {
      value = option.parseArg === undefined ? part : option.parseArg(part, value)
    } catch (error) {
      if (!(error instanceof BadValue)) throw error
      throw new UsageError(`the variable ${variable} is ${JSON.stringify(part)}: ${error.message}`, {
        cause: error,
      })
    }
  }
  return value
}

function flagOf(variable: string, text: string): boolean {
  if (/^(?:1|true|yes)$/i.test(text)) return true
  if (/^(?:0|false|no)$/i.test(text)) return false
  throw new UsageError(`the variable ${variable} is ${JSON.stringify(text)}: expected 1 or 0`)
}
