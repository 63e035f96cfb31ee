%% The work of the quic.* figures over Erlang's own distribution, from one node to another in its own OS process.
%% run(Work, Other) prints one number and ends the OS process. The sizes are those of bench/workload.ts.
-module(bench_dist).
-export([run/2, sink/1, echo/0]).

-define(SENDS_PER_BATCH, 256).
-define(BATCHES_MAX, 16).
-define(BULK_BYTES, 1048576).
-define(ROUND_TRIP_BYTES, 64).
-define(WARM_UP_CALLS, 2000).
-define(MEASURED_CALLS, 20000).
-define(CALLERS, 64).
-define(WARM_UP_MS, 600).
-define(MEASURED_MS, 1500).

run(Work, Other) ->
    true = await_connection(Other, 100),
    {_, Ref} = spawn_monitor(fun() -> io:format("~w~n", [measure(Work, Other)]) end),
    receive
        {'DOWN', Ref, process, _, normal} -> halt(0);
        {'DOWN', Ref, process, _, _} -> halt(1)
    end.

await_connection(_, 0) -> false;
await_connection(Other, Left) ->
    case net_kernel:connect_node(Other) of
        true -> true;
        _ -> timer:sleep(100), await_connection(Other, Left - 1)
    end.

measure(send, Other) -> flow(Other, ?SENDS_PER_BATCH, fun measurement/1);
measure(bulk, Other) ->
    Bytes = crypto:strong_rand_bytes(?BULK_BYTES),
    flow(Other, 1, fun(_) -> Bytes end) * ?BULK_BYTES / 1000000;
measure(rtt_p50, Other) -> round_trip_ms(Other, 0.5);
measure(rtt_p99, Other) -> round_trip_ms(Other, 0.99);
measure(call64, Other) ->
    Echo = spawn(Other, ?MODULE, echo, []),
    _ = call_often(Echo, ?WARM_UP_MS),
    call_often(Echo, ?MEASURED_MS).

measurement(Count) ->
    #{kind => measured, sensor => <<"boiler-07">>, at => 1790000000000 + Count, celsius => 20 + (Count rem 64) / 8,
      note => <<"by hand">>}.

flow(Other, PerBatch, Message) ->
    Sink = spawn(Other, ?MODULE, sink, [PerBatch]),
    {_, Sent} = send_for(?WARM_UP_MS, Sink, PerBatch, Message, 0),
    Start = erlang:monotonic_time(microsecond),
    {Batches, _} = send_for(?MEASURED_MS, Sink, PerBatch, Message, Sent),
    Batches * PerBatch * 1000000 / (erlang:monotonic_time(microsecond) - Start).

%% Ends when the last batch has been taken.
send_for(ForMs, Sink, PerBatch, Message, Sent) ->
    Start = erlang:monotonic_time(microsecond),
    send_for(Start + ForMs * 1000, Sink, PerBatch, Message, Sent, 0, 0).

send_for(End, Sink, PerBatch, Message, Sent, Batches, ?BATCHES_MAX) ->
    receive taken -> send_for(End, Sink, PerBatch, Message, Sent, Batches, ?BATCHES_MAX - 1) end;
send_for(End, Sink, PerBatch, Message, Sent, Batches, OnTheWay) ->
    case erlang:monotonic_time(microsecond) >= End of
        true ->
            [receive taken -> ok end || _ <- lists:seq(1, OnTheWay)],
            {Batches, Sent};
        false ->
            [Sink ! {self(), Message(Sent + N)} || N <- lists:seq(1, PerBatch)],
            send_for(End, Sink, PerBatch, Message, Sent + PerBatch, Batches + 1, OnTheWay + 1)
    end.

sink(PerBatch) -> sink(PerBatch, 0).

sink(PerBatch, Taken) ->
    receive
        {From, _} when (Taken + 1) rem PerBatch =:= 0 ->
            From ! taken,
            sink(PerBatch, Taken + 1);
        {_, _} ->
            sink(PerBatch, Taken + 1)
    end.

echo() ->
    receive {Ref, From, Request} -> From ! {Ref, Request} end,
    echo().

call(Echo, Count) ->
    Ref = make_ref(),
    Request = <<Count:32, 0:((?ROUND_TRIP_BYTES - 4) * 8)>>,
    Echo ! {Ref, self(), Request},
    receive {Ref, Request} -> ok end.

round_trip_ms(Other, Share) ->
    Echo = spawn(Other, ?MODULE, echo, []),
    [call(Echo, Count) || Count <- lists:seq(1, ?WARM_UP_CALLS)],
    Trips = lists:sort([trip_ms(Echo, Count) || Count <- lists:seq(1, ?MEASURED_CALLS)]),
    lists:nth(ceil(length(Trips) * Share), Trips).

trip_ms(Echo, Count) ->
    Start = erlang:monotonic_time(nanosecond),
    call(Echo, Count),
    (erlang:monotonic_time(nanosecond) - Start) / 1000000.

call_often(Echo, ForMs) ->
    Owner = self(),
    Start = erlang:monotonic_time(microsecond),
    End = Start + ForMs * 1000,
    [spawn_link(fun() -> Owner ! {called, call_until(End, Echo, 0)} end) || _ <- lists:seq(1, ?CALLERS)],
    Calls = lists:sum([receive {called, Count} -> Count end || _ <- lists:seq(1, ?CALLERS)]),
    Calls * 1000000 / (erlang:monotonic_time(microsecond) - Start).

call_until(End, Echo, Count) ->
    case erlang:monotonic_time(microsecond) >= End of
        true -> Count;
        false -> call(Echo, Count), call_until(End, Echo, Count + 1)
    end.
