// Loaded into a contestant's process before anything of its own (node --import): at its end it writes what the whole
// process used, start-up included, to the file that USAGE_FILE names.
//
// The peak is VmHWM, which begins anew with the program; getrusage's ru_maxrss keeps what the process that forked it
// had in memory. Source: proc(5), "/proc/pid/status"; getrusage(2).

import { readFileSync, writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

export const USAGE_FILE = 'BENCH_USAGE_FILE'

export interface ProcessUsage {
  /** Seconds, user and system, of all threads. */
  readonly cpu: number
  /** Bytes. */
  readonly peak: number
}

const file = process.env[USAGE_FILE]
if (isMainThread && file !== undefined) {
  process.on('exit', () => writeFileSync(file, JSON.stringify({ cpu: cpuSeconds(), peak: peakBytes() })))
}

/** Seconds of CPU, user and system, that this process has used since it began. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function peakBytes(): number {
  try {
    const status = readFileSync('/proc/self/status', 'latin1')
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)![1]) * 1024
  } catch {
    return process.resourceUsage().maxRSS * 1024
  }
}
