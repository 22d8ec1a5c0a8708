//! A program that runs within a time limit.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::ProcessError;
use crate::{lines, tree};

/// The time between two checks of a child that prints nothing.
const POLL: Duration = Duration::from_millis(20);

/// The time for which grandchildren may still print after the child itself has ended.
const GRACE: Duration = Duration::from_secs(2);

/// A program to be run, with a name for messages and a limit on its wall-clock time.
#[derive(Debug)]
pub struct Job {
    what: String,
    command: Command,
    limit: Duration,
}

impl Job {
    /// Makes a job. `what` is the job's name in messages, such as "`what` failed".
    pub fn new(what: impl Into<String>, command: Command, limit: Duration) -> Self {
        Job {
            what: what.into(),
            command,
            limit,
        }
    }

    /// Runs the program with this process's output and error streams. Any status but success is an error.
    pub fn run(mut self) -> Result<(), ProcessError> {
        let mut child = self.start()?;
        let status = child.wait_until(Instant::now() + self.limit);
        self.check(status)
    }

    /// Runs the program and gives each line of its standard output to `each`, without its line end.
    ///
    /// A line of more than 64 KiB comes in several pieces. Invalid UTF-8 is replaced.
    ///
    /// # Errors
    /// If the program could not be started or did not end in time. A status of failure is no error here: the caller
    /// judges the returned status.
    pub fn stream(self, each: impl FnMut(&str)) -> Result<ExitStatus, ProcessError> {
        self.pump(lines::LONGEST, each)
    }

    /// Starts the program and lets it run until the returned handle is dropped. The limit has no effect.
    pub fn background(mut self) -> Result<Background, ProcessError> {
        self.start().map(Background)
    }

    /// Runs the program and returns its standard output. Any status but success is an error.
    pub fn capture(self) -> Result<String, ProcessError> {
        let what = self.what.clone();
        let mut output = String::new();
        let status = self.pump(u64::MAX, |line| {
            output.push_str(line);
            output.push('\n');
        })?;
        if status.success() {
            Ok(output)
        } else {
            Err(ProcessError::Failed { what, status })
        }
    }

    fn pump(
        mut self,
        longest: u64,
        mut each: impl FnMut(&str),
    ) -> Result<ExitStatus, ProcessError> {
        self.command.stdout(Stdio::piped());
        let mut child = self.start()?;
        let deadline = Instant::now() + self.limit;
        if let Some(output) = child.0.stdout.take() {
            let lines = lines::spawn_reader(output, longest);
            let mut end = deadline;
            loop {
                match lines.recv_timeout(POLL.min(end.saturating_duration_since(Instant::now()))) {
                    Ok(line) => each(&line),
                    Err(error) if error.is_closed() => break,
                    Err(_) => {}
                }
                if Instant::now() >= end {
                    // The child is stopped while this end of the pipe is still open. If the pipe were closed first,
                    // the broken pipe could end the child, and the child would seem to have ended in time.
                    if end == deadline {
                        child.wait_until(deadline);
                        return self.status(None);
                    }
                    break;
                }
                if end == deadline && matches!(child.0.try_wait(), Ok(Some(_))) {
                    end = deadline.min(Instant::now() + GRACE);
                }
            }
        }
        let status = child.wait_until(deadline);
        self.status(status)
    }

    fn start(&mut self) -> Result<Guard, ProcessError> {
        // A child that waited for an answer from the terminal would hang.
        self.command.stdin(Stdio::null());
        match self.command.spawn() {
            Ok(child) => Ok(Guard(child)),
            Err(source) => Err(ProcessError::Start {
                program: self.command.get_program().to_string_lossy().into_owned(),
                source,
            }),
        }
    }

    fn status(self, status: Option<ExitStatus>) -> Result<ExitStatus, ProcessError> {
        status.ok_or(ProcessError::TimedOut {
            what: self.what,
            limit: self.limit,
        })
    }

