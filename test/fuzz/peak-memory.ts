/** Loaded into a process before its own code: notes in a file, when it ends, the most memory that it ever had, in bytes. */
import { writeFileSync } from 'node:fs'

const file = process.env['PEAK_MEMORY_FILE']
if (file !== undefined) {
  process.on('exit', () => writeFileSync(file, String(process.resourceUsage().maxRSS * 1024)))
}
