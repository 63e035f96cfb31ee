/** Whether a key takes more bytes than that as UTF-8. */
export function isLongKey(key: string, bytesMax: number): boolean {
  if (key.length * 3 <= bytesMax) return false
  return key.length > bytesMax || Buffer.byteLength(key) > bytesMax
}
