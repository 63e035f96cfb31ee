%% The work of the local.* figures in Erlang, as OTP's documentation writes it: gen_server for servers.
%% run(Work) prints one number and ends the OS process. The sizes are those of bench/workload.ts.
-module(bench_local).
-behaviour(gen_server).
-export([run/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

-define(SENDS_PER_BATCH, 1000).
-define(CALLS_PER_STEP, 1000).
-define(SPAWNS_PER_BATCH, 1000).
-define(IDLE_PROCESSES, 100000).
-define(ROUND_TRIPS_PER_STEP, 1000).
-define(RING_PROCESSES, 10000).
-define(HOPS_PER_STEP, 20000).
-define(STAR_LINKS, 10000).
-define(STORM_TARGETS, 1000).
-define(STORM_MONITORS_EACH, 1000).
-define(QUEUED_MESSAGES, 100000).
-define(RECEIVES_PER_STEP, 1000).
-define(TIMER_MS, 10).
-define(TIMERS_MEASURED, 200).
-define(FLOOD_MESSAGES, 1000).
-define(WARM_UP_MS, 600).
-define(MEASURED_MS, 1500).

run(Work) ->
    {_, Ref} = spawn_monitor(fun() -> io:format("~w~n", [measure(Work)]) end),
    receive
        {'DOWN', Ref, process, _, normal} -> halt(0);
        {'DOWN', Ref, process, _, _} -> halt(1)
    end.

%% A plain process that receives: faster than a gen_server, so it is the fair one.
measure(send) ->
    Sender = self(),
    Adder = spawn_link(fun() -> adder(Sender, 0) end),
    ?SENDS_PER_BATCH * steps_per_second(fun() ->
        send_batch(Adder, ?SENDS_PER_BATCH),
        receive taken -> ok end
    end);
measure(call) ->
    {ok, Counter} = gen_server:start_link(?MODULE, [], []),
    ?CALLS_PER_STEP * steps_per_second(fun() -> call_often(Counter, ?CALLS_PER_STEP) end);
measure(spawn) ->
    Starter = self(),
    ?SPAWNS_PER_BATCH * steps_per_second(fun() ->
        spawn_batch(Starter, ?SPAWNS_PER_BATCH),
        receive ended -> ok end
    end);
measure(idle) ->
    Before = erlang:memory(processes_used),
    Counters = [start_counter() || _ <- lists:seq(1, ?IDLE_PROCESSES)],
    [true = erlang:garbage_collect(Counter) || Counter <- Counters],
    %% The list of them is ours, not theirs: two words for each.
    Own = length(Counters) * 2 * erlang:system_info(wordsize),
    true = erlang:garbage_collect(),
    Used = erlang:memory(processes_used) - Before - Own,
    true = is_process_alive(hd(Counters)),
    Used / length(Counters);
measure(pingpong) ->
    Pong = spawn_link(fun pong/0),
    ?ROUND_TRIPS_PER_STEP * steps_per_second(fun() -> rally(Pong, ?ROUND_TRIPS_PER_STEP) end);
measure(ring) ->
    Last = self(),
    %% The first process closes the ring: it learns of the last one once that is there.
    First = spawn_link(fun() -> receive {next, Next} -> hop(Next, Last) end end),
    First ! {next, ring_of(?RING_PROCESSES - 1, First, Last)},
    ?HOPS_PER_STEP * steps_per_second(fun() ->
        First ! ?HOPS_PER_STEP,
        receive finished -> ok end
    end);
measure(idle_function) ->
    Before = erlang:memory(processes_used),
    Pids = [start_function() || _ <- lists:seq(1, ?IDLE_PROCESSES)],
    [true = erlang:garbage_collect(Pid) || Pid <- Pids],
    Own = length(Pids) * 2 * erlang:system_info(wordsize),
    true = erlang:garbage_collect(),
    Used = erlang:memory(processes_used) - Before - Own,
    true = is_process_alive(hd(Pids)),
    Used / length(Pids);
measure(link_star) -> median([star_ms() || _ <- lists:seq(1, 15)]);
measure(monitor_storm) -> median([storm_ms() || _ <- lists:seq(1, 3)]);
measure(selective_receive) ->
    [self() ! {waiting, N} || N <- lists:seq(1, ?QUEUED_MESSAGES)],
    Echo = spawn_link(fun echo/0),
    1000000 / (?RECEIVES_PER_STEP * steps_per_second(fun() -> ask_often(Echo, ?RECEIVES_PER_STEP) end));
measure(timer_late) ->
    Flood = spawn_link(fun flood/0),
    [Flood ! flood || _ <- lists:seq(1, ?FLOOD_MESSAGES)],
    Late = lists:sort([timer_late_ms() || _ <- lists:seq(1, ?TIMERS_MEASURED)]),
    lists:nth(ceil(length(Late) * 0.99), Late).

steps_per_second(Step) ->
    _ = repeat(Step, ?WARM_UP_MS),
    {Steps, ElapsedUs} = repeat(Step, ?MEASURED_MS),
    Steps * 1000000 / ElapsedUs.

repeat(Step, ForMs) ->
    Start = erlang:monotonic_time(microsecond),
    repeat(Step, Start, Start + ForMs * 1000, 0).

repeat(Step, Start, End, Steps) ->
    case erlang:monotonic_time(microsecond) of
        Now when Now >= End -> {Steps, Now - Start};
        _ -> Step(), repeat(Step, Start, End, Steps + 1)
    end.

send_batch(_, 0) -> ok;
send_batch(Adder, Left) ->
    Adder ! {add, 1},
    send_batch(Adder, Left - 1).

adder(Sender, Total) ->
    receive
        {add, Number} when (Total + Number) rem ?SENDS_PER_BATCH =:= 0 ->
            Sender ! taken,
            adder(Sender, Total + Number);
        {add, Number} ->
            adder(Sender, Total + Number)
    end.

call_often(_, 0) -> ok;
call_often(Counter, Left) ->
    _ = gen_server:call(Counter, {add, 1}),
    call_often(Counter, Left - 1).

spawn_batch(Starter, 1) -> spawn(fun() -> Starter ! ended end);
spawn_batch(Starter, Left) ->
    spawn(fun() -> ok end),
    spawn_batch(Starter, Left - 1).

pong() ->
    receive {Ping, Hit} -> Ping ! Hit end,
    pong().

rally(_, 0) -> ok;
rally(Pong, Left) ->
    Pong ! {self(), Left},
    receive Left -> rally(Pong, Left - 1) end.

ring_of(0, Next, _) -> Next;
ring_of(Left, Next, Last) -> ring_of(Left - 1, spawn_link(fun() -> hop(Next, Last) end), Last).

hop(Next, Last) ->
    receive
        1 -> Last ! finished;
        Left -> Next ! Left - 1
    end,
    hop(Next, Last).

start_function() ->
    Pid = spawn_link(fun() -> count(0) end),
    Pid ! {add, 1},
    Pid.

count(Total) ->
    receive {add, Number} -> count(Total + Number) end.

%% From the kill until every one of the linked processes is seen dead.
star_ms() ->
    Owner = self(),
    Hub = spawn(fun() ->
        Leaves = [spawn_link(fun() -> receive never -> ok end end) || _ <- lists:seq(1, ?STAR_LINKS)],
        Owner ! {leaves, Leaves},
        receive never -> ok end
    end),
    Leaves = receive {leaves, Pids} -> Pids end,
    Start = erlang:monotonic_time(microsecond),
    exit(Hub, kill),
    [await_dead(Leaf) || Leaf <- Leaves],
    (erlang:monotonic_time(microsecond) - Start) / 1000.

await_dead(Pid) ->
    case is_process_alive(Pid) of
        true -> erlang:yield(), await_dead(Pid);
        false -> ok
    end.

storm_ms() ->
    Targets = [spawn(fun() -> receive never -> ok end end) || _ <- lists:seq(1, ?STORM_TARGETS)],
    Start = erlang:monotonic_time(microsecond),
    [[monitor(process, Target) || _ <- lists:seq(1, ?STORM_MONITORS_EACH)] || Target <- Targets],
    [exit(Target, kill) || Target <- Targets],
    take_downs(?STORM_TARGETS * ?STORM_MONITORS_EACH),
    (erlang:monotonic_time(microsecond) - Start) / 1000.

take_downs(0) -> ok;
take_downs(Left) -> receive {'DOWN', _, process, _, killed} -> take_downs(Left - 1) end.

echo() ->
    receive {Ref, From} -> From ! {Ref, answer} end,
    echo().

ask_often(_, 0) -> ok;
ask_often(Echo, Left) ->
    Ref = make_ref(),
    Echo ! {Ref, self()},
    receive {Ref, answer} -> ask_often(Echo, Left - 1) end.

flood() ->
    receive flood -> self() ! flood end,
    flood().

timer_late_ms() ->
    Start = erlang:monotonic_time(microsecond),
    erlang:send_after(?TIMER_MS, self(), due),
    receive due -> (erlang:monotonic_time(microsecond) - Start) / 1000 - ?TIMER_MS end.

median(Values) -> lists:nth((length(Values) + 1) div 2, lists:sort(Values)).

start_counter() ->
    {ok, Counter} = gen_server:start_link(?MODULE, [], []),
    Counter ! {add, 1},
    Counter.

init([]) -> {ok, 0}.

handle_call({add, Number}, _From, Count) -> {reply, Count + Number, Count + Number}.

handle_cast(_, Count) -> {noreply, Count}.

handle_info({add, Number}, Count) -> {noreply, Count + Number}.
