// What an error says of its circumstances may hold what opens doors: a presigned address that was given for a location,
// a header that a library repeats, a key that somebody typed into the wrong variable. A message goes to logs that more
// people read than those who may know it.

/** Variables whose values are secrets. */
const SECRETS = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_CONTAINER_AUTHORIZATION_TOKEN']
/** A shorter value is none, and might stand in any text. */
const LEAST_LENGTH = 8

const FORMS: readonly RegExp[] = [
  // Of presigned addresses. The credential names the key, and when it was used.
  /(X-Amz-(?:Signature|Security-Token|Credential)(?:=|%3D))[^\s&"'<>,;:()]+/gi,
  // Of headers and settings, as a server or a library repeats them.
  /(\b(?:x-amz-security-token|aws_?session_?token|aws_?secret_?access_?key|(?:session|security)_?token|secret_?access_?key)["']?\s*[:=>]+\s*["']?)[\w+/=%.-]{8,}/gi,
  /(Signature=)[0-9a-f]{16,}/gi,
  /(\bBearer\s+)[\w.~+/=-]{8,}/gi,
  /(\bk8s-aws-v1\.)[\w-]+/g,
  // Name and password in an address; a bucket's name holds no colon.
  /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@:"']+:[^\s/@"']+(?=@)/gi,
]

/** The text with [hidden] in the place of signatures, tokens, passwords in addresses, and the environment's secrets. */
export function redacted(
  text: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  let shown = text
  for (const name of SECRETS) {
    const value = environment[name]
    if (value === undefined || value.length < LEAST_LENGTH) continue
    for (const form of [value, encodeURIComponent(value.toWellFormed())])
      shown = shown.replaceAll(form, '[hidden]')
  }
  for (const form of FORMS) shown = shown.replaceAll(form, '$1[hidden]')
  return shown
}
