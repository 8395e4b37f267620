// One open watch of the API server for tests: lines of JSON as changes come, bookmarks, and an end after a time.
//
//   {"type":"ADDED","object":{"kind":"Pod",…}}
//   {"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"235"},…}}
//
// With a field selector an object that leaves it is DELETED with its old content and the new version.

import type { ServerResponse } from 'node:http'

import type { KubeKind, KubeObject, Selector } from './kube-api-objects.ts'
import type { KubeChange, KubeStore, KubeVersion } from './kube-api-store.ts'

export interface KubeWatchOptions {
  readonly kind: KubeKind
  readonly prefix: string
  readonly selector: Selector | null
  readonly bookmarks: boolean
  /** Null: as long as the client likes. */
  readonly timeoutSeconds: number | null
  /** How long a second of the server lasts, in milliseconds. */
  readonly secondMillis: number
  readonly render: (kind: KubeKind, version: KubeVersion) => string
}

const BOOKMARK_SECONDS = 60
const LAST_BOOKMARK_SECONDS = 2

export class KubeWatch {
  readonly #response: ServerResponse
  readonly #store: KubeStore
  readonly #options: KubeWatchOptions
  readonly #unlisten: () => void
  readonly #timers: NodeJS.Timeout[] = []
  #sentVersion: number
  #silent = false
  #cutInLine = false
  readonly closed: Promise<void>

  /** Begins with the changes after `version`. */
  constructor(response: ServerResponse, store: KubeStore, version: number, options: KubeWatchOptions) {
    this.#response = response
    this.#store = store
    this.#options = options
    this.#sentVersion = version
    const { bookmarks, timeoutSeconds, secondMillis } = options
    for (const change of store.changesAfter(version)) this.#send(change)
    this.#unlisten = store.listen(change => this.#send(change))
    this.closed = new Promise(resolve => {
      response.on('close', () => {
        this.#stop()
        resolve()
      })
    })
    if (bookmarks) {
      this.#timers.push(setInterval(() => this.bookmark(), BOOKMARK_SECONDS * secondMillis))
      const last = (timeoutSeconds ?? 0) - LAST_BOOKMARK_SECONDS
      if (last > 0) this.#timers.push(setTimeout(() => this.bookmark(), last * secondMillis))
    }
    if (timeoutSeconds !== null)
      this.#timers.push(setTimeout(() => this.end(), timeoutSeconds * secondMillis))
  }

  get plural(): string {
    return this.#options.kind.plural
  }

  /** Whether nothing comes of it any more, though it is open. */
  get isSilent(): boolean {
    return this.#silent
  }

  bookmark(annotations?: KubeObject): void {
    // A pod's empty spec has a member without omitempty.
    const rest =
      this.plural === 'pods' ? { spec: { containers: null }, status: {} } : { spec: {}, status: {} }
    const { kind, apiVersion } = this.#options.kind
    const metadata = {
      resourceVersion: String(Math.max(this.#sentVersion, this.#store.version)),
      ...(annotations === undefined ? {} : { annotations }),
    }
    this.#line(JSON.stringify({ type: 'BOOKMARK', object: { kind, apiVersion, metadata, ...rest } }))
  }

  /** An object as if it had just been made: how a watch without a version begins. */
  synthetic(version: KubeVersion): void {
    this.#line(`{"type":"ADDED","object":${this.#options.render(this.#options.kind, version)}}`)
  }

  /** Ends as a server does: the last chunk, then nothing. */
  end(): void {
    this.#stop()
    if (!this.#silent) this.#response.end()
  }

  /** TCP reset, as when the server is killed. */
  reset(): void {
    this.#stop()
    const { socket } = this.#response
    if (socket === null) return
    socket.resetAndDestroy()
  }

  /** Resets the connection when half of the next line is out. */
  resetInLine(): void {
    this.#cutInLine = true
  }

  /** The connection stays, and nothing comes any more: the other end is gone without a word. */
  fallSilent(): void {
    this.#silent = true
    this.#stop()
  }

  /** A line of the test's own. */
  raw(line: string): void {
    this.#line(line)
  }

  #stop(): void {
    this.#unlisten?.()
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #send(change: KubeChange): void {
    const { kind, prefix, selector, render } = this.#options
    if (change.plural !== kind.plural || !change.key.startsWith(prefix)) return
    const was = change.before !== null && (selector === null || selector(change.before.fields))
    const is = !change.deleted && (selector === null || selector(change.now.fields))
    if (!was && !is) return
    // Out of the selector: the old content under the new version.
    const object = is || change.deleted ? change.now : reversioned(change.before!, change.version)
    const type = is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED'
    this.#sentVersion = change.version
    this.#line(`{"type":"${type}","object":${render(kind, object)}}`)
  }

  #line(text: string): void {
    if (this.#silent || this.#response.destroyed) return
    if (!this.#cutInLine) {
      this.#response.write(`${text}\n`)
      return
    }
    this.#stop()
    this.#silent = true
    this.#response.write(text.slice(0, text.length >> 1), () => this.reset())
  }
}

function reversioned({ text, fields }: KubeVersion, version: number): KubeVersion {
  const object = JSON.parse(text!) as { metadata: KubeObject }
  object.metadata['resourceVersion'] = String(version)
  return { version, fields, text: JSON.stringify(object) }
}
