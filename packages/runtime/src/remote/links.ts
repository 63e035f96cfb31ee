/**
 * This node's ends of the links that cross to another one. Both ends may set and remove a link at the same time, so a
 * removal has an id and is acknowledged: until then whatever else is said of that link was said before the other side
 * knew, and does not count. The link protocol of OTP since 23.3 (ERTS, Distribution Protocol, "Link Protocol").
 *
 *   none --link, or theirs--> linked --unlink--> unlinking --acknowledged, or theirs has ended--> none
 *                               ^--------link-----------'
 */

import type { AnyPid, Pid } from '../pid.ts'
import type { Process } from '../process/process.ts'

/** One end. While it is unlinking it has the id of the removal. */
interface End {
  readonly process: Process
  readonly pid: Pid
  unlinkId: number | undefined
}

export class Links {
  readonly #ends = new Map<string, End>()
  #lastUnlinkId = 0

  /** Links, and removals that are not acknowledged yet. */
  get size(): number {
    return this.#ends.size
  }

  /** Sets a link; whether the other side must be told. */
  link(process: Process, pid: Pid): boolean {
    const end = this.#ends.get(keyOf(process.pid, pid))
    if (end === undefined) this.#add(process, pid)
    else if (end.unlinkId === undefined) return false
    else this.#stand(end)
    return true
  }

  /** Removes a link: the id that the other side must be told; undefined where there is none. */
  unlink(process: Process, pid: AnyPid): number | undefined {
    const end = this.#ends.get(keyOf(process.pid, pid))
    if (end === undefined || end.unlinkId !== undefined) return undefined
    forget(end)
    this.#lastUnlinkId++
    end.unlinkId = this.#lastUnlinkId
    return end.unlinkId
  }

  /** The other side has set a link. One that is being removed here is removed there too, as soon as it hears. */
  linkedByPeer(process: Process, pid: Pid): void {
    if (!this.#ends.has(keyOf(process.pid, pid))) this.#add(process, pid)
  }

  /** The other side has removed a link, and must be given its acknowledgement. */
  unlinkedByPeer(own: AnyPid, pid: AnyPid): void {
    this.#remove(own, pid, end => end.unlinkId === undefined)
  }

  /** The other side knows of a removal. */
  acknowledged(own: AnyPid, pid: AnyPid, unlinkId: number): void {
    this.#remove(own, pid, end => end.unlinkId === unlinkId)
  }

  /** One end has ended. Whether the link stood. */
  ended(own: AnyPid, pid: AnyPid): boolean {
    const end = this.#remove(own, pid, () => true)
    return end !== undefined && end.unlinkId === undefined
  }

  /** Takes ends away, all or some; gives those whose link stood. */
  take(
    isTaken: (end: { readonly pid: Pid }) => boolean = () => true,
  ): { readonly process: Process; readonly pid: Pid }[] {
    const taken = [...this.#ends].filter(([, end]) => isTaken(end))
    for (const [key, end] of taken) {
      this.#ends.delete(key)
      forget(end)
    }
    return taken.map(([, end]) => end).filter(end => end.unlinkId === undefined)
  }

  #add(process: Process, pid: Pid): void {
    const end: End = { process, pid, unlinkId: undefined }
    this.#ends.set(keyOf(process.pid, pid), end)
    this.#stand(end)
  }

  #stand(end: End): void {
    end.unlinkId = undefined
    end.process.remoteLinks ??= new Map()
    end.process.remoteLinks.set(end.pid.toString(), end.pid)
  }

  #remove(own: AnyPid, pid: AnyPid, isRemoved: (end: End) => boolean): End | undefined {
    const key = keyOf(own, pid)
    const end = this.#ends.get(key)
    if (end === undefined || !isRemoved(end)) return undefined
    this.#ends.delete(key)
    if (end.unlinkId === undefined) forget(end)
    return end
  }
}

function forget({ process, pid }: End): void {
  process.remoteLinks?.delete(pid.toString())
}

// Pids of this node differ in their serials.
function keyOf(own: AnyPid, pid: AnyPid): string {
  return `${own.serial} ${pid}`
}
