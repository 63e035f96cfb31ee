export type { AddressResolver } from './address-resolver.ts'
export type { Carrier, CarrierEvents, Channel, Flow, NodeLife, PeerRole } from './carrier.ts'
export { checkNodeOptionNames } from './check-node-options.ts'
export type { Clock, Timer } from './clock/clock.ts'
export type { Stamp, StampRefusal } from './clock/hlc.ts'
export { HLC } from './clock/hlc.ts'
export type { HybridClockOptions } from './clock/hybrid-clock.ts'
export { HybridClock } from './clock/hybrid-clock.ts'
export type { Expired } from './clock/process-timers.ts'
export { systemClock } from './clock/system-clock.ts'
export type { MessageBounds } from './codec/bounds.ts'
export { messageBoundsDefaults } from './codec/bounds.ts'
export type { WriterMemory } from './codec/flow/byte-writer.ts'
export { SignalDecoder } from './codec/flow/signal-decoder.ts'
export type { MessageMeasure, Written } from './codec/flow/signal-encoder.ts'
export { measureMessage, SignalEncoder } from './codec/flow/signal-encoder.ts'
export type { TermCodec } from './codec/term/term-codec.ts'
export { type DataFolder, holdDataFolder } from './data-folder.ts'
export {
  alias,
  call,
  cancelTimer,
  cast,
  defaultNode,
  demonitor,
  drained,
  exit,
  link,
  makeRef,
  monitor,
  multiCall,
  nodes,
  processes,
  processFlag,
  processInfo,
  register,
  rpc,
  send,
  sendAfter,
  spawn,
  spawnLink,
  spawnMonitor,
  start,
  startLink,
  startMonitor,
  startTimer,
  subscribeNodes,
  unalias,
  unlink,
  unregister,
  unsubscribeNodes,
  whereis,
} from './default-node.ts'
export type {
  Destination,
  GlobalDestination,
  NameDestination,
  NamedDestination,
  RegisteredName,
  ViaDestination,
  Watchable,
} from './destination.ts'
export type { Disk, FileReaders, FolderLock } from './disk/disk.ts'
export { systemDisk } from './disk/system-disk.ts'
export type { CodeTable, CodeText, ErrorFields, RuntimeCode } from './errors.ts'
export { BarrelError, codes, errorsOf, hasCode } from './errors.ts'
export type { ErrorInfo, ExitReason } from './exit-reason.ts'
export { describe as describeReason } from './exit-reason.ts'
export type { Extension, ExtensionKey, Host, Installed } from './extension.ts'
export { extensionKey } from './extension.ts'
export type { From } from './gen-server/call.ts'
export type { CallOptions } from './gen-server/calling.ts'
export type { CallbackResult, CallResult } from './gen-server/gen-server.ts'
export { GenServer } from './gen-server/gen-server.ts'
export type { Next, NoReply, Silence, Stop, Then } from './gen-server/outcome.ts'
export { next, noReply, reply, stop } from './gen-server/outcome.ts'
export type { StartSpec } from './gen-server/starting.ts'
export { checkOptionNames, givenOptions, unknownOption } from './given-options.ts'
export { limits } from './limits.ts'
export type { Log, LogFields } from './log.ts'
export { silentLog } from './log.ts'
export type { NameResolver } from './names/name-resolver.ts'
export type { Node } from './node.ts'
export type { Address, Endpoint, NodeName } from './node-name.ts'
export { checkNodeName, hostOf, nodeNameProblem, parseAddress, parseEndpoint } from './node-name.ts'
export type { NodeOptions, NodeSeams } from './node-options.ts'
export type { AnyPid, ServerPid } from './pid.ts'
export { Pid } from './pid.ts'
export type { Exit } from './process/exits.ts'
export type { ReceiveOptions, Self } from './process/function-process.ts'
export type { DemonitorOptions, Down } from './process/monitor.ts'
export type { Pattern, Shape } from './process/pattern.ts'
export type { SchedulerOptions } from './process/scheduler.ts'
export type { FunctionBody, PidOf, ProtocolOf, ServerClass, ServerInstance } from './process/spawn.ts'
export type { AliasOptions, ProcessFlag } from './process/verbs.ts'
export type { AnyProtocol, AnyReplyOf, CastOf, InfoOf, Protocol, ReplyOf, RequestOf } from './protocol.ts'
export type { Entropy, Random } from './random.ts'
export { systemEntropy, systemRandom } from './random.ts'
export type { Alias } from './ref.ts'
export { Ref } from './ref.ts'
export type { NodeDown, NodeUp } from './remote/node-subscribers.ts'
export type { Origin } from './remote/origin.ts'
export type { MultiCallResult } from './rpc/multi-call.ts'
export type { Rpc, RpcResult } from './rpc/rpc.ts'
export type { ExposedFunctions } from './rpc/serving.ts'
export type { Signal, SignalTarget } from './signal.ts'
export { startNode } from './start-node.ts'
export type { EnterResult, InitResult, StateResult, States } from './state-machine/gen-state-machine.ts'
export { GenStateMachine } from './state-machine/gen-state-machine.ts'
export type {
  InternalOf,
  MachineEvent,
  MachineProtocol,
  StateOf,
  TimeoutNameOf,
} from './state-machine/machine-protocol.ts'
export type { Actions, Kept, Transition } from './state-machine/transition.ts'
export type {
  AnyServerChildSpec,
  ChildKind,
  ChildSpec,
  FunctionChildSpec,
  ServerChildSpec,
  SupervisorSpec,
} from './supervisor/child-spec.ts'
export type { ChildState } from './supervisor/children.ts'
export type { ChildInfo, ChildrenCount, SupervisorProtocol } from './supervisor/request.ts'
export type { RestartType, Strategy } from './supervisor/strategy.ts'
export type { SupervisorDestination } from './supervisor/supervisor.ts'
export { Supervisor } from './supervisor/supervisor.ts'
export type { TaskAwaitOptions } from './task/task.ts'
export { Task } from './task/task.ts'
export type { TaskHandle } from './task/task-handle.ts'
export type { TaskStreamOptions } from './task/task-stream.ts'
export type { Turns } from './turns.ts'
export type { ProcessInfo, ProcessStatus } from './watching/process-info.ts'
export type {
  CrashReport,
  DeadLetter,
  LongCallback,
  LongMailbox,
  RefusedMessage,
  Subject,
  SystemEventMap,
  SystemEvents,
} from './watching/system-events.ts'
export type { WatchingOptions } from './watching/watching.ts'
