//! Starts emulators and QEMU, and reads the lines that the guest prints.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use samara_provision::qemu::Qemu;

use crate::error::CheckError;

/// The longest time that a guest may take.
const LIMIT: Duration = Duration::from_secs(600);

/// The longest time that an emulator may take until its socket exists.
const START: Duration = Duration::from_secs(10);

/// The files and programs that all rounds use.
pub(crate) struct Setup {
    pub(crate) model: PathBuf,
    pub(crate) qemu: Qemu,
    pub(crate) kernel: PathBuf,
    pub(crate) image: PathBuf,
    pub(crate) ipxe: PathBuf,
    /// The directory for sockets and logs.
    pub(crate) run: PathBuf,
}

/// A process that is killed when this value is dropped.
pub(crate) struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // The kill fails if the process has already ended, which is no error.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Setup {
    /// Returns the path of the socket of this name.
    pub(crate) fn socket(&self, name: &str) -> PathBuf {
        self.run.join(name)
    }

    /// Starts an emulator and waits until it listens.
    pub(crate) fn model(&self, name: &str, arguments: &[&str]) -> Result<Process, CheckError> {
        let socket = self.socket(name);
        let log = self.run.join(format!("{name}.log"));
        let log_file =
            std::fs::File::create(&log).map_err(|error| CheckError::io("write", &log, error))?;
        let _ = std::fs::remove_file(&socket);
        let child = Command::new(&self.model)
            .arg("--socket")
            .arg(&socket)
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(log_file)
            .spawn()
            .map_err(|error| CheckError::io("start", &self.model, error))?;
        let process = Process(child);
        let start = Instant::now();
        while !socket.exists() {
            if start.elapsed() > START {
                let problem = format!("the emulator does not listen; see {}", log.display());
                return Err(CheckError::Program(problem));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(process)
    }

    /// Returns how often the VMM has reset an emulator.
    pub(crate) fn resets(&self, name: &str) -> Result<usize, CheckError> {
        let log = self.run.join(format!("{name}.log"));
        let text =
            std::fs::read_to_string(&log).map_err(|error| CheckError::io("read", &log, error))?;
        Ok(text.matches("the VMM resets the device").count())
    }

    /// Boots Linux with these emulators attached. The channel that is returned gives the lines that Linux prints.
    pub(crate) fn guest(
        &self,
        round: &str,
        models: &[&str],
        arguments: &[String],
    ) -> Result<(Process, Receiver<String>), CheckError> {
        let initrd = ["-initrd".to_owned(), text(&self.image)];
        let append = format!("console=ttyS0 panic=-1 net.ifnames=0 quiet round={round}");
        self.boot(
            &self.kernel,
            &append,
            models,
            &[&initrd, arguments].concat(),
        )
    }

    /// Boots a kernel with these emulators attached. The channel that is returned gives the lines that the kernel
    /// prints.
    pub(crate) fn boot(
        &self,
        kernel: &Path,
        append: &str,
        models: &[&str],
        arguments: &[String],
    ) -> Result<(Process, Receiver<String>), CheckError> {
        let mut command = self.qemu.command();
        command
            .args(["-M", "q35,memory-backend=m,graphics=off"])
            .args(["-m", "512M", "-smp", "2"])
            .args(["-object", "memory-backend-memfd,id=m,size=512M,share=on"])
            .args(["-accel", "tcg,thread=multi", "-cpu", "max", "-nodefaults"])
            .args(["-display", "none", "-no-reboot", "-serial", "stdio"])
            .arg("-kernel")
            .arg(kernel)
            .args(["-append", append]);
        for model in models {
            let path = self.socket(model);
            command.arg("-device").arg(format!(
                r#"{{"driver":"vfio-user-pci","socket":{{"path":"{}","type":"unix"}}}}"#,
                path.display()
            ));
        }
        let log = self.run.join("qemu.log");
        let log_file =
            std::fs::File::create(&log).map_err(|error| CheckError::io("write", &log, error))?;
        let mut child = command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .spawn()
            .map_err(|error| CheckError::io("start", "QEMU", error))?;
        let (sender, receiver) = channel();
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                    if sender.send(plain(&String::from_utf8_lossy(&line))).is_err() {
                        break;
                    }
                }
            });
        }
        Ok((Process(child), receiver))
    }
}

/// Reads the guest's verdicts until the guest is done, and returns how many failed. If verdicts are lost, or there
/// are none, this counts as one more failure.
pub(crate) fn verdicts(round: &str, lines: &Receiver<String>) -> usize {
    let deadline = Instant::now() + LIMIT;
    let (mut passed, mut failed) = (0, 0);
    let expected = loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match lines.recv_timeout(left) {
            Ok(line) => match (line.strip_prefix("CHECK "), line.strip_prefix("DONE ")) {
                (_, Some(count)) => break count.parse().unwrap_or(0),
                (Some(verdict), None) => {
                    println!("{round}: {verdict}");
                    if verdict.ends_with(" ok") {
                        passed += 1;
                    } else {
                        failed += 1;
                    }
                }
                (None, None) => println!("{round}  | {line}"),
            },
            Err(RecvTimeoutError::Timeout) => {
                println!("{round}: not done after {} s FAILED", LIMIT.as_secs());
                return failed + 1;
            }
            Err(RecvTimeoutError::Disconnected) => {
                println!("{round}: the guest ended early FAILED");
                return failed + 1;
            }
        }
    };
    println!("{round}: {passed} passed, {failed} failed");
    if expected != passed + failed || expected == 0 {
        println!("{round}: verdicts were lost on the way FAILED");
        failed += 1;
    }
    failed
}

/// Removes terminal escape sequences from a line.
fn plain(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c.is_ascii_alphabetic());
        text.push_str(end.map_or("", |end| &part[end + 1..]));
    }
    text.trim_end().to_owned()
}

/// Returns a path as text, for a program's argument.
pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}
