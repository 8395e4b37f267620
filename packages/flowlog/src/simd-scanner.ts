// The SIMD scanner: the byte scanner's work done by WebAssembly, several times as fast.
//
// The kernel (kernel/scan.ts) has the text, the batch's columns and its copy of the token tables in one memory, so
// nothing is copied between it and here but the text. Its memory is laid out at the start:
//
//   0 … TOKENS   the kernel's own; TEXT and BATCH are viewed from here
//   TOKENS …     per table: slots, entries, bytes; a growing table's newcomers stay here, in its TokenTable

import { ByteScanner } from './byte-scanner.ts'
import { FIELDS } from './fields.ts'
import type { Format } from './format.ts'
import { SCAN_KERNEL } from './generated/scan-kernel.ts'
import { RecordBatch } from './record-batch.ts'
import { NO_TOKENS, TEXT_BYTES, type RecordTokens, type Scanner } from './scanner.ts'
import type { TokenTable } from './token-table.ts'

interface Kernel {
  readonly CAPACITY: WebAssembly.Global
  readonly FORMAT: WebAssembly.Global
  readonly TEXT: WebAssembly.Global
  readonly BATCH: WebAssembly.Global
  readonly TOKENS: WebAssembly.Global
  readonly count: WebAssembly.Global
  readonly skipData: WebAssembly.Global
  readonly noData: WebAssembly.Global
  prepare(): void
  setRows(most: number): void
  setFieldCount(fields: number): void
  index(to: number): void
  scan(from: number, noHeader: number): number
  placeTable(table: number, slotMask: number, slots: number, entries: number, grows: number): void
  addToken(table: number, code: number, begin: number, length: number): void
}

const PAGE_BYTES = 65536
/** The kernel reads eight bytes at a time, so each token has that much room behind it. */
const ROOM = 8
/** More than what the kernel takes for itself. */
const OWN_BYTES = 4 * 1024 * 1024

let compiled: WebAssembly.Module | null | undefined

/** The fastest scanner that runs here. */
export function createScanner(tokens: RecordTokens): Scanner {
  return kernelModule() === null ? new ByteScanner(tokens) : new SimdScanner(tokens)
}

function kernelModule(): WebAssembly.Module | null {
  if (compiled !== undefined) return compiled
  const bytes = Uint8Array.from(atob(SCAN_KERNEL), character => character.charCodeAt(0))
  compiled =
    typeof WebAssembly === 'object' && WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null
  return compiled
}

export class SimdScanner implements Scanner {
  readonly text: Uint8Array
  readonly batch: RecordBatch
  skipData = 0
  noData = 0
  readonly #kernel: Kernel
  readonly #slots: Int32Array

  /** Throws where WebAssembly has no SIMD; see createScanner. */
  constructor(tokens: RecordTokens = NO_TOKENS, capacity?: number) {
    const module = kernelModule()
    if (module === null) throw new Error('WebAssembly SIMD is missing here; use ByteScanner')
    const tables = [tokens.instances, tokens.interfaces, tokens.zones]
    const pages = Math.ceil(
      (OWN_BYTES + tables.reduce((sum, table) => sum + tableBytes(table), 0)) / PAGE_BYTES,
    )
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    const instance = new WebAssembly.Instance(module, {
      env: { memory },
      scan: { meet: (table: number, from: number, to: number) => tables[table]!.code(this.text, from, to) },
    })
    const kernel = instance.exports as unknown as Kernel
    const rows = kernel.CAPACITY.value
    this.#kernel = kernel
    this.#slots = new Int32Array(memory.buffer, kernel.FORMAT.value, FIELDS.length)
    this.text = new Uint8Array(memory.buffer, kernel.TEXT.value, TEXT_BYTES)
    this.batch = new RecordBatch(Math.min(capacity ?? rows, rows), rows, memory.buffer, kernel.BATCH.value)
    kernel.prepare()
    kernel.setRows(this.batch.capacity)
    placeTables(kernel, memory, tables)
  }

  use(format: Format): void {
    this.#slots.fill(-1)
    for (const [field, slot] of format.slots.entries()) if (slot >= 0) this.#slots[slot] = field
    this.#kernel.setFieldCount(format.fieldCount)
  }

  load(to: number): void {
    this.#kernel.index(to)
  }

  scan(from: number, noHeader = false): number {
    const kernel = this.#kernel
    kernel.count.value = this.batch.count
    const stopped = kernel.scan(from, noHeader ? 1 : 0)
    this.batch.count = kernel.count.value
    this.skipData += kernel.skipData.value
    this.noData += kernel.noData.value
    kernel.skipData.value = 0
    kernel.noData.value = 0
    return stopped
  }
}

function slotCount(table: TokenTable): number {
  let slots = 4
  while (slots < table.size * 2) slots *= 2
  return slots
}

function tableBytes(table: TokenTable): number {
  let bytes = slotCount(table) * 4 + table.size * 8 + 64
  for (let code = 0; code < table.size; code++) bytes += table.bytes(code).length + ROOM
  return bytes
}

function placeTables(kernel: Kernel, memory: WebAssembly.Memory, tables: readonly TokenTable[]): void {
  const bytes = new Uint8Array(memory.buffer)
  let at = kernel.TOKENS.value
  for (const [number, table] of tables.entries()) {
    const slots = at
    const entries = slots + slotCount(table) * 4
    kernel.placeTable(number, slotCount(table) - 1, slots, entries, table.grows ? 1 : 0)
    at = entries + table.size * 8
    for (let code = 0; code < table.size; code++) {
      const token = table.bytes(code)
      bytes.set(token, at)
      kernel.addToken(number, code, at, token.length)
      at += token.length + ROOM
    }
    at = Math.ceil(at / 8) * 8
  }
}
