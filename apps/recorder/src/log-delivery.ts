// Brings objects to the log's store, in order, and loses none when it is away.
//
//   add -> memory -> store                       as long as it takes them
//          memory -> spill folder -> store       when they wait for too long or are too many: oldest first
//
// The first failure is said, and the return; what happens in between isn't repeated. A spill folder that can't be
// written is said once: then the objects stay in memory. What an earlier life left in the folder is delivered first.

import type { ObjectStore, StoredObject } from '@zonetoll/objects'
import type { SpillFolder, UndeliveredObject } from './spill-folder.ts'

export interface DeliveryOptions {
  readonly store: ObjectStore
  readonly spill: SpillFolder
  readonly clock: () => number
  readonly warn: (message: string) => void
  /** How many bytes may wait in memory. */
  readonly memoryBytes: number
  /** How long the oldest may wait in memory before all go to disk, in milliseconds. */
  readonly memoryMillis: number
}

export class Delivery {
  readonly #options: DeliveryOptions
  #memory: UndeliveredObject[] = []
  #memoryBytes = 0
  #waitingSince = Infinity
  /** Null: not looked at since the start. */
  #spilled: StoredObject[] | null = null
  #running: Promise<boolean> | null = null
  #moving: Promise<void> = Promise.resolve()
  #away = false
  #spillBroken = false
  #delivered: { readonly key: string; readonly at: number } | null = null

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  /** What the store took last. */
  get delivered(): { readonly key: string; readonly at: number } | null {
    return this.#delivered
  }

  /** How many objects wait in memory, in bytes and number. */
  get inMemory(): { readonly objects: number; readonly bytes: number } {
    return { objects: this.#memory.length, bytes: this.#memoryBytes }
  }

  /** Takes an object; from now on it isn't lost unless the process dies before it is delivered or on disk. */
  add(object: UndeliveredObject): void {
    if (this.#memory.length === 0) this.#waitingSince = this.#options.clock()
    this.#memory.push(object)
    this.#memoryBytes += object.bytes.length
  }

  /** Delivers what waits, until there is nothing or the store refuses: whether all is delivered. Never throws; a second call joins the first. */
  deliver(signal?: AbortSignal): Promise<boolean> {
    this.#running ??= this.#deliver(signal).finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /** Moves to disk what is in memory if it is too much or too old, or at any rate. Never throws. */
  spill(anyway: 'anyway' | 'if needed' = 'if needed'): Promise<void> {
    const { clock, memoryBytes, memoryMillis } = this.#options
    const needed = this.#memoryBytes > memoryBytes || clock() - this.#waitingSince >= memoryMillis
    if (anyway === 'anyway' || (needed && this.#memory.length > 0)) {
      this.#moving = this.#moving.then(() => this.#moveToDisk())
    }
    return this.#moving
  }

  async #deliver(signal: AbortSignal | undefined): Promise<boolean> {
    try {
      for (;;) {
        const spilled = await this.#nextSpilled()
        const next = spilled ?? this.#memory[0]
        if (next === undefined) return true
        await this.#options.store.write(next.key, next.bytes, { signal })
        this.#delivered = { key: next.key, at: this.#options.clock() }
        if (spilled === null && this.#memory[0] === next) this.#dropOldest()
        else await this.#options.spill.remove(next.key)
        this.#spilled = this.#spilled?.filter(({ key }) => key !== next.key) ?? null
        this.#isBack()
      }
    } catch (error) {
      if (signal?.aborted !== true) this.#isAway(error)
      return false
    }
  }

  // What isn't readable on disk mustn't hold up everything behind it: it stays where it is, and that is said.
  async #nextSpilled(): Promise<UndeliveredObject | null> {
    await this.#moving
    const { spill, warn } = this.#options
    try {
      this.#spilled ??= await spill.waiting()
    } catch (error) {
      this.#spilled = []
      warn(`what waits in ${spill.path} can't be read, and isn't delivered: ${textOf(error)}`)
    }
    for (let first = this.#spilled[0]; first !== undefined; first = this.#spilled[0]) {
      try {
        const object = await spill.read(first)
        if (object !== null) return object
      } catch (error) {
        warn(`${first.key} in ${spill.path} can't be read, and isn't delivered: ${textOf(error)}`)
      }
      this.#spilled.shift()
    }
    return null
  }

  #dropOldest(): void {
    const oldest = this.#memory.shift()
    this.#memoryBytes -= oldest?.bytes.length ?? 0
    this.#waitingSince = this.#memory.length === 0 ? Infinity : this.#options.clock()
  }

  async #moveToDisk(): Promise<void> {
    const { spill, warn } = this.#options
    try {
      for (let oldest = this.#memory[0]; oldest !== undefined; oldest = this.#memory[0]) {
        await spill.keep(oldest)
        // It may have been delivered meanwhile.
        if (this.#memory[0] === oldest) {
          this.#dropOldest()
          this.#spilled = null
        } else await spill.remove(oldest.key)
      }
      this.#spillBroken = false
    } catch (error) {
      if (!this.#spillBroken) {
        const remedy = 'what waits is kept in memory, and a crash loses it; name another folder with --spill'
        warn(`the spill folder ${spill.path} can't be written: ${textOf(error)}; ${remedy}`)
      }
      this.#spillBroken = true
    }
  }

  #isAway(error: unknown): void {
    if (this.#away) return
    this.#away = true
    const { warn, spill } = this.#options
    warn(
      `the assignment log can't be written: ${textOf(error)}; what is recorded is kept, on disk in ${spill.path}, and written when that is over`,
    )
  }

  #isBack(): void {
    if (!this.#away) return
    const waiting = (this.#spilled?.length ?? 0) + this.#memory.length
    this.#away = false
    this.#options.warn(
      `the assignment log can be written again${waiting === 0 ? '' : `; ${waiting} objects that waited follow`}`,
    )
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
