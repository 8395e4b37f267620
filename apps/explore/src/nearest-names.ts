// The names that someone who wrote another one may have meant.
//
// First those that begin with the text, then those that hold it, then those a few letters away (by Damerau and
// Levenshtein: a letter too many, too few, another one, or two that changed places). Upper and lower case are one.

const MOST = 5
/** Letters that may differ: one in three. */
const LETTERS_A_SLIP = 3
/** Longer names are compared by their beginnings: the distance takes time by the square. */
const LONGEST = 100

/** Up to five, best first; none where nothing is near. */
export function nearest(text: string, names: Iterable<string>): string[] {
  const wanted = fold(text)
  const slips = Math.max(1, Math.floor(wanted.length / LETTERS_A_SLIP))
  const ranked: { name: string; rank: number }[] = []
  for (const name of new Set(names)) {
    const rank = rankOf(wanted, fold(name), slips)
    if (rank !== null) ranked.push({ name, rank })
  }
  ranked.sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1))
  return ranked.slice(0, MOST).map(({ name }) => name)
}

const BEGINS = 0
const HOLDS = 1
const DIFFERS = 2

function rankOf(wanted: string, name: string, slips: number): number | null {
  if (wanted === '') return null
  if (name.startsWith(wanted)) return BEGINS
  if (name.includes(wanted)) return HOLDS
  if (Math.abs(wanted.length - name.length) > slips) return null
  const distance = editDistance(wanted, name)
  return distance <= slips ? DIFFERS + distance : null
}

function fold(text: string): string {
  return text.slice(0, LONGEST).toLowerCase()
}

/** How many slips of the pen lie between two texts. */
export function editDistance(a: string, b: string): number {
  let twoBack: number[] = []
  let before = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let least = Math.min(before[j]! + 1, row[j - 1]! + 1, before[j - 1]! + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) least = Math.min(least, twoBack[j - 2]! + 1)
      row.push(least)
    }
    twoBack = before
    before = row
  }
  return before[b.length]!
}
