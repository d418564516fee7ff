//! A first program over REST that finds its sandbox waiting, beside what a person would type in a running container.

use std::time::Duration;

use crate::shell::Shell;
use crate::support::Server;
use crate::support::metrics::Metrics;
use crate::table::{Aim, Table, timed};

pub struct Hello {
    pub language: &'static str,
    file: &'static str,
    pub code: &'static str,
    bare: &'static str,
    pub rounds: usize,
    aim: f64,
}

pub const HELLOS: [Hello; 6] = [
    Hello {
        language: "python",
        file: "main.py",
        code: "print('hello')",
        bare: "python3 main.py",
        rounds: 100,
        aim: 0.6,
    },
    Hello {
        language: "javascript",
        file: "main.js",
        code: "console.log('hello')",
        bare: "node main.js",
        rounds: 100,
        aim: 0.25,
    },
    Hello {
        language: "ruby",
        file: "main.rb",
        code: "puts 'hello'",
        bare: "ruby main.rb",
        rounds: 100,
        aim: 0.6,
    },
    Hello {
        language: "php",
        file: "main.php",
        code: "<?php echo \"hello\\n\";",
        bare: "php main.php",
        rounds: 100,
        aim: 0.8,
    },
    Hello {
        language: "java",
        file: "Main.java",
        code: "public class Main { public static void main(String[] a) { System.out.println(\"hello\"); } }",
        bare: "java -m jdk.compiler/com.sun.tools.javac.Main Main.java && java Main",
        rounds: 30,
        aim: 0.15,
    },
    Hello {
        language: "cpp",
        file: "main.cpp",
        code: "#include <iostream>\nint main() { std::cout << \"hello\\n\"; }",
        bare: "g++ main.cpp && ./a.out",
        rounds: 30,
        aim: 0.5,
    },
];

pub fn measure(table: &mut Table) {
    for hello in HELLOS {
        let (ours, theirs) = hello.times();
        let name = format!("{} over REST, parked", hello.language);
        table.times(&name, &ours, &format!("`{}`", hello.bare), &theirs, Aim::AtMost(hello.aim));
    }
}

impl Hello {
    fn times(&self) -> (Vec<Duration>, Vec<Duration>) {
        let &Self { language, code, .. } = self;
        let server = Server::start(&["--pool-memory=512MiB", "--pool-most=1"]);
        let mut shell = Shell::start(language);
        shell.write(self.file, code);
        let ours = || timed(|| assert_eq!(server.execute(language, code, "")["output"], "hello\n"));
        let mut theirs = || timed(|| assert_eq!(shell.run(self.bare), "hello\n"));
        // The first of each fills caches.
        ours();
        theirs();
        let mut times = (Vec::new(), Vec::new());
        for _ in 0..self.rounds {
            // Nothing else goes on then: the next sandbox is there.
            wait_for_a_sandbox(&server, language);
            times.1.push(theirs());
            times.0.push(ours());
        }
        times
    }
}

/// Returns when the pool has a sandbox again, and so does nothing.
pub fn wait_for_a_sandbox(server: &Server, language: &str) {
    let waits = format!("dayfly_pool_sandboxes{{language=\"{language}\"}}");
    while Metrics::of(server).get(&waits) < 1.0 {
        std::thread::sleep(Duration::from_millis(20));
    }
}
