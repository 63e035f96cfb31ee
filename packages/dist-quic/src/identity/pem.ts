/** Bytes as text that people can copy (RFC 7468). */

/** The block of that label, in lines of 64 characters. */
export function pemOf(label: string, bytes: Uint8Array): string {
  const lines = Buffer.from(bytes)
    .toString('base64')
    .match(/.{1,64}/g) as string[]
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
