/** `owner`: the file holds a secret, and is refused when its group or others have any right to it. Not on Windows. */
export type FileReaders = 'anyone' | 'owner'

/** Files, as a node sees them: the machine's own outside tests, virtual inside them. */
export interface Disk {
  /**
   * The whole file, or undefined where there is none. Never waits for a writer, and never takes more than `bytesMax`
   * bytes. `readers` is `anyone` unless given.
   * @throws the disk's own error when it is there and cannot be read, is not a regular file, is over `bytesMax`, or
   * has other readers.
   */
  read(path: string, bytesMax: number, readers?: FileReaders): Promise<Uint8Array | undefined>
  /**
   * Replaces the file as a whole: after a crash it holds the old bytes or the new ones. It has `mode` (0600
   * unless given) before its first byte, and is synced, with its folder, before this resolves. Folders that are
   * missing are made with mode 0700.
   * @throws the disk's own error; nothing is left half-written then.
   */
  replace(path: string, bytes: Uint8Array, mode?: number): Promise<void>
  /** Removes the file; harmless where there is none. */
  remove(path: string): Promise<void>
  /** The names in a folder, sorted; none where there is no folder. */
  list(folder: string): Promise<string[]>
}
