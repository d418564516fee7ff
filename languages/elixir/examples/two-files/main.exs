Code.require_file("helper.exs", __DIR__)

IO.puts(Helper.message())