    fn check(self, status: Option<ExitStatus>) -> Result<(), ProcessError> {
        let what = self.what.clone();
        let status = self.status(status)?;
        if status.success() {
            Ok(())
        } else {
            Err(ProcessError::Failed { what, status })
        }
    }
}

/// A handle of a program in the background. The program is stopped when the handle is dropped.
#[derive(Debug)]
pub struct Background(#[expect(dead_code, reason = "held for its drop")] Guard);

/// A child process. If the child still runs when the guard is dropped, it is stopped with all its descendants.
#[derive(Debug)]
struct Guard(Child);

impl Guard {
    /// Waits for the child and returns its status. Stops the child at `deadline` and then returns `None`.
    fn wait_until(&mut self, deadline: Instant) -> Option<ExitStatus> {
        loop {
            if let Ok(Some(status)) = self.0.try_wait() {
                return Some(status);
            }
            if Instant::now() >= deadline {
                self.stop();
                return None;
            }
            thread::sleep(POLL);
        }
    }

    fn stop(&mut self) {
        tree::kill_descendants(self.0.id());
        // The results are ignored: the calls fail only if the child has already ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::{Job, POLL};
    use crate::error::ProcessError;

    fn shell(script: &str, limit: Duration) -> Job {
        let mut command = Command::new("sh");
        command.arg("-c").arg(script);
        Job::new("the script", command, limit)
    }

    #[test]
    fn lines_arrive_and_the_status_is_kept() {
        let mut seen = Vec::new();
        let script = "printf 'one\\r\\ntwo\\n\\nfour'; exit 33";
        let status =
            shell(script, Duration::from_secs(20)).stream(|line| seen.push(line.to_owned()));
        assert_eq!(status.expect("it ends").code(), Some(33));
        assert_eq!(seen, ["one", "two", "", "four"]);
    }

    #[test]
    fn a_hang_is_stopped_with_its_children() {
        let start = Instant::now();
        let mut seen = Vec::new();
        // If only the shell were killed, the grandchild would live on and keep the pipe open.
        let job = shell(
            "echo begun; sleep 600 & echo $!; wait",
            Duration::from_millis(500),
        );
        let result = job.stream(|line| seen.push(line.to_owned()));
        assert!(
            matches!(result, Err(ProcessError::TimedOut { .. })),
            "{result:?}"
        );
        assert!(start.elapsed() < Duration::from_secs(20));
        assert_eq!(seen[0], "begun");
        // A killed process takes a moment to disappear.
        let gone = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", seen[1]));
            stat.map_or(true, |stat| stat.contains(") Z "))
        };
        while !gone() {
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "the grandchild still runs"
            );
            thread::sleep(POLL);
        }
    }

    #[test]
    fn endless_output_is_stopped_too() {
        let start = Instant::now();
        let mut count = 0_u64;
        let result =
            shell("while :; do echo x; done", Duration::from_millis(300)).stream(|_| count += 1);
        assert!(
            matches!(result, Err(ProcessError::TimedOut { .. })),
            "{result:?}"
        );
        assert!(count > 0 && start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_grandchild_does_not_delay_the_end() {
        let start = Instant::now();
        let status = shell("sleep 30 & echo done", Duration::from_secs(25)).stream(|_| ());
        assert!(status.expect("the shell ended").success());
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn failures_and_missing_programs_are_told_apart() {
        let failed = shell("exit 3", Duration::from_secs(20)).run();
        assert!(
            matches!(failed, Err(ProcessError::Failed { .. })),
            "{failed:?}"
        );
        let missing = Job::new(
            "it",
            Command::new("no-such-program-here"),
            Duration::from_secs(1),
        )
        .run();
        let message = missing.expect_err("it does not exist").to_string();
        assert!(message.contains("no-such-program-here"), "{message}");
        assert_eq!(
            shell("echo hello", Duration::from_secs(20))
                .capture()
                .expect("works"),
            "hello\n"
        );
    }
}
