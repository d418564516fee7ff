//! A shell in a running container.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::support::docker;

/// A shell in a running container of a language's image: what it is told is only what it does, without a call of the engine.
pub struct Shell {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    name: String,
}

impl Shell {
    pub fn start(language: &str) -> Self {
        let name = format!("dayfly-bench-{language}-{}", uuid::Uuid::new_v4());
        let image = format!("code-execution-{language}:latest");
        let mut child = Command::new("docker")
            .args(["run", "--rm", "-i", "--network=none", "--tmpfs=/tmp:exec", "--workdir=/tmp"])
            .args(["--log-driver=none", "--name", &name, &image, "sh"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, stdin, stdout, name }
    }

    pub fn write(&mut self, file: &str, text: &str) {
        self.run(&format!("cat > {file} <<'end of file'\n{text}\nend of file"));
    }

    /// What a command prints.
    pub fn run(&mut self, command: &str) -> String {
        self.stdin.write_all(format!("{command}\necho end of command\n").as_bytes()).unwrap();
        let mut output = String::new();
        loop {
            let start = output.len();
            assert!(self.stdout.read_line(&mut output).unwrap() > 0, "the shell has ended: {output}");
            if &output[start..] == "end of command\n" {
                output.truncate(start);
                return output;
            }
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        docker(&["rm", "-f", &self.name]);
        let _ = self.child.wait();
    }
}
