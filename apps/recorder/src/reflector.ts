// Keeps somebody told of all objects of one kind: a list, then every change from where the list ends, for weeks.
//
//   list ──> watch ──ends──> watch ──ends──> …      each goes on from the last resourceVersion seen
//    ^         │
//    └──410────┘                                    history is gone: list anew
//
// The client's informer stops for good after a TCP reset, asks for no bookmarks and doesn't notice a silent
// connection. Its Watch, below the informer, can't serve either (2.0.1): it ends every watch that is silent for 30 s,
// while bookmarks come each 60 s; it drops lines that it can't parse, and with them changes; of a refusal it keeps the
// status but neither Retry-After nor the reason; and it swallows what the callback throws. So the stream is our own
// (kube-request.ts); from the client come kubeconfig and credentials.
//
// Whatever happens, it goes on until its signal aborts:
//
//   the watch ends, is reset, falls silent   again from the kept resourceVersion, after a wait that grows
//   410, a version that went backwards       a new list
//   a line that can't be read                a new list: a change is lost
//   429                                      not before Retry-After
//   401                                      again at once with new credentials, then after waits
//   403                                      says which permission is missing, tries each minute
//
// Source: Kubernetes API concepts, Efficient detection of changes.

import type { ClusterAccess } from './cluster-access.ts'
import { objectAt, textAt, type JsonObject } from './kube-json.ts'
import { listAll } from './kube-list.ts'
import { KubeAnswerError, KubeStatusError, openStream, parseObject } from './kube-request.ts'
import { nameOf, type KubeResource } from './kube-resource.ts'
import { describeTrouble, troubleOf, type KubeVerb, type Trouble } from './kube-trouble.ts'
import type { WatchComplaints } from './watch-complaints.ts'
import { WatchLines } from './watch-lines.ts'
import { Backoff, pause, type WatchTiming } from './watch-timing.ts'

// A list that expires half-way takes larger pages next time: fewer round trips before history is compacted.
const MAX_PAGE_SIZE = 4_000

/** Who is told. What it throws stops the reflector. */
export interface ReflectorSink {
  /** A list begins; one that began before and didn't end is void. */
  listBegins(): void
  listed(object: JsonObject): void
  /** The objects listed since it began are all there are. */
  listEnds(): void
  /** An object is new or changed. */
  changed(object: JsonObject): void
  /** An object is gone; this was its last state. */
  gone(object: JsonObject): void
  /** Everything that was told still holds (a bookmark: nothing has changed up to now). */
  alive(): void
}

export interface ReflectorOptions {
  readonly resource: KubeResource
  readonly access: ClusterAccess
  readonly sink: ReflectorSink
  readonly timing: WatchTiming
  readonly complaints: WatchComplaints
  readonly signal: AbortSignal
}

export class Reflector {
  readonly #options: ReflectorOptions
  readonly #backoff: Backoff
  readonly #attempted = Promise.withResolvers<void>()
  #verb: KubeVerb = 'list'
  /** Where the next watch goes on; null where only a list helps. */
  #version: string | null = null
  #pageSize: number
  #unauthorized = 0

  constructor(options: ReflectorOptions) {
    this.#options = options
    this.#backoff = new Backoff(options.timing.backoffMillis)
    this.#pageSize = options.timing.pageSize
  }

  /** Resolves when the first list is through or has failed. */
  get attempted(): Promise<void> {
    return this.#attempted.promise
  }

