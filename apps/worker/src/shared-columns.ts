// Columns in shared memory: threads that are handed them see the same bytes instead of a copy each.

type Column = Int32Array | Uint32Array | Uint8Array | Float64Array

/** A copy of an object of columns and plain values, at any depth, whose columns lie in shared memory. */
export function shared<T>(value: T): T {
  if (ArrayBuffer.isView(value)) return sharedColumn(value as unknown as Column) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, shared(member as unknown)]),
  ) as T
}

function sharedColumn(column: Column): Column {
  const buffer = new SharedArrayBuffer(column.byteLength)
  const copy = new (column.constructor as new (buffer: SharedArrayBuffer) => Column)(buffer)
  copy.set(column)
  return copy
}
