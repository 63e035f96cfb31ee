/** `owner`: the file holds a secret, and is refused when its group or others have any right to it. Not on Windows. */
export type FileReaders = 'anyone' | 'owner'

/** A folder that is held. */
export interface FolderLock {
  release(): Promise<void>
}

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
  /**
   * Holds a folder, which is made where it is missing, until `release` or the end of the OS process, however it ends:
   * no other holder gets it meanwhile, in this OS process or another one. `holder` is a line that says who holds it.
   * @throws an error with the code EBUSY, which says who, where somebody holds it; else the disk's own error
   */
  lock(folder: string, holder: string): Promise<FolderLock>
  /** The names in a folder, sorted; none where there is no folder. */
  list(folder: string): Promise<string[]>
}
