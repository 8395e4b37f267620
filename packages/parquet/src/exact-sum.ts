// A sum of safe integers that stays exact above 2^53 without a BigInt addition a value.

export class ExactSum {
  #spilled = 0n
  #low = 0

  /** Adds an integer from 0 to 2^53 - 1. */
  add(value: number): void {
    const sum = this.#low + value
    if (sum <= Number.MAX_SAFE_INTEGER) {
      this.#low = sum
    } else {
      this.#spilled += BigInt(this.#low)
      this.#low = value
    }
  }

  get total(): bigint {
    return this.#spilled + BigInt(this.#low)
  }
}