  /** Ends when the signal aborts. Throws only what the sink throws. */
  async run(): Promise<void> {
    const { signal } = this.#options
    while (!signal.aborted) {
      let wait = 0
      try {
        if (this.#version === null) await this.#list()
        else wait = await this.#watch(this.#version)
      } catch (error) {
        if (error instanceof SinkError) throw error.cause
        if (signal.aborted) break
        wait = this.#after(error)
      }
      this.#attempted.resolve()
      await pause(wait, signal)
    }
    this.#attempted.resolve()
  }

  async #list(): Promise<void> {
    const { resource, sink, timing, access, signal } = this.#options
    this.#verb = 'list'
    tell(() => sink.listBegins())
    const version = await listAll(
      resource,
      { access, timing, signal, limit: this.#pageSize, takeInconsistent: false },
      object => tell(() => sink.listed(object)),
    )
    tell(() => sink.listEnds())
    this.#version = version
    this.#pageSize = timing.pageSize
    this.#recovered()
  }

  /** Returns how long to wait before the next one, in milliseconds. */
  async #watch(version: string): Promise<number> {
    const { resource, timing, access, signal } = this.#options
    const [least, most] = timing.watchMillis
    const seconds = Math.max(1, Math.round((least + Math.random() * (most - least)) / 1000))
    const path = `${resource.path}?watch=true&allowWatchBookmarks=true&resourceVersion=${encodeURIComponent(version)}&timeoutSeconds=${seconds}`
    this.#verb = 'watch'
    const lines = new WatchLines()
    const stream = await openStream(access, path, { signal, silenceMillis: timing.watchSilenceMillis })
    const opened = performance.now()
    let heard = false
    for await (const chunk of stream) {
      lines.push(chunk, line => this.#take(parseObject(line, path)))
      if (heard) continue
      heard = true
      this.#recovered()
      // Only here: lists that succeed between watches that don't mustn't follow each other without a pause.
      this.#backoff.reset()
    }
    // A server that ends each watch at once is treated like one that refuses it.
    return heard || performance.now() - opened > timing.backoffMillis[1] ? 0 : this.#backoff.next()
  }

  #take(event: JsonObject): void {
    const { sink, resource } = this.#options
    const object = objectAt(event, 'object')
    const type = textAt(event, 'type')
    if (object === null || type === null)
      throw new KubeAnswerError(`the watch of ${resource.plural} sent no event`)
    if (type === 'ERROR') {
      const code = object['code']
      throw new KubeStatusError(typeof code === 'number' ? code : 500, object)
    }
    const version = textAt(objectAt(object, 'metadata'), 'resourceVersion')
    if (version === null)
      throw new KubeAnswerError(`the watch of ${resource.plural} sent an object without a version`)
    if (isBefore(version, this.#version))
      throw new RewoundError(`${this.#version} was followed by ${version}`)
    if (type === 'ADDED' || type === 'MODIFIED') tell(() => sink.changed(object))
    else if (type === 'DELETED') tell(() => sink.gone(object))
    else if (type === 'BOOKMARK') tell(() => sink.alive())
    // After the sink: what it hasn't taken is asked for again.
    this.#version = version
  }

  #recovered(): void {
    const { complaints, resource } = this.#options
    this.#unauthorized = 0
    for (const trouble of ['failed', 'forbidden', 'unauthorized'] as const) {
      const key = this.#key(trouble)
      if (!complaints.isOpen(key)) continue
      complaints.settle(key)
      complaints.settle(`${key}/over`)
      complaints.say(`${key}/over`, `${nameOf(resource)}: the ${this.#verb} works again`)
    }
  }

  /** What a failure means for the next attempt; returns how long to wait for it, in milliseconds. */
  #after(error: unknown): number {
    const { timing, access } = this.#options
    const trouble = troubleOf(error)
    if (trouble === 'expired' || error instanceof RewoundError || error instanceof KubeAnswerError) {
      this.#version = null
    }
    const least = this.#backoff.next()
    switch (trouble) {
      case 'expired':
        if (this.#verb === 'list') this.#pageSize = Math.min(MAX_PAGE_SIZE, this.#pageSize * 2)
        return least
      case 'unauthorized':
        access.renew()
        if (this.#unauthorized++ === 0) return 0
        break
      case 'forbidden':
        this.#complain(trouble, error)
        return timing.forbiddenMillis * (0.75 + Math.random() / 2)
      case 'failed':
        // A connection that ends is an everyday thing; only what lasts is worth a word.
        if (this.#backoff.attempts === 1) return waitFor(error, least)
    }
    this.#complain(trouble, error)
    return waitFor(error, least)
  }

  #complain(trouble: Trouble, error: unknown): void {
    const { complaints, resource, access } = this.#options
    const what = describeTrouble(error, this.#verb, resource, access.server)
    complaints.say(this.#key(trouble), `${what}; trying again`)
  }

  #key(trouble: Trouble): string {
    return `${nameOf(this.#options.resource)}/${this.#verb}/${trouble}`
  }
}

/** The server's history is behind what it said before: an older state was restored. */
class RewoundError extends Error {
  override readonly name = 'RewoundError'
}

class SinkError extends Error {
  override readonly name = 'SinkError'
}

// What the sink throws is no trouble of the stream and must not be taken for one.
function tell(say: () => void): void {
  try {
    say()
  } catch (cause) {
    throw new SinkError('the sink failed', { cause })
  }
}

function waitFor(error: unknown, least: number): number {
  const asked = error instanceof KubeStatusError ? error.retryAfterMillis : null
  return Math.max(least, Math.min(asked ?? 0, 300_000))
}

// Versions are decimal numbers that grow (since Kubernetes 1.35 by promise); others aren't compared.
function isBefore(version: string, known: string | null): boolean {
  if (known === null || !/^\d+$/.test(version) || !/^\d+$/.test(known)) return false
  return version.length === known.length ? version < known : version.length < known.length
}
