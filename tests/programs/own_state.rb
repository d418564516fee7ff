# What a program can find out about its own process and interpreter, without what differs from start to start.
status = File.readlines("/proc/self/status").to_h { |line| line.split(":", 2) }
puts status.values_at("Uid", "Gid", "Groups", "Threads", "SigBlk", "SigIgn", "SigCgt", "CapPrm", "CapBnd", "NoNewPrivs",
                      "Seccomp", "Seccomp_filters", "Umask")
p Process.ppid, Process.getpgrp == $$, Process.getsid, Dir.pwd, ENV.to_h, ARGV, $0, __FILE__, $LOAD_PATH, $LOADED_FEATURES
p File.read("/proc/self/cmdline"), File.read("/proc/self/comm"), File.read("/proc/self/oom_score_adj")
p Process::RLIMIT_CPU, Process.constants.grep(/^RLIMIT_[A-Z]+$/).map { |name| Process.getrlimit(name) }
p Dir.children("/proc/self/fd").filter_map { |fd| File.readlink("/proc/self/fd/#{fd}")[/^[^\[]*/] rescue nil }.tally
p [$stdin, $stdout, $stderr].map { |io| [io.tty?, io.sync, io.external_encoding, io.fileno, io.closed?] }
p Encoding.default_external, Encoding.default_internal, $VERBOSE, $DEBUG, GC.disable, Thread.list.size, Thread.main == Thread.current
p Signal.list.keys.to_h { |name| [name, (trap(name, "DEFAULT") rescue $!.message)] }, ObjectSpace.count_objects.size
p Dir.children("."), Dir.children("/tmp"), Process.argv0, RUBY_DESCRIPTION, $PROGRAM_NAME, DATA.read, DATA.pos
__END__
behind the end
