/** Bytes that are no partial, or none that can be merged. The message goes on from the partial's name: `is …`, `has …`. */
export class PartialError extends Error {
  override readonly name = 'PartialError'
}
