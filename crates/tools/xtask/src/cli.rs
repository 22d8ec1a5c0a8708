//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Builds, boots and checks Samara.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = ENVIRONMENT)]
pub(crate) struct Cli {
    /// The command to run.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The last part of the output of `--help`.
const ENVIRONMENT: &str = "\
Environment:
  SAMARA_QEMU=PATH     use the qemu-system-x86_64 at PATH
  SAMARA_QEMU=private  unpack QEMU below target/ even if the system has one (Debian and its derivatives only)";

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Boot the reference kernel in QEMU and crash its disk and network drivers while they work
    ///
    /// Builds the kernel, makes a disk image of seeded pseudo-random data, and boots the kernel. The kernel
    /// reads and writes the disk through a driver that is crashed at seeded points and restarted each time.
    /// If the network part runs, the kernel also serves HTTP requests while its network driver is crashed.
    /// Then the command checks the image file. It prints a line that starts with "result:", and exits with 0
    /// only if every field of that line has the right value.
    Run(RunArgs),
    /// Run all tests: hosted ones, the kernel's own in QEMU, and the static checks on domains
    ///
    /// The last line on standard output is "N passed, N failed". Exits non-zero if a test failed.
    Test(TestArgs),
    /// Run all checks that must pass before a change is merged
    ///
    /// Checks the lock file, formatting, clippy, documentation, packaging, all tests, the six small targets,
    /// and the demo with both sets of drivers. Stops at the first failure. Otherwise prints how long each
    /// check took.
    Ci,
    /// Run unmodified Linux and iPXE on the model of the 82599
    ///
    /// Fetches QEMU, a kernel and tools from Debian's packages, and unpacks them below target/ without
    /// installing them. Prints one line for each verdict. Exits non-zero if a verdict is negative.
    TestEmulator,
    /// Build the minimal program for six targets without an operating system, and run it
    ///
    /// Programs for microcontrollers run in QEMU's system emulation, the others in its user emulation.
    /// Prints how much flash and RAM the program needs on a Cortex-M4.
    Targets,
    /// Put past holes of the core and of devices back, one at a time, and show which of them the tests find
    ///
    /// Works on a copy of the tracked files below target/. Prints a table with a row for each hole: which mode of the
    /// random machine finds it and how fast, and whether the hole's own test fails. A hole takes some minutes. Exits
    /// non-zero if a hole's own test passes with the hole, or if a hole cannot be put back.
    Holes(HolesArgs),
    /// Count the lines of code and the unsafe sites that a kernel trusts
    ///
    /// Prints the table of trusted crates (as in README.md), and the table of the parts that a kernel trusts
    /// for its devices (as in docs/design.md). Exits non-zero if a part has more lines than its limit.
    Trusted,
    /// Write the lists of tests and the counts of trusted lines into the documents that show them
    ///
    /// The doc comment of a test names the invariant that the test attacks, or the failure that it causes.
    /// A static check of cargo xtask test fails if a document is out of date.
    Documents,
    /// Run the hosted benchmarks
    Bench(BenchArgs),
}

/// Options for the virtual machine.
#[derive(Clone, Debug, Args)]
pub(crate) struct MachineArgs {
    /// QEMU's accelerator; tcg works everywhere, kvm needs access to /dev/kvm
    #[arg(long, value_enum, default_value_t = Accel::Tcg)]
    pub(crate) accel: Accel,

    /// Seconds after which the machine is stopped and the command fails
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) timeout: u64,
}

impl Default for MachineArgs {
    fn default() -> Self {
        MachineArgs {
            accel: Accel::Tcg,
            timeout: 300,
        }
    }
}

