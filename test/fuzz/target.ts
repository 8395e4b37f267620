/** What is fuzzed: inputs, and what becomes of one. */
import type * as fc from 'fast-check'

export interface Target<T> {
  readonly inputs: fc.Arbitrary<T>
  /**
   * Has the input read. Returns what became of it in a word: `read`, or the class of the documented error. Throws
   * where anything else happens: an error that nobody promised, books that don't balance, readers that disagree.
   */
  attempt(input: T): string | Promise<string>
  /** Outcomes that some of the inputs must reach: else the inputs, and not the reader, are at fault. */
  readonly reaches: readonly string[]
}

/** What the attempt returns, or the name of the error where it is one of those. */
export async function outcomeOf(
  attempt: () => string | Promise<string>,
  documented: (error: unknown) => string | null,
): Promise<string> {
  try {
    return await attempt()
  } catch (error) {
    const outcome = documented(error)
    if (outcome === null) throw error
    return outcome
  }
}
