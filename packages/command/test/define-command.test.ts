import { describe, expect, test } from 'vitest'
import { BadValue, defineCommand, parseCommand, type CommandDefinition } from '../src/define-command.ts'
import { UsageError } from '../src/index.ts'

const DEFINITION: CommandDefinition = {
  name: 'pnpm brew',
  description: 'Brews.',
  argument: ['[pot]', 'the pot to brew in'],
  options: [
    { flags: '--tea-leaf <name>', description: 'a leaf; may be repeated', repeatable: true },
    { flags: '--minutes <n>', description: 'how long', parse: readMinutes },
    { flags: '--cold', description: 'without heat' },
    { flags: '--at <place>', description: 'where' },
  ],
  examples: ['pnpm brew --minutes 3'],
}

function readMinutes(text: string): number {
  if (!/^\d+$/.test(text)) throw new BadValue('Expected whole minutes.')
  return Number(text)
}

function parse(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const command = defineCommand(DEFINITION)
  parseCommand(command, DEFINITION, args, environment)
  return { ...command.opts(), args: command.args }
}

describe('options and their variables', () => {
  test('nothing given is nothing set: defaults are for the command to know', () => {
    expect(parse([])).toEqual({ args: [] })
  })

  test('an option is set by itself or by its variable, and wins over it', () => {
    expect(parse(['--minutes', '3'])).toEqual({ minutes: 3, args: [] })
    expect(parse(['--minutes=3'], { ZONETOLL_MINUTES: '5' })).toEqual({ minutes: 3, args: [] })
    expect(parse([], { ZONETOLL_MINUTES: '5' })).toEqual({ minutes: 5, args: [] })
    expect(parse([], { ZONETOLL_AT: 'home, sweet home' })).toEqual({ at: 'home, sweet home', args: [] })
  })

  test('a repeatable one adds up, and its variable takes commas with blanks around values', () => {
    expect(parse(['--tea-leaf', 'a', '--tea-leaf', 'b,c'])).toEqual({ teaLeaf: ['a', 'b,c'], args: [] })
    expect(parse([], { ZONETOLL_TEA_LEAF: 'a, b ,c' })).toEqual({ teaLeaf: ['a', 'b', 'c'], args: [] })
    expect(parse(['--tea-leaf', 'z'], { ZONETOLL_TEA_LEAF: 'a,b' })).toEqual({ teaLeaf: ['z'], args: [] })
  })

  test('a repeatable one takes no words behind its value', () => {
    expect(parse(['--tea-leaf', 'a', 'pot'])).toEqual({ teaLeaf: ['a'], args: ['pot'] })
  })

  test.each([
    ['1', true],
    ['true', true],
    ['YES', true],
    ['0', false],
    ['False', false],
    ['no', false],
  ])('a flag by its variable: %s', (text, expected) => {
    expect(parse([], { ZONETOLL_COLD: text })).toEqual({ cold: expected, args: [] })
  })

  test('an option turns a flag on whatever its variable says, and an empty variable is none', () => {
    expect(parse(['--cold'], { ZONETOLL_COLD: '0' })).toMatchObject({ cold: true })
    expect(parse([], { ZONETOLL_COLD: '', ZONETOLL_MINUTES: '' })).toEqual({ args: [] })
  })

  test('other variables, and those of options of other commands, mean nothing', () => {
    expect(parse([], { MINUTES: '4', ZONETOLL_HOUR: 'x', ZONETOLL_HELP: '1' })).toEqual({ args: [] })
  })

  test('one leading -- is dropped', () => {
    expect(parse(['--', '--minutes', '3', 'pot'])).toEqual({ minutes: 3, args: ['pot'] })
    expect(parse(['--minutes', '3', '--', '--cold'])).toEqual({ minutes: 3, args: ['--cold'] })
  })
})

describe('what is wrong is said', () => {
  test.each([
    [['--minutes', 'x'], "option '--minutes <n>' argument 'x' is invalid. Expected whole minutes."],
    [['--minutes'], "option '--minutes <n>' argument missing"],
    [['--minute', '3'], "unknown option '--minute'\n(Did you mean --minutes?)"],
    [['--no-cold'], "unknown option '--no-cold'"],
    [['--cold=yes'], "unknown option '--cold=yes'"],
    [['a', 'b'], 'too many arguments'],
  ])('%j', (args, message) => {
    expect(() => parse(args)).toThrow(message)
  })

  test('of a variable by its name, what it is and what was expected', () => {
    const minutes = failure({ ZONETOLL_MINUTES: 'x' })
    expect(minutes).toBeInstanceOf(UsageError)
    expect(minutes).toMatchObject({
      message: 'the variable ZONETOLL_MINUTES is "x": Expected whole minutes.',
    })
    expect(failure({ ZONETOLL_COLD: '2' })).toMatchObject({
      name: 'UsageError',
      message: 'the variable ZONETOLL_COLD is "2": expected 1 or 0',
    })
  })

  test('an error of the parser itself is not taken for a bad value', () => {
    const broken = { ...DEFINITION, options: [{ flags: '--at <place>', description: '', parse: explode }] }
    expect(() => parseCommand(defineCommand(broken), broken, [], { ZONETOLL_AT: 'x' })).toThrow('broken')
  })
})

function failure(environment: Record<string, string>): unknown {
  try {
    return parse([], environment)
  } catch (error) {
    return error
  }
}

function explode(): never {
  throw new RangeError('broken')
}