/// Options of `run`.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
    /// The seed of the disk's contents and of the points at which the drivers crash
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// How many times the disk driver is crashed
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) crashes: u64,

    /// The kinds of crashes; the kernel takes them in turn
    #[arg(long, value_enum, value_name = "KIND", value_delimiter = ',', default_values_t = FaultKind::ALL)]
    pub(crate) faults: Vec<FaultKind>,

    /// Which drivers are crashed: those of an NVMe disk and an 82599, or those of virtio-blk and virtio-net
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = Drivers::Native)]
    pub(crate) driver: Drivers,

    /// Whether to run the network part, in which a client fetches a body over the network device
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = NetworkChoice::Auto)]
    pub(crate) network: NetworkChoice,

    /// How many times the client fetches the body of 4 MiB
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) requests: u64,

    /// How many times the network driver is crashed during the network part
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) nic_crashes: u64,

    /// Size of the disk image in MiB; with --disk, the minimum size of the file
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1 << 16))]
    pub(crate) size: u64,

    /// Use a copy of this raw image instead of making an image; the file itself is only read
    #[arg(long, value_name = "PATH")]
    pub(crate) disk: Option<PathBuf>,

    /// Give the disk a defect, to see how the kernel reports it
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) break_disk: Option<BreakDisk>,

    /// Options for the virtual machine.
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
}

impl Default for RunArgs {
    fn default() -> Self {
        RunArgs {
            seed: 1,
            crashes: 20,
            faults: FaultKind::ALL.into(),
            driver: Drivers::Native,
            network: NetworkChoice::Auto,
            requests: 5,
            nic_crashes: 20,
            size: 64,
            disk: None,
            break_disk: None,
            machine: MachineArgs::default(),
        }
    }
}

/// Options of `test`.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct TestArgs {
    /// Options for the virtual machine.
    #[command(flatten)]
    pub(crate) machine: MachineArgs,

    /// Run only this part; may be repeated; without it all parts run
    #[arg(long = "only", value_enum, value_name = "PART")]
    pub(crate) only: Vec<TestPart>,

    /// Run only those tests of the kernel whose names contain this text
    #[arg(long, value_name = "TEXT", value_parser = one_word)]
    pub(crate) name: Option<String>,
}

/// Parses text that becomes part of the kernel's command line. The kernel splits its command line at spaces, so the
/// text must be one word.
fn one_word(text: &str) -> Result<String, String> {
    match text.split_whitespace().count() {
        1 => Ok(text.trim().into()),
        _ => Err("give one word without spaces: a part of a test's name".into()),
    }
}

/// The parts of `test`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum TestPart {
    /// Unit, integration, documentation and compile-fail tests on this machine
    Hosted,
    /// The core in loom, and random lives of domains and of devices against reference models
    Models,
    /// Instructions that calls, transfers and allocations take, compared with recorded counts
    Counts,
    /// The kernel's own tests in QEMU
    Kernel,
    /// CPU faults and panics that end the kernel, in QEMU
    Faults,
    /// The demo in QEMU with a disk that is missing, empty, read-only or slow
    Disks,
    /// Static checks on domains
    Checks,
}

/// Options of `holes`.
#[derive(Clone, Debug, Args)]
pub(crate) struct HolesArgs {
    /// Names of holes or of kinds of holes; without one, all holes
    ///
    /// A name is that of a file (without .hole) or of a folder below crates/testing/state-machine/holes or
    /// crates/testing/device-state-machine/holes.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,

    /// The suite that looks for the holes; may be repeated; without it all suites look
    #[arg(long = "suite", value_enum, value_name = "SUITE")]
    pub(crate) suite: Vec<HoleSuite>,

    /// Run only this mode of the machines (each test of a machine is a mode); may be repeated; without it all modes run
    #[arg(long = "mode", value_name = "MODE")]
    pub(crate) modes: Vec<String>,

    /// The longest time for which the machine looks for one hole
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: u64,

    /// How many steps each mode of the machine takes; without it as many as in CI
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) steps: Option<u64>,
}

/// The suites that look for a hole.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum HoleSuite {
    /// The random machine in all its modes; it looks for holes of the core
    Machine,
    /// The random driver in all its modes; it looks for holes of devices
    Devices,
    /// The test that the file of the hole names
    Tests,
}

/// Options of `bench`.
#[derive(Clone, Debug, Args)]
pub(crate) struct BenchArgs {
    /// Arguments for the benchmarks, for example a filter, or --save-baseline NAME
    #[arg(last = true, value_name = "ARGS")]
    pub(crate) args: Vec<String>,
}

/// QEMU's accelerators.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Accel {
    /// Emulation; works on any host and needs no privileges
    Tcg,
    /// Linux's hypervisor
    Kvm,
    /// macOS's hypervisor
    Hvf,
    /// Windows' hypervisor
    Whpx,
}

