//! What a program may not have more of: time, memory, output, processes, network.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::json;
use support::Server;

/// Runs all programs at the same time and gives the replies in order.
fn execute_all(server: &Server, programs: &[(&str, &str)]) -> Vec<serde_json::Value> {
    std::thread::scope(|scope| {
        let runs: Vec<_> = programs
            .iter()
            .map(|(language, code)| scope.spawn(move || server.execute(language, code, "")))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    })
}

#[test]
fn an_endless_loop_is_a_time_limit_with_the_output_so_far() {
    let server = Server::start(&[]);
    let replies = execute_all(
        &server,
        &[
            ("python", "print('so far', flush=True)\nwhile True: pass"),
            ("javascript", "console.log('so far'); for (;;);"),
            (
                "c",
                "#include <stdio.h>\nint main() { puts(\"so far\"); fflush(stdout); volatile int x = 1; while (x); }",
            ),
            (
                "cpp",
                "#include <iostream>\nint main() { std::cout << \"so far\" << std::endl; volatile int x = 1; while (x); }",
            ),
        ],
    );
    for reply in replies {
        assert_eq!(
            (&reply["status"], &reply["output"]),
            (&"time-limit".into(), &"so far\n".into()),
            "{reply}"
        );
        assert!(reply["time"].as_f64().unwrap() > 5.0 || reply["cpuTime"].as_f64().unwrap() > 5.0);
        assert_eq!(reply["signal"], "SIGKILL");
    }
}

#[test]
fn a_program_that_waits_is_stopped_by_the_wall_clock() {
    let reply = Server::start(&[]).execute("python", "import time\ntime.sleep(60)", "");
    assert_eq!((&reply["status"], &reply["timeLimit"]), (&"time-limit".into(), &"wall".into()), "{reply}");
    assert!(reply["cpuTime"].as_f64().unwrap() < 5.0);
}

#[test]
fn three_hundred_megabytes_are_a_memory_limit() {
    let server = Server::start(&[]);
    let c = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n\
             int main() { volatile char *p = malloc(300 << 20); for (long i = 0; i < 300 << 20; i++) p[i] = 1; puts(\"x\"); }";
    let replies = execute_all(
        &server,
        &[
            ("python", "x = bytearray(300 << 20)\nprint(len(x))"),
            ("javascript", "console.log(Buffer.alloc(300 << 20, 1).length)"),
            ("c", c),
            (
                "cpp",
                "#include <vector>\n#include <iostream>\nint main() { std::vector<char> v(300 << 20, 1); std::cout << int(v[9]); }",
            ),
        ],
    );
    for reply in replies {
        assert_eq!((&reply["status"], &reply["stdout"]), (&"memory-limit".into(), &"".into()), "{reply}");
    }
}

#[test]
fn an_exit_code_of_137_is_no_memory_limit() {
    let server = Server::start(&[]);
    let reply = server.execute("python", "import sys\nsys.exit(137)", "");
    assert_eq!((&reply["status"], &reply["exitCode"]), (&"runtime-error".into(), &137.into()));
    let reply = server.execute("python", "import os\nos.kill(os.getpid(), 9)", "");
    assert_eq!((&reply["status"], &reply["signal"]), (&"signaled".into(), &"SIGKILL".into()));
}

#[test]
fn a_full_disk_is_the_programs_own_problem() {
    let code = "
for path in '/box/fill', '/tmp/fill', '/dev/shm/fill':
    try:
        with open(path, 'wb') as file:
            while True: file.write(bytes(1 << 20))
    except OSError as error:
        print(error.errno in (27, 28))";
    let reply = Server::start(&[]).execute("python", code, "");
    assert_eq!(
        (&reply["status"], &reply["stdout"]),
        (&"success".into(), &"True\nTrue\nTrue\n".into()),
        "{reply}"
    );
}

#[test]
fn a_flood_is_cut_and_flagged() {
    let server = Server::start(&[]);
    let replies = execute_all(
        &server,
        &[
            ("python", "import subprocess\nsubprocess.run(['yes'])"),
            ("python", "import sys\nwhile True: sys.stderr.write('y\\n' * 1000)"),
            ("javascript", "const s = 'y\\n'.repeat(10000); const f = () => process.stdout.write(s, f); f()"),
            ("c", "#include <stdio.h>\nint main() { for (;;) puts(\"y\"); }"),
            ("cpp", "#include <iostream>\nint main() { for (;;) std::cout << \"y\\n\"; }"),
        ],
    );
    for reply in replies {
        assert_eq!((&reply["status"], &reply["truncated"]), (&"output-limit".into(), &true.into()));
        assert_eq!(reply["output"].as_str().unwrap(), "y\n".repeat(1 << 19), "1 MiB is kept");
    }
}

#[test]
fn a_fork_bomb_ends_and_the_next_request_works() {
    let server = Server::start(&["--max-concurrent-executions", "1"]);
    let bomb = server.execute("c", "#include <unistd.h>\nint main() { for (;;) fork(); }", "");
    assert_eq!(bomb["status"], "time-limit", "{bomb}");
    // Children that do nothing: many that do something could reach the memory limit first.
    let many = "#include <unistd.h>\nint main() { for (int i = 0; i < 100; i++) switch (fork()) { case 0: pause(); case -1: return 3; } }";
    let refused = server.execute("c", many, "");
    assert_eq!((&refused["status"], &refused["exitCode"]), (&"process-limit".into(), &3.into()), "{refused}");
    assert_eq!(server.execute("python", "print('alive')", "")["output"], "alive\n");
}

#[test]
fn there_is_no_network() {
    let server = Server::start(&[]);
    let code = "
import socket
for family, address in (socket.AF_INET, ('192.0.2.1', 53)), (socket.AF_INET6, ('2001:db8::1', 53)):
    with socket.socket(family) as s:
        s.settimeout(2)
        print(s.connect_ex(address))
try:
    socket.getaddrinfo('example.com', 80)
except OSError as error:
    print('no name')
print([name for _, name in socket.if_nameindex()])";
    let reply = server.execute("python", code, "");
    // ENETUNREACH for both, no name service, nothing but the loopback.
    assert_eq!(reply["stdout"], "101\n101\nno name\n['lo']\n", "{reply}");
}

#[test]
fn what_is_not_text_is_marked_and_text_comes_through() {
    let server = Server::start(&[]);
    let code = "import sys\nsys.stdout.buffer.write('é☃🦀'.encode() + b'\\xff')";
    assert_eq!(server.execute("python", code, "")["stdout"], "é☃🦀\u{fffd}");
    let echo = "import sys\nprint(sys.stdin.read(), end='')";
    let text = "é☃🦀\n".repeat(20_000);
    assert_eq!(server.execute("python", echo, &text)["stdout"], text);
}

/// Where there are no worlds: tests/without_worlds.rs.
#[test]
fn a_program_has_exactly_as_many_processes_as_it_may() {
    let server = Server::start(&[]);
    for processes in [1, 2, 7, 64] {
        let code = include_str!("programs/count_processes.py");
        let limits = json!({ "processes": processes });
        let reply =
            server.post("/execute", &json!({ "language": "python", "code": code, "limits": limits })).body;
        assert_eq!(reply["stdout"], format!("{processes}\n"), "{reply}");
    }
}
