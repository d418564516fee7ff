# Runs while the image is built: makes modules load sooner, and the image smaller.

# Compiled modules are compressed and carry documentation. Elixir's own keep their debug information,
# which error messages read ("Attempted function clauses").
for {folder, kept} <- [{"/usr/lib/erlang", []}, {"/usr/lib/elixir", [~c"Dbgi"]}],
    path <- Path.wildcard("#{folder}/**/*.beam") do
  {:ok, {_module, stripped}} =
    :beam_lib.strip(File.read!(path), [~c"Attr", ~c"CInf", ~c"ExCk" | kept])

  File.write!(path, :zlib.gunzip(stripped))
end

# A boot file that leaves Erlang's parser and interpreter to be loaded by who needs them.
[script] = Path.wildcard("/usr/lib/erlang/releases/*/no_dot_erlang.script")
{:ok, [{:script, release, steps}]} = :file.consult(script)

steps =
  for step <- steps do
    case step do
      {:primLoad, modules} -> {:primLoad, modules -- [:erl_eval, :erl_lint, :erl_parse]}
      other -> other
    end
  end

File.write!("/opt/elixir/start.boot", :erlang.term_to_binary({:script, release, steps}))

[runtime] = Path.wildcard("/usr/lib/erlang/erts-*")
File.ln_s!(runtime, "/opt/elixir/erts")
