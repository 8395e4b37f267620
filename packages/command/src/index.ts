export { BadValue, type CommandDefinition, type OptionDefinition } from './define-command.ts'
export { RunError, UsageError } from './failure.ts'
export { printable } from './printable.ts'
export { complain, runCommand, type Run } from './run-command.ts'
