%% The work of cluster.join30_s over Erlang's own distribution: every node connects to the first one, and `global` makes
%% a full mesh of them. run(First, Count) ends the OS process of the first when all nodes have seen a message that the
%% last one to know all others sends to all; what happened is printed.
-module(bench_mesh).
-export([run/2]).

run(First, Count) ->
    register(listener, spawn(fun() -> listen(First) end)),
    case node() of
        First -> collect(Count);
        _ -> connect(First)
    end,
    await_all(Count),
    {collector, First} ! {joined, node()},
    receive stop -> halt(0) end.

connect(First) ->
    case net_kernel:connect_node(First) of
        true -> ok;
        _ -> timer:sleep(50), connect(First)
    end.

await_all(Count) ->
    case length(nodes()) of
        Others when Others =:= Count - 1 -> ok;
        _ -> timer:sleep(5), await_all(Count)
    end.

listen(First) ->
    receive
        {broadcast} -> [{listener, Node} ! {news} || Node <- [node() | nodes()]], listen(First);
        {news} -> {collector, First} ! {seen, node()}, listen(First)
    end.

collect(Count) ->
    register(collector, spawn(fun() ->
        Last = collect(joined, Count, none),
        {listener, Last} ! {broadcast},
        collect(seen, Count, none),
        io:format("~w seen~n", [Count]),
        halt(0)
    end)).

collect(_, 0, Last) -> Last;
collect(What, Left, _) -> receive {What, Node} -> collect(What, Left - 1, Node) end.
