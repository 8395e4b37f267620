// What the figures were measured on.

import { availableParallelism, cpus, release, totalmem, type as system } from 'node:os'

export interface Machine {
  readonly cores: number
  readonly processor: string
  readonly memoryBytes: number
  readonly system: string
  readonly node: string
}

export function thisMachine(): Machine {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryBytes: totalmem(),
    system: `${system()} ${release()} ${process.arch}`,
    node: process.version,
  }
}