/// Whether to run the network part.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum NetworkChoice {
    /// Run it if a QEMU that can attach the device is available; otherwise report the reason and go on
    Auto,
    /// Run it; without such a QEMU the command fails
    On,
    /// Do not run it
    Off,
}

/// The kinds of crashes of a driver.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum FaultKind {
    /// A panic
    Panic,
    /// A fault of the processor: a wild access, a division by zero, an undefined instruction
    Fault,
    /// A stack overflow
    Overflow,
    /// A loop that never ends
    Hang,
    /// A panic in a destructor that runs because of another panic
    DoublePanic,
}

impl FaultKind {
    /// All kinds, in the order of their fields in the result line.
    pub(crate) const ALL: [Self; 5] = [
        Self::Panic,
        Self::Fault,
        Self::Overflow,
        Self::Hang,
        Self::DoublePanic,
    ];

    /// Returns the name of this kind. The options and the kernel's command line use the same name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Fault => "fault",
            Self::Overflow => "overflow",
            Self::Hang => "hang",
            Self::DoublePanic => "double-panic",
        }
    }

    /// Returns the names of `kinds`, separated by commas.
    pub(crate) fn list(kinds: &[Self]) -> String {
        kinds
            .iter()
            .map(|kind| kind.name())
            .collect::<Vec<_>>()
            .join(",")
    }
}

/// The devices of the machine. They determine which drivers the kernel uses in the demo.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Drivers {
    /// An NVMe disk, and our model of the 82599
    Native,
    /// QEMU's own virtio-blk and virtio-net
    Virtio,
}

/// The defects that `--break-disk` gives the disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum BreakDisk {
    /// No controller at all
    Absent,
    /// A controller without a namespace
    NoNamespace,
    /// A namespace that refuses writes
    ReadOnly,
    /// A sound disk that is limited to 100,000 bytes a second
    Slow,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Accel, Cli, Command, Drivers, FaultKind, NetworkChoice};

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn run_has_its_documented_defaults() {
        let cli = Cli::try_parse_from(["cargo xtask", "run"]).expect("run needs no options");
        let Command::Run(args) = cli.command else {
            panic!("parsed as {:?}", cli.command)
        };
        assert_eq!((args.seed, args.crashes, args.size), (1, 20, 64));
        assert_eq!(
            (args.machine.accel, args.machine.timeout),
            (Accel::Tcg, 300)
        );
        assert_eq!(args.faults, FaultKind::ALL);
        assert_eq!(args.network, NetworkChoice::Auto);
        assert_eq!(args.driver, Drivers::Native);
        assert_eq!((args.requests, args.nic_crashes), (5, 20));
        assert!(args.disk.is_none() && args.break_disk.is_none());
    }

    #[test]
    fn faults_are_named_with_commas_between() {
        let line = ["cargo xtask", "run", "--faults", "hang,double-panic"];
        let Ok(Command::Run(args)) = Cli::try_parse_from(line).map(|cli| cli.command) else {
            panic!("the line was not parsed as run")
        };
        assert_eq!(args.faults, [FaultKind::Hang, FaultKind::DoublePanic]);
        assert_eq!(FaultKind::list(&args.faults), "hang,double-panic");
    }

    #[test]
    fn wrong_flags_and_values_are_refused() {
        for line in [
            &["cargo xtask", "run", "--sise", "3"][..],
            &["cargo xtask", "run", "--size", "0"],
            &["cargo xtask", "run", "--size", "many"],
            &["cargo xtask", "run", "--accel", "warp"],
            &["cargo xtask", "run", "--timeout", "0"],
            &["cargo xtask", "run", "--requests", "0"],
            &["cargo xtask", "run", "--network", "maybe"],
            &["cargo xtask", "run", "--faults", "panics"],
            &["cargo xtask", "run", "image.raw"],
            &["cargo xtask"],
        ] {
            assert!(Cli::try_parse_from(line).is_err(), "{line:?} was accepted");
        }
    }

    #[test]
    fn bench_passes_its_arguments_on() {
        let cli = Cli::try_parse_from(["cargo xtask", "bench", "--", "call", "--quick"])
            .expect("the command line is valid");
        let Command::Bench(args) = cli.command else {
            panic!("parsed as {:?}", cli.command)
        };
        assert_eq!(args.args, ["call", "--quick"]);
    }
}
