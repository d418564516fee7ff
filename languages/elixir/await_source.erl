%% Called before Elixir looks for its script, where it starts before there is a program: the script is a FIFO until then, and
%% a regular file when whoever writes the FIFO is done. Meanwhile Elixir is started, and the modules that most programs use
%% are loaded.
-module(await_source).
-export([start/0]).

start() ->
    [Source | _] = init:get_plain_arguments(),
    {ok, Names} = file:read_file("/opt/elixir/modules"),
    code:del_path("/opt/elixir"),
    {ok, _} = application:ensure_all_started(elixir),
    ok = code:ensure_modules_loaded([binary_to_atom(Name) || Name <- binary:split(Names, <<"\n">>, [global, trim])]),
    %% file:open refuses what is no regular file.
    {ok, Fifo} = prim_file:open(Source, [raw, read, binary, skip_type_check]),
    drain(Fifo).

drain(Fifo) ->
    case prim_file:read(Fifo, 65536) of
        {ok, _} -> drain(Fifo);
        eof -> ok = prim_file:close(Fifo)
    end.
