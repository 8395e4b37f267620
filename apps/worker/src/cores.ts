// How a machine's cores are shared out between threads that scan and libuv's, which gunzip: half and half, as measured
// (what follows gunzip costs nearly as much as gunzip). A thread more than cores only takes another's caches.

import { availableParallelism } from 'node:os'

/** Threads that scan, where nobody says how many. */
export function scanningThreads(cores: number = availableParallelism()): number {
  return Math.max(1, Math.floor(cores / 2))
}

/** Threads of libuv's beside so many that scan. */
export function gunzipThreads(threads: number, cores: number = availableParallelism()): number {
  return Math.max(Math.ceil(cores / 2), cores - threads)
}
