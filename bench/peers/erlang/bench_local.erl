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
    Used / length(Counters).

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

start_counter() ->
    {ok, Counter} = gen_server:start_link(?MODULE, [], []),
    Counter ! {add, 1},
    Counter.

init([]) -> {ok, 0}.

handle_call({add, Number}, _From, Count) -> {reply, Count + Number, Count + Number}.

handle_cast(_, Count) -> {noreply, Count}.

handle_info({add, Number}, Count) -> {noreply, Count + Number}.
