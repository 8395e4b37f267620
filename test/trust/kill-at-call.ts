/**
 * Loaded into a command with `--import`: kills its process, as kill -9 does, right before a call of the file system.
 *
 *   KILL_AT=7       before the seventh call that concerns a folder of KILL_FOLDERS (paths with ':' between) or an open
 *                   file; 0 for never
 *   KILL_COUNT=f    at the end of the process that was not killed the number of calls is written to the file f
 *
 * Between two calls of the file system nothing is done that lasts, so these moments are all there are.
 */
import { appendFileSync } from 'node:fs'
import * as promises from 'node:fs/promises'
import { createRequire, syncBuiltinESMExports } from 'node:module'

type Call = (...parameters: unknown[]) => unknown

const at = Number(process.env['KILL_AT'] ?? 0)
const folders = (process.env['KILL_FOLDERS'] ?? '').split(':')
let calls = 0

function counted(target: Record<string, Call>, name: string, concerns: (first: unknown) => boolean): void {
  const original = target[name]!
  target[name] = function (this: unknown, ...parameters: unknown[]) {
    if (concerns(parameters[0]) && ++calls === at) process.kill(process.pid, 'SIGKILL')
    return original.apply(this, parameters)
  }
}

const inFolders = (path: unknown) =>
  typeof path === 'string' && folders.some(folder => path.startsWith(folder))
// A built-in module's own object: the one that its importers' names are taken from anew.
const writable = createRequire(import.meta.url)('node:fs/promises') as Record<string, Call>
for (const name of ['open', 'rename', 'link', 'unlink', 'rm', 'mkdir', 'mkdtemp']) {
  counted(writable, name, inFolders)
}
syncBuiltinESMExports()

const file = await promises.open('/dev/null')
const handle = Object.getPrototypeOf(file) as Record<string, Call>
await file.close()
for (const name of ['appendFile', 'writeFile', 'sync']) counted(handle, name, () => true)

const report = process.env['KILL_COUNT']
if (report !== undefined) process.on('exit', () => appendFileSync(report, String(calls)))
